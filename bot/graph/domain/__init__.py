"""Decisions about the graph, without a database."""
