"""Which language of a commentary a reader sees first."""

from bot.archive.domain.entry import Entry, Language
from bot.core.domain.i18n import Translate


def commentary_parts(entry: Entry, say: Translate) -> list[tuple[Language, tuple[str, ...]]]:
    """The commentary by language, the reader's language first."""
    return [
        (language, entry.paragraphs(language))
        for language in languages_of(say)
        if entry.paragraphs(language)
    ]


def languages_of(say: Translate) -> tuple[Language, ...]:
    """The languages of commentary, the reader's first."""
    return tuple(sorted(Language, key=lambda language: language != say.locale))
