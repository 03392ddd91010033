"""Text to entries and back, one module a format."""
