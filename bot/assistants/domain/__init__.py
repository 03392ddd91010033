"""What an answer to an assistant looks like, and how large it may be."""
