"""Assistants look things up in the archive through the Model Context Protocol (issue 18, item 5)."""
