"""Reads the value of each kind of setting, or says what is wrong with it.

Each function is a pydantic validator: it gets the text of the setting, or a value that is already of
its type, and raises `WrongValueError`. No message repeats a secret.
"""

import ipaddress
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from bot.arxiv.domain.categories import find_category, suggest_categories
from bot.channels.domain import zone_names
from bot.core.database.address import SCHEMES, PostgresAddress
from bot.core.domain.i18n import translatable
from bot.core.domain.late import late_pattern
from bot.operations.domain.retention import Retention, parse_retention
from bot.workspaces.domain.slack_app import SHORTEST_KEY


class WrongValueError(ValueError):
    """One wrong value; `message` is a template that is filled with `values` and the setting's `name`."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


class WrongWordsError(ValueError):
    """Several wrong words in one value."""

    def __init__(self, each: tuple[WrongValueError, ...]) -> None:
        super().__init__("; ".join(map(str, each)))
        self.each = each


def read_database(value: object) -> Path | PostgresAddress:
    """The file of `sqlite:///path`, or the address of a PostgreSQL database, which no message has."""
    if isinstance(value, Path | PostgresAddress):
        return value
    scheme, colon, path = str(value).partition("://")
    if scheme in SCHEMES and colon:
        return _postgresql(str(value))
    if scheme != "sqlite" or not colon:
        raise WrongValueError(
            translatable(
                "{name} must look like sqlite:///data/paperbot.db or "
                "postgresql://user@host/database"
            )
        )
    if not path.startswith("/") or path in {"/", "/:memory:"}:
        raise WrongValueError(
            translatable(
                "{name} must name a file: sqlite:///data/paperbot.db, "
                "or sqlite:////var/lib/paperbot.db for a full path"
            )
        )
    return _expanded(path[1:])


def _postgresql(text: str) -> PostgresAddress:
    """What libpq would misunderstand is refused here; what it refuses, it refuses itself."""
    address = PostgresAddress.of(text)
    if not address.is_clear or not text.isprintable() or " " in text:
        raise WrongValueError(
            translatable(
                "{name}: in the user, the password and the options write / as %2F, @ as %40 and a "
                "space as %20"
            )
        )
    if not address.database:
        raise WrongValueError(
            translatable("{name} must name a database: postgresql://user@host/database")
        )
    if not address.has_port_numbers:
        raise WrongValueError(
            translatable("{name}: what follows the host and a colon must be a port number")
        )
    return address


def read_folder(value: object) -> Path:
    """A folder; `~` is the home folder."""
    return _expanded(str(value))


def read_existing_folder(value: object) -> Path:
    """A folder that is there."""
    folder = read_folder(value)
    if not folder.is_dir():
        raise WrongValueError(translatable("{name}: there is no folder {folder}"), folder=folder)
    return folder


def _expanded(path: str) -> Path:
    if "\0" in path:
        raise WrongValueError(translatable("{name} contains a NUL character"))
    try:
        return Path(path).expanduser()
    except RuntimeError:  # `~name` without such a user
        raise WrongValueError(
            translatable("{name}: “{value}” is in the home folder of an unknown user"), value=path
        ) from None


def read_port(value: object) -> int:
    """A TCP port; 0 lets the system choose."""
    try:
        port = int(str(value))
    except ValueError:
        port = -1
    if not 0 <= port <= 65535:
        raise WrongValueError(
            translatable("{name} must be a port number from 0 to 65535, not “{value}”"), value=value
        )
    return port


def read_zone(value: object) -> ZoneInfo:
    """A time zone by its IANA name; offsets such as `GMT+9` are refused."""
    if isinstance(value, ZoneInfo):
        return value
    offset = zone_names.meant_offset(str(value))
    if offset and (zones := zone_names.zones_at(offset)):
        raise WrongValueError(
            translatable(
                "{name}: “{value}” is an offset, not a time zone: write {zones} for {offset}"
            ),
            value=value,
            offset=zone_names.format_offset(offset),
            zones=", ".join(zones),
        )
    try:
        return ZoneInfo(str(value))
    except (KeyError, OSError, ValueError):  # unknown; a folder of zones; an invalid name
        raise _wrong_zone(str(value)) from None


def _wrong_zone(value: str) -> WrongValueError:
    from bot.digest.services.options.zones import suggest_zone  # noqa: PLC0415 - loads a search library

    near = suggest_zone(value)
    if near is None:
        message = translatable(
            "{name} must be a time zone such as Asia/Seoul or UTC, not “{value}”"
        )
        return WrongValueError(message, value=value)
    message = translatable("{name} must be a time zone, not “{value}”; did you mean {near}?")
    return WrongValueError(message, value=value, near=near)


_LONGEST_CONTACT = 200
_E_MAIL = late_pattern(r"[^@\s<>():/]+@[^@\s<>()]+\.[^@\s<>().]+")

_SWITCH = {
    **dict.fromkeys(("on", "true", "yes", "1"), True),
    **dict.fromkeys(("off", "false", "no", "0"), False),
}


def read_switch(value: object) -> bool:
    """`on` or `off`, also `true`, `yes`, `1` and their opposites."""
    found = _SWITCH.get(str(value).lower())
    if found is None:
        raise WrongValueError(translatable("{name} must be on or off, not “{value}”"), value=value)
    return found


def one_of(kind: type[StrEnum]) -> Callable[[object], StrEnum]:
    """A validator that reads a member of an enum, in any case."""

    def read(value: object) -> StrEnum:
        try:
            return kind(str(value).lower())
        except ValueError:
            raise WrongValueError(
                translatable("{name} must be one of {words}, not “{value}”"),
                words=", ".join(kind),
                value=value,
            ) from None

    return read


def read_retention(value: object) -> Retention:
    """How long to keep records."""
    if isinstance(value, Retention):
        return value
    retention = parse_retention(str(value))
    if retention is None:
        raise WrongValueError(
            translatable(
                "{name} must be forever or at least 30 days, such as “6 months” or "
                "“deliveries 90 days, discussions 2 years”, not “{value}”"
            ),
            value=value,
        )
    return retention


def base_url(secure: str, plain: str) -> Callable[[object], str]:
    """A URL that tokens are sent to: encrypted, unless the server is on this machine."""

    def read(value: object) -> str:
        scheme, host = _scheme_and_host(str(value))
        if not host or scheme not in {secure, plain}:
            raise WrongValueError(
                translatable("{name} must be a URL that starts with {secure}://, not “{value}”"),
                secure=secure,
                value=value,
            )
        if scheme == plain and not _is_loopback(host):
            raise WrongValueError(
                translatable(
                    "{name} must start with {secure}://: unencrypted URLs are allowed for this "
                    "machine only"
                ),
                secure=secure,
            )
        return str(value)

    return read


def _scheme_and_host(url: str) -> tuple[str, str | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname
    except ValueError:
        return "", None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def token(*prefixes: str) -> Callable[[object], str]:
    """A Slack token with one of these prefixes; the message does not repeat the value."""

    def read(value: object) -> str:
        if not str(value).startswith(prefixes):
            raise WrongValueError(
                translatable("{name} must be a token that starts with {prefix}"), prefix=prefixes[0]
            )
        return str(value)

    return read


def read_secret_keys(value: object) -> str:
    """Keys separated by commas, each long enough; the message repeats none."""
    keys = [key.strip() for key in str(value).split(",")]
    if any(len(key) < SHORTEST_KEY for key in keys if key):
        raise WrongValueError(translatable("{name}: each key must have 32 characters or more"))
    return str(value)


def read_key(value: object) -> str:
    """A key that is sent in a header; the message does not repeat it."""
    text = str(value)
    if not text.isascii() or not text.isprintable() or " " in text:
        raise WrongValueError(translatable("{name} must be one word of letters, digits and signs"))
    return text


def whole(least: int, most: int) -> Callable[[object], int]:
    """A whole number within these bounds."""

    def read(value: object) -> int:
        text = str(value).strip()
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
        if not least <= number <= most:
            raise WrongValueError(
                translatable("{name} must be a whole number from {least} to {most}, not “{value}”"),
                least=least,
                most=most,
                value=value,
            )
        return number

    return read


def read_seconds(value: object) -> timedelta:
    """A duration in whole seconds, two minutes at most."""
    if isinstance(value, timedelta):
        return value
    return timedelta(seconds=whole(1, 120)(value))


def read_words(value: object) -> tuple[str, ...]:
    """Words separated by commas or spaces."""
    if isinstance(value, tuple):
        return value
    return tuple(str(value).replace(",", " ").split())


def read_categories(value: object) -> tuple[str, ...]:
    """Categories of arXiv in any case, without repeats."""
    words = [str(word) for word in read_words(value)]
    wrong = tuple(_wrong_category(word) for word in words if find_category(word) is None)
    if wrong:
        raise WrongWordsError(wrong)
    return tuple(dict.fromkeys(filter(None, map(find_category, words))))


def _wrong_category(word: str) -> WrongValueError:
    close = ", ".join(suggest_categories(word))
    if close:
        return WrongValueError(
            translatable("{name}: “{value}” is not an arXiv category; did you mean {close}?"),
            value=word,
            close=close,
        )
    return WrongValueError(
        translatable("{name}: “{value}” is not an arXiv category: write cs.LG, stat.ML, hep-th …"),
        value=word,
    )


def read_contact(value: object) -> str:
    """An e-mail address, or a web address, by which arXiv reaches the operator.

    It becomes part of a header's comment, and arXiv reads it: no parentheses, user
    names or passwords.
    """
    text = str(value)
    scheme, host = _scheme_and_host(text)
    is_web = scheme in {"http", "https"} and host is not None and "." in host and "@" not in text
    is_header = text.isprintable() and not set(' ()<>"\\') & set(text)
    is_right = is_header and len(text) <= _LONGEST_CONTACT and (is_web or _E_MAIL.fullmatch(text))
    if not is_right:
        raise WrongValueError(
            translatable(
                "{name} must be one e-mail or web address, such as me@example.org or "
                "https://example.org/bot"
            )
        )
    return text


def read_guilds(value: object) -> tuple[int, ...]:
    """Discord's guild ids."""
    words = [str(word) for word in read_words(value)]
    if not all(word.isascii() and word.isdigit() for word in words):
        raise WrongValueError(
            translatable("{name} must be guild ids (numbers) separated by commas, not “{value}”"),
            value=value,
        )
    return tuple(int(word) for word in words)


_PERSON = late_pattern(
    r"slack:[TE][A-Z0-9]{2,20}/[UW][A-Z0-9]{2,20}|discord:[0-9]{1,20}|web:[^\s,]{1,100}"
)


def read_curators(value: object) -> frozenset[str]:
    """People as `person_id` writes them: who may write notes."""
    words = [str(word) for word in (value if isinstance(value, frozenset) else read_words(value))]
    wrong = [word for word in words if _PERSON.fullmatch(word) is None]
    if wrong:
        raise WrongWordsError(
            tuple(
                WrongValueError(
                    translatable(
                        "{name}: “{value}” is not a person: write slack:T0123/U0123 or "
                        "discord:1234567890, separated by commas"
                    ),
                    value=word,
                )
                for word in wrong
            )
        )
    return frozenset(words)


Url = Annotated[str, BeforeValidator(base_url("https", "http"))]
SocketUrl = Annotated[str, BeforeValidator(base_url("wss", "ws"))]
