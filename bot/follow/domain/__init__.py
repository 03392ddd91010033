"""Follows, what counts as news of them, and how both read."""
