"""The tables of the web chat's channels and messages."""
