"""Reads what feeds need to know of entries."""
