"""The archive as a folder of pages that any web server can serve (issue 18, item 1)."""
