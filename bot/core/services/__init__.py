"""Leases, key-value pairs and processed events over an open database."""
