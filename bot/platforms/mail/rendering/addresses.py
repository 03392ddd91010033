"""Where links and buttons of a message lead: a message has no commands, and no paths of its own."""

from urllib.parse import quote, urlsplit

from bot.core.domain.document import Button
from bot.core.domain.late import late_pattern

_PAGED = late_pattern(
    r"/paper entry:(?P<entry>[0-9]{1,18})|/paper #(?P<tag>\w[\w-]{0,59})"
    r"|/digest (?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"|/digest recap (?P<recap>[0-9]{4}(?:-W?[0-9]{2})?)"
)
_UNPRINTABLE = late_pattern(
    '[\x00-\x20\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"<>\\\\^`{|}]'
)
_LONGEST = 2000


def link_address(url: str, site: str) -> str | None:
    """The address, if a reader of mail can open it; a path is one of the bot's pages."""
    address = f"{site}{url}" if url.startswith("/") and not url.startswith("//") else url
    if len(address) > _LONGEST or _UNPRINTABLE.search(address):
        return None
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    return address if parts.scheme in {"http", "https"} and host else None


def button_address(button: Button, site: str) -> str | None:
    """Where the button leads; `None` where a message has no place for it."""
    if button.url is not None:
        return link_address(button.url, site)
    return command_address(button.command or "", site)


def command_address(line: str, site: str) -> str | None:
    """The page that shows what a command line does; `None` where there is none."""
    found = _PAGED.fullmatch(line)
    if found is not None:
        kind = found.lastgroup or ""
        page = {"day": "digest"}.get(kind, kind)
        return f"{site}/{page}/{quote(found[kind], safe='-', errors='replace')}"
    name, _, query = line.partition(" ")
    if name == "/paper" and query and " page:" not in query:
        return f"{site}/papers?q={quote(query, safe='', errors='replace')}"
    return None
