"""Making recaps, and planning them for channels."""
