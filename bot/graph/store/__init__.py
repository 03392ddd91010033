"""The edges of the graph, read from the archive."""
