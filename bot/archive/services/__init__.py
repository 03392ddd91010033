"""Import, export, and the watched vault."""
