"""Polling: daily batches, refreshed records, title searches, candidates."""
