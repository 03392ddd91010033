"""The tables of entries, papers, sources, tags, and the search index."""
