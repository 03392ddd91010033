"""Translations: the `.po` catalogues under `bot/locale`, read once, as `Translate`s."""

from collections.abc import Sequence
from functools import cache
from importlib import resources

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.core.domain.i18n import ENGLISH, Translate

_LOCALES = ("ko",)


class _Translated:
    """One language's catalogue; what it lacks is said in English."""

    def __init__(self, catalog: Catalog, locale: str) -> None:
        self.locale = locale
        self._messages: dict[str, str] = {}
        for message in catalog:
            # A message with a plural holds tuples; Korean has one form for every number.
            singular, text = _first(message.id), _first(message.string)
            if singular and text:
                self._messages[singular] = text

    def __call__(self, message: str, /, **values: object) -> str:
        text = self._messages.get(message, message)
        return text.format(**values) if values else text

    def count(self, one: str, many: str, n: int, /, **values: object) -> str:
        if one not in self._messages:
            return ENGLISH.count(one, many, n, **values)
        return self(one, n=n, **values)


def _first(forms: str | Sequence[str] | None) -> str:
    return forms if isinstance(forms, str) else (forms or ("",))[0]


@cache
def _read(locale: str) -> _Translated:
    path = resources.files("bot") / "locale" / locale / "LC_MESSAGES" / "paperbot.po"
    with path.open("rb") as file:
        return _Translated(read_po(file, locale=locale), locale)


class Catalogues:
    """Every language the bot speaks."""

    def __init__(self) -> None:
        self._says: dict[str, Translate] = {"en": ENGLISH} | {
            each: _read(each) for each in _LOCALES
        }

    def __call__(self, locale: str) -> Translate:
        """The voice for a platform's locale (`ko`, `ko-KR`, `en-US`); English where unknown."""
        return self._says.get(locale.replace("_", "-").partition("-")[0].casefold(), ENGLISH)
