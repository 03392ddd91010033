"""Translations: the compiled catalogues (`.mo`) under `bot/locale`, read when first used, as `Translate`s.

`make words` compiles them from the `.po` files beside them.
"""

from functools import cache
from gettext import GNUTranslations
from importlib import resources

from bot.core.domain.i18n import ENGLISH, Translate

_LOCALES = ("ko",)


class _Translated:
    """One language's catalogue; what it lacks is said in English."""

    def __init__(self, catalogue: GNUTranslations, locale: str) -> None:
        self.locale = locale
        self._catalogue = catalogue

    def __call__(self, message: str, /, **values: object) -> str:
        # The catalogue's head is what it says to "".
        text = self._catalogue.gettext(message) if message else ""
        return text.format(**values) if values else text

    def count(self, one: str, many: str, n: int, /, **values: object) -> str:
        return self._catalogue.ngettext(one, many, n).format(n=n, **values)


@cache
def _read(locale: str) -> _Translated:
    path = resources.files("bot") / "locale" / locale / "LC_MESSAGES" / "paperbot.mo"
    with path.open("rb") as file:
        return _Translated(GNUTranslations(file), locale)


class Catalogues:
    """Every language the bot speaks."""

    def __call__(self, locale: str) -> Translate:
        """The voice for a platform's locale (`ko`, `ko-KR`, `en-US`); English where unknown."""
        language = locale.replace("_", "-").partition("-")[0].casefold()
        return _read(language) if language in _LOCALES else ENGLISH
