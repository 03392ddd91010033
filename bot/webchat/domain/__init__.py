"""Channels and messages of the web chat as values."""
