"""Validators of answers that are the same for everybody: `ETag`, `Last-Modified` and 304."""

import hashlib
from collections import OrderedDict
from datetime import UTC, datetime, timedelta

from aiohttp import web

_MOST = 2_000
_SECOND = timedelta(seconds=1)


class Freshness:
    """Since when each address has had its present content, as far as this process saw.

    The dates in a feed would not do for `Last-Modified`: an entry that is withdrawn, or comes late with an
    earlier date, leaves the newest date as it is. After a restart a reader gets the same once more.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[str, datetime]] = OrderedDict()

    def since(self, address: str, tag: str, now: datetime) -> datetime:
        """When this content was first seen, in whole seconds; another content has a later second."""
        at = now.astimezone(UTC).replace(microsecond=0)
        known = self._seen.pop(address, None)
        if known is not None:
            at = known[1] if known[0] == tag else max(at, known[1] + _SECOND)
        self._seen[address] = (tag, at)
        if len(self._seen) > _MOST:
            self._seen.popitem(last=False)
        return at


def answer(
    request: web.Request, text: str, media_type: str, since: Freshness, *, now: datetime, cache: str
) -> web.Response:
    """The text, or 304 where the client has it already (RFC 9110, section 13.2.2)."""
    body = text.encode()
    tag = hashlib.sha256(body).hexdigest()[:32]
    at = since.since(request.raw_path, tag, now)
    headers = {"Cache-Control": cache}
    if _has_it(request, tag, at):
        response = web.Response(status=304, headers=headers)
    else:
        response = web.Response(
            body=body, content_type=media_type, charset="utf-8", headers=headers
        )
    response.etag = tag
    response.last_modified = at
    return response


def _has_it(request: web.Request, tag: str, at: datetime) -> bool:
    wanted = request.if_none_match
    if wanted is not None:
        return any(each.value in (tag, "*") for each in wanted)
    since = request.if_modified_since
    return since is not None and at <= since
