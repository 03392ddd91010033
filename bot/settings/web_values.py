"""Reads the settings of the web page: its address, who signs in, and the proxies in front of it."""

import ipaddress
import re
from typing import TypeAlias
from urllib.parse import urlsplit

from bot.core.domain.i18n import translatable
from bot.core.domain.late import late_pattern
from bot.settings.values import WrongValueError, WrongWordsError, base_url, read_words
from bot.workspaces.domain.slack_app import SHORTEST_KEY

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def read_site(value: object) -> str:
    """The public address of the web page: no path, encrypted unless it is this machine."""
    site = base_url("https", "http")(value).rstrip("/")
    parts = urlsplit(site)
    if site != f"{parts.scheme}://{parts.netloc}" or "@" in site or site != site.casefold():
        raise WrongValueError(
            translatable(
                "{name} must be an address without a path, such as https://papers.example.org"
            )
        )
    return site


_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_HOST_NAME = late_pattern(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?")


def read_host_names(value: object) -> tuple[str, ...]:
    """Names as browsers send them in `Host`: no scheme, path or wildcard; in other letters as IDNA."""
    names: list[str] = []
    wrong: list[WrongValueError] = []
    for word in map(str, read_words(value)):
        name = _as_sent(word.casefold().rstrip("."))
        if _HOST_NAME.fullmatch(name) is not None:
            names.append(name)
            continue
        wrong.append(
            WrongValueError(
                translatable("{name}: “{value}” is not a host name: write papers.example.org"),
                value=word,
            )
        )
    if wrong:
        raise WrongWordsError(tuple(wrong))
    return tuple(dict.fromkeys(names))


def _as_sent(name: str) -> str:
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def read_sign_in(value: object) -> tuple[str, ...]:
    """The platforms with whose accounts people sign in."""
    words = tuple(dict.fromkeys(str(word).casefold() for word in read_words(value)))
    if not set(words) <= {"slack", "discord"}:
        raise WrongValueError(
            translatable("{name} must be slack, discord or both, not “{value}”"), value=value
        )
    return words


_HEADER = late_pattern(r"[A-Za-z][A-Za-z0-9-]{2,99}")
_OTHER_HEADERS = frozenset(
    {"authorization", "cookie", "host", "origin", "forwarded", "x-paperbot-proxy-secret"}
)


def read_user_header(value: object) -> str:
    """The name of a header in which a proxy names the user, and nothing else."""
    name = str(value)
    is_forwarding = name.casefold() in {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
    if not _HEADER.fullmatch(name) or name.casefold() in _OTHER_HEADERS or is_forwarding:
        raise WrongValueError(
            translatable(
                "{name} must be the name of a header with the user, such as X-Forwarded-User, "
                "not “{value}”"
            ),
            value=value,
        )
    return name


def read_proxy_secret(value: object) -> str:
    """A secret that a header can carry, long enough; the message does not repeat it."""
    secret = str(value)
    if len(secret) < SHORTEST_KEY or not re.fullmatch(r"[!-~]+", secret):
        raise WrongValueError(
            translatable("{name} must have 32 characters or more, ASCII without spaces")
        )
    return secret


def read_networks(value: object) -> tuple[Network, ...]:
    """IP addresses and networks separated by commas or spaces."""
    networks: list[Network] = []
    wrong: list[WrongValueError] = []
    for word in read_words(value):
        try:
            networks.append(ipaddress.ip_network(str(word), strict=False))
        except ValueError:
            wrong.append(
                WrongValueError(
                    translatable(
                        "{name}: “{value}” is not an address: write 127.0.0.1 or 10.0.0.0/8"
                    ),
                    value=word,
                )
            )
    if wrong:
        raise WrongWordsError(tuple(wrong))
    return tuple(networks)
