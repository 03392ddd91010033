"""Storing reactions, and counting them."""
