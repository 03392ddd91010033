"""Paragraphs → what was written in each language."""

from collections.abc import Iterable

from bot.archive.domain.entry import Commentary, Language


def by_language(paragraphs: Iterable[str], languages: Iterable[Language]) -> tuple[Commentary, ...]:
    """One commentary a language, in the order in which the languages first appear."""
    written: dict[Language, list[str]] = {}
    for language, text in zip(languages, paragraphs, strict=True):
        written.setdefault(language, []).append(text)
    return tuple(Commentary(language, tuple(texts)) for language, texts in written.items())
