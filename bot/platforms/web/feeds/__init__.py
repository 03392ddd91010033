"""Feeds of the archive."""
