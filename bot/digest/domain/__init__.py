"""Choosing and presenting a digest: standard library only."""
