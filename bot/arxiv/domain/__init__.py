"""arXiv's announcements, batches and categories as values: standard library only."""
