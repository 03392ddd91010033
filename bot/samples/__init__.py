"""A few entries for the demo: the papers are real, every sentence was written for this project."""

from importlib import resources

PATH = "entries.txt"


def page() -> str:
    """The bundled digest page: several days, newest first."""
    return (resources.files(__name__) / PATH).read_text(encoding="utf-8")
