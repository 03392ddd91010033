"""The rows that a recap is counted from."""
