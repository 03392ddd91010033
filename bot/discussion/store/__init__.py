"""The tables of replies, and everything around one entry."""
