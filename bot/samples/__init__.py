"""A few entries for the demo: the papers are real, every sentence was written for this project."""

from pathlib import Path

PAGE = Path(__file__).with_name("entries.txt")
"""The bundled digest page: several days, newest first."""
