"""Rows of the review of digests."""
