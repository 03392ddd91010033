"""The look-up language and the search behind it."""
