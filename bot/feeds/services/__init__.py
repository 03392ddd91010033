"""Reads the entries of a feed."""
