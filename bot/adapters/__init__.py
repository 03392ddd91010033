"""The edges: each implements a port, none knows another."""
