"""Parsers and writers: one module for each format of entries."""
