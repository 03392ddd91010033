"""Group paragraphs by language."""

from collections.abc import Iterable

from bot.archive.domain.entry import Commentary, Language


def by_language(paragraphs: Iterable[str], languages: Iterable[Language]) -> tuple[Commentary, ...]:
    """One commentary for each language, in order of first appearance."""
    written: dict[Language, list[str]] = {}
    for language, text in zip(languages, paragraphs, strict=True):
        written.setdefault(language, []).append(text)
    return tuple(Commentary(language, tuple(texts)) for language, texts in written.items())
