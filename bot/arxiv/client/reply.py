"""Validate a response before anything of it is used.

A page of HTML, "Rate exceeded." with status 200 and a truncated body all parse as a feed without
items, which is what a day without papers looks like. So a response is valid only if

1. its status is 200;
2. it is well-formed UTF-8 XML whose root is a feed, without a document type declaration (which
   could define entities), and within `bounds`;
3. feedparser knows its version and found nothing malformed;
4. it is not a feed that reports an error.
"""

import io
import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import feedparser

from bot.arxiv.client.bounds import check_elements, check_tags
from bot.arxiv.ports import (
    Refusal,
    SourceFailureError,
    SourceQuestionError,
    SourceReplyError,
    SourceThrottledError,
    SourceUnavailableError,
)
from bot.core.domain.dataclass import dataclass

_THROTTLING: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.FORBIDDEN,  # how arXiv answers clients that it takes for robots
        HTTPStatus.NOT_ACCEPTABLE,  # how its edge throttles since September 2026 (issue 12, item 15)
    }
)
_VERSIONS: Final = frozenset({"rss20", "atom10"})
_BOM: Final = b"\xef\xbb\xbf"
_SPACE: Final = b" \t\r\n"
_ENCODING: Final = re.compile(rb"""\sencoding\s*=\s*["']([^"']{1,40})["']""")
_ROOT: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,30}:)?([A-Za-z_][\w.-]{0,30})[\s/>]")
_ERROR_ID: Final = re.compile(r"/api/errors(?:#(?P<what>\S*))?")
_BAD_ID: Final = re.compile(r"incorrect_id_format_for_(?P<id>\S+)")


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response with its whole body."""

    status: int
    body: bytes
    etag: str | None = None
    retry_after: timedelta | None = None


def parse_reply(reply: Reply) -> Any:
    """The response as feedparser parses it; raises `SourceFailureError`. Takes up to a second."""
    if reply.status == HTTPStatus.BAD_REQUEST:
        raise _refused_question(reply)
    _check_status(reply)
    parsed = _parse(reply.body, _check_body(reply))
    _check_parsed(parsed)
    return parsed


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """A `Retry-After` header as a duration: seconds or a date; `None` where it is invalid."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(at - now, timedelta(0)) if at.tzinfo is not None else None


def _check_status(reply: Reply) -> None:
    status = reply.status
    if status == HTTPStatus.OK:
        return
    # A 503 that says when to come back speaks for the whole server; without, one feed may be broken.
    is_busy = status == HTTPStatus.SERVICE_UNAVAILABLE and reply.retry_after is not None
    if status in _THROTTLING or is_busy:
        raise SourceThrottledError(
            Refusal.THROTTLED, f"HTTP {status}", retry_after=reply.retry_after
        )
    # Any other status from 400 on comes from the server or its edge and says nothing about the
    # request. A rejected request has status 400.
    if status >= HTTPStatus.BAD_REQUEST:
        raise SourceUnavailableError(
            Refusal.SERVER_ERROR, f"HTTP {status}", retry_after=reply.retry_after
        )
    raise SourceReplyError(Refusal.SERVER_ERROR, f"HTTP {status}")


def _check_body(reply: Reply) -> int:
    """The position of the root element, after all checks of the body."""
    body = reply.body
    start = body[:2000].removeprefix(_BOM).lstrip(_SPACE)
    if not start:
        raise SourceReplyError(Refusal.MALFORMED, "the answer is empty")
    if not start.startswith(b"<"):
        if b"rate exceeded" in start[:200].lower():
            raise SourceThrottledError(
                Refusal.THROTTLED,
                f"“{_excerpt(start)}” with HTTP {reply.status}",
                retry_after=reply.retry_after,
            )
        raise SourceReplyError(Refusal.MALFORMED, f"no XML: “{_excerpt(start)}”")
    check_tags(body)
    root = _root_of(body)
    check_elements(body)
    return root


