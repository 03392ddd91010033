"""The composition root: every part is built and wired here."""
