"""What is wrong with a value on the command line, in our words: Typer passes on pydantic's."""

from enum import StrEnum
from typing import get_args

import typer
from pydantic import ValidationError

from bot.core.domain.i18n import Translate

_FORMS = {"int_parsing", "int_type", "int_from_float"}


def wrong_value(error: typer.BadParameter, say: Translate) -> str | None:
    """One line that names the option or argument; `None` where no value was read."""
    cause = error.__cause__
    if error.param is None or not isinstance(cause, ValidationError):
        return None
    found = cause.errors()[0]
    bounds, value = found.get("ctx", {}), found["input"]
    name = _name(error.param)
    words = ", ".join(_choices(error.param))
    if words:
        return say(
            "{name} must be one of {words}, not “{value}”", name=name, words=words, value=value
        )
    if found["type"] in _FORMS:
        return say("{name} must be a whole number, not “{value}”", name=name, value=value)
    if "ge" in bounds:
        return say(
            "{name} must be {least} or more, not “{value}”",
            name=name,
            least=bounds["ge"],
            value=value,
        )
    if "le" in bounds:
        return say(
            "{name} must be {most} or less, not “{value}”",
            name=name,
            most=bounds["le"],
            value=value,
        )
    return say("{name}: {reason}", name=name, reason=bounds.get("error", found["msg"]))


def _choices(parameter: object) -> tuple[str, ...]:
    """The words that a parameter may have, where they are an enum's, also of an optional one."""
    kind = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    for each in (kind, *get_args(kind)):
        if isinstance(each, type) and issubclass(each, StrEnum):
            return tuple(each)
    return ()


def _name(parameter: object) -> str:
    """`--limit` of an option, `PATH…` of an argument."""
    names = [str(each) for each in getattr(parameter, "opts", ())]
    long = max(names, key=len, default="")
    if long.startswith("-"):
        return long
    return getattr(parameter, "metavar", None) or long.upper()
