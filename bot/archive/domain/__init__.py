"""Entries, papers and the text of notes as values: standard library only."""
