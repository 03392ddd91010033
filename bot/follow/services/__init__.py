"""Following, ending it, and planning the direct messages."""
