"""Use cases of the form of a note."""
