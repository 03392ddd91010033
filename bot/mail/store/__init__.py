"""Addresses and messages handed over, as rows."""
