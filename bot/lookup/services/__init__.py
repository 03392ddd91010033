"""Look-ups and autocompletion."""
