"""Translation: messages are written once, in English; a `Translate` gives them in a language.

A message is a `str.format` template and the key of its translation (gettext). Functions that
make text take one; the catalogues are loaded at the edge (`bot.core.catalogue`).
"""

from collections.abc import Mapping
from typing import Protocol

from bot.core.domain.errors import ProblemsError, UserError


class Translate(Protocol):
    """Translates messages into one language and fills them in."""

    @property
    def locale(self) -> str:
        """`en` or `ko`."""
        ...

    def __call__(self, message: str, /, **values: object) -> str:
        """The message in this language, filled in."""
        ...

    def count(self, one: str, many: str, n: int, /, **values: object) -> str:
        """`one` or `many` by this language's plural rule; `{n}` is filled with `n`."""
        ...

    def __hash__(self) -> int:
        """One of a language is not another: what is said in a language may be kept by it."""
        ...


class English:
    """The messages as they are written."""

    locale = "en"

    def __call__(self, message: str, /, **values: object) -> str:
        """The message, filled in."""
        return message.format(**values) if values else message

    def count(self, one: str, many: str, n: int, /, **values: object) -> str:
        """`one` for 1, else `many`."""
        return self(one if n == 1 else many, n=n, **values)


ENGLISH = English()


def error_text(error: UserError, say: Translate) -> str:
    """An error's text in a language; a platform's reason in it is translated too.

    Several problems are one line each.
    """
    if isinstance(error, ProblemsError):
        return "\n".join(error_text(problem, say) for problem in error.problems)
    values = {
        name: say(value) if name == "reason" and isinstance(value, str) else value
        for name, value in error.values.items()
    }
    return say(error.message, **values)


class Worded(str):
    """A text in English that can be said in another language: it keeps its message and values."""

    __slots__ = ("message", "values")

    message: str
    values: Mapping[str, object]


def worded(message: str, /, **values: object) -> Worded:
    """The message filled in, in English; `in_language` says it in another language."""
    text = Worded(message.format(**values) if values else message)
    text.message, text.values = message, values
    return text


def in_language(text: str, say: Translate) -> str:
    """A text in the language of `say` if it is `worded`, else unchanged."""
    if not isinstance(text, Worded):
        return text
    values = {
        name: in_language(value, say) if isinstance(value, Worded) else value
        for name, value in text.values.items()
    }
    return say(text.message, **values)


def translatable(message: str) -> str:
    """The message unchanged; it is extracted for the catalogue and translated where it is shown."""
    return message


AWAY = translatable("The bot cannot reach its database right now. Try again in a moment.")
"""What people read of a `StorageError`: its reason, which names files and servers, is for the log."""
