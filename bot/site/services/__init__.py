"""Reads the archive, and writes the folder."""
