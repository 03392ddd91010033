"""Entries: the papers that the curator wrote about, how they are read, kept and exported."""
