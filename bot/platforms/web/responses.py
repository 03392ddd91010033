"""Answers of the web server: pages, JSON, and paths that stay on this site."""

import json

from aiohttp import web
from yarl import URL


def own_address(url: URL) -> str:
    """The address of a page of this site as a path, which no browser takes for another context.

    A path that begins with two slashes, or with a backslash, would name a host.
    """
    path = "/" + url.raw_path.lstrip("/\\")
    return f"{path}?{url.raw_query_string}" if url.raw_query_string else path


def page_response(text: str, *, status: int = 200) -> web.Response:
    """An HTML page; never cached, since it is made for one visitor."""
    return web.Response(
        text=text,
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={"Cache-Control": "no-store"},
    )


def json_response(value: object, *, status: int = 200) -> web.Response:
    """A JSON answer; text is taken for JSON already."""
    return web.Response(
        text=value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
