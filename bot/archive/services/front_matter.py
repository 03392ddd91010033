"""Reads the fields of front matter. PyYAML is imported only for a text that has some."""

from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.markup import front_matter
from bot.archive.domain.markup.metadata import Field
from bot.archive.domain.markup.visible import with_line_feeds
from bot.core.domain.i18n import worded


def read(text: str, path: str) -> tuple[tuple[Field, ...], tuple[Problem, ...]]:
    """The fields of the front matter of a text, and problems, as `yaml_fields.read` gives them."""
    found = front_matter.find(with_line_feeds(text))
    if found is None:
        return (), ()
    if found.mark == front_matter.TOML_MARK:
        message = worded(
            "the front matter is TOML and was ignored: write it as YAML between lines of ---"
        )
        return (), (Problem(path, found.line - 1, Severity.WARNING, message),)
    from bot.archive.services import yaml_fields  # noqa: PLC0415 - as the module says

    return yaml_fields.read(found, path)
