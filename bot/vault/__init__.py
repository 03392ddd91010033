"""The curator's folder of notes: watched, imported, and written into."""