def _root_of(body: bytes) -> int:
    """The position of the root element; checks it, and what stands before it."""
    at = len(_BOM) if body.startswith(_BOM) else 0
    while True:
        while body[at : at + 1] in _SPACES:
            at += 1
        if body.startswith(b"<?", at):
            at = _after(body, at, b"?>")
        elif body.startswith(b"<!--", at):
            at = _after(body, at + 4, b"-->")
        else:
            break
    encoding = _ENCODING.search(body[:200].partition(b"?>")[0])
    if encoding is not None and encoding[1].lower() not in {b"utf-8", b"us-ascii"}:
        raise SourceReplyError(Refusal.MALFORMED, f"encoded as {_excerpt(encoding[1])}, not UTF-8")
    if body[at : at + 20].lower().startswith((b"<!doctype html", b"<html")):
        raise SourceReplyError(Refusal.HTML, "a page of HTML in place of a feed")
    if body.startswith(b"<!", at):
        raise SourceReplyError(Refusal.ENTITIES, "it declares a document type; feeds have none")
    root = _ROOT.match(body, at)
    if root is None or root[1].lower() not in {b"feed", b"rss"}:
        raise SourceReplyError(Refusal.MALFORMED, f"no feed: “{_excerpt(body[at : at + 80])}”")
    return at


# What feedparser raises for elements that stand where it does not expect them: `<keywords/>` …
_GIVES_UP: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
_DECLARATION: Final = b"<?xml version='1.0' encoding='utf-8'?>\n"
_SPACES: Final = frozenset({b" ", b"\t", b"\r", b"\n"})


def _after(body: bytes, at: int, end: bytes) -> int:
    found = body.find(end, at)
    if found < 0:
        raise SourceReplyError(Refusal.MALFORMED, "it ends before it begins")
    return found + len(end)


def _parse(body: bytes, root: int) -> Any:
    try:
        return feedparser.parse(
            # A stream, because feedparser would open a file of that name for bytes. With our own
            # XML declaration, because its search for the encoding backtracks.
            io.BytesIO(_DECLARATION + body[root:]),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            # Both rewrite text as HTML: `$k<n$ and $x>0$` would lose its middle.
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except _GIVES_UP as error:
        reason = f"feedparser gives up: {type(error).__name__}"
        raise SourceReplyError(Refusal.MALFORMED, reason) from error


def _check_parsed(parsed: Any) -> None:
    _check_well_formed(parsed)
    error = _error_in(parsed)
    if error is not None:
        raise SourceReplyError(Refusal.ERROR_FEED, error)


def _check_well_formed(parsed: Any) -> None:
    if parsed.bozo:
        raise SourceReplyError(
            Refusal.MALFORMED, f"broken XML: {_excerpt(str(parsed.get('bozo_exception', '')))}"
        )
    if parsed.version not in _VERSIONS:
        raise SourceReplyError(Refusal.MALFORMED, f"a feed of unknown kind “{parsed.version}”")


def _error_in(parsed: Any) -> str | None:
    title = str(parsed.feed.get("title", ""))
    if title.startswith("Feed error"):
        return _excerpt(str(parsed.feed.get("subtitle", "")) or title)
    for entry in parsed.entries[:1]:
        if _ERROR_ID.search(str(entry.get("id", ""))):
            return _excerpt(str(entry.get("summary", "")))
    return None


def _refused_question(reply: Reply) -> SourceFailureError:
    """The error of a 400: a rejected request if it holds an error feed, else a server error."""
    try:
        parsed = _parse(reply.body, _check_body(reply))
        _check_well_formed(parsed)
    except SourceThrottledError as throttled:
        return throttled
    except SourceReplyError as unreadable:
        return _unwell(reply, str(unreadable))
    error = _error_in(parsed)
    if error is None:
        return _unwell(reply, "a feed that names no error")
    ids = [str(entry.get("id", "")) for entry in parsed.entries[:1]]
    culprit = _BAD_ID.search(ids[0]) if ids else None
    return SourceQuestionError(error, culprit=culprit["id"] if culprit else None)


def _unwell(reply: Reply, reason: str) -> SourceUnavailableError:
    return SourceUnavailableError(
        Refusal.SERVER_ERROR, f"HTTP {reply.status}, {reason}", retry_after=reply.retry_after
    )


def _excerpt(text: bytes | str) -> str:
    """The beginning of a foreign text as one printable line for the log."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= 120 else line[:119] + "…"
