"""The table of drafts."""
