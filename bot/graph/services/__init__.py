"""What pages show of the graph."""
