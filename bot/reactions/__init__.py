"""What people like: reactions to papers and “Not for us”."""
