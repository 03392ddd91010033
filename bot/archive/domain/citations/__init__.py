"""Bibliographies: a paper as BibTeX, CSL-JSON and RIS."""
