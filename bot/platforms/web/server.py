"""The bot's one web server: routes, start and stop."""

import asyncio
import errno
import hashlib
import logging
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from importlib import resources

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.core.domain.errors import UsageError
from bot.core.ports import Condition
from bot.platforms.web import chat_api, event_stream, likes, pages
from bot.platforms.web.connections import IDLE_SECONDS, Connections
from bot.platforms.web.context import CONTEXT, WebContext
from bot.platforms.web.feeds import crawlers, feed_pages, oembed, pictures
from bot.platforms.web.forms import note_page
from bot.platforms.web.middleware import add_headers, middlewares
from bot.platforms.web.reading import archive_search, bibliography, graph_page
from bot.platforms.web.responses import json_response
from bot.platforms.web.sign_in import account, assistants, flow
from bot.platforms.web.visitors.visitor import asks_as_operator

MOST_BODY = 64 * 1024
"""Bytes of a request body."""

_SHUTDOWN = 1.5
"""Seconds that requests in flight have to finish when the server stops."""

_BACKLOG = 1024
"""Connections that may wait to be accepted. Further ones are retried by TCP after a second.

Slack opens as many as it has requests, and waits three seconds for an answer.
"""

_TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}


class _WithoutBadRequests(logging.Filter):
    """Drops what aiohttp logs of requests that are no HTTP: strangers would fill the disk with it."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, HttpProcessingError | web.RequestPayloadError)


def _server_logger() -> logging.Logger:
    logger = logging.getLogger("bot.platforms.web.aiohttp")
    if not logger.filters:
        logger.addFilter(_WithoutBadRequests())
    return logger


def read_static() -> dict[str, bytes]:
    """The files of `static`, by name."""
    folder = resources.files("bot.platforms.web") / "static"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def build_name(static: Mapping[str, bytes]) -> str:
    """A hash of the static files: with it in their path, browsers may cache them for ever."""
    digest = hashlib.sha256()
    for name in sorted(static):
        digest.update(name.encode() + b"\0" + static[name] + b"\0")
    return digest.hexdigest()[:12]


def make_application(
    context: WebContext, *, hosts: frozenset[str], mounts: Mapping[str, web.Application]
) -> web.Application:
    """The application. `hosts` are the allowed values of `Host`; `mounts` check requests themselves."""
    application = web.Application(
        middlewares=middlewares(
            context, hosts=hosts, unguarded=("/healthz", "/metrics", "/mcp", *mounts)
        ),
        client_max_size=MOST_BODY,
    )
    application.on_response_prepare.append(add_headers)
    application[CONTEXT] = context
    application[assistants.HOSTS] = hosts
    application.cleanup_ctx.append(assistants.answering)
    application[pictures.DRAWINGS] = pictures.Drawings()
    application.add_routes(
        [
            web.get("/", pages.home),
            web.get("/c/{channel}", pages.chat),
            web.get("/c/{channel}/t/{message}", pages.chat),
            web.get("/inbox", pages.inbox),
            web.get("/papers", archive_search.papers),
            web.get("/papers/cite.{form:bib|ris|json}", bibliography.of_results),
            web.get("/entry/{entry}", pages.entry),
            web.get("/entry/{entry}/cite.{form:bib|ris|json}", bibliography.of_entry),
            web.get("/graph", graph_page.graph),
            web.get("/graph/papers.json", graph_page.papers),
            web.get("/digest/{day}", pages.digest),
            web.get("/recap/{period}", pages.recap),
            web.get("/recap/{period}/card-{language:ko|en}.png", pictures.of_recap),
            web.get("/tag/{tag}", pages.tag),
            web.get("/feeds/{language:ko|en}/all.{form:atom|json}", feed_pages.of_all),
            web.get("/feeds/{language:ko|en}/tags/{tag}.{form:atom|json}", feed_pages.of_tag),
            web.get("/feeds/{language:ko|en}/search.{form:atom|json}", feed_pages.of_query),
            web.get("/feeds/{language:ko|en}/tags.opml", feed_pages.tags),
            web.get("/oembed", oembed.oembed),
            web.get("/robots.txt", crawlers.robots_txt),
            web.get("/sitemap.xml", crawlers.sitemap_xml),
            web.get("/sitemap-{part:[0-9]{1,9}}.xml", crawlers.sitemap_part),
            web.get("/events", event_stream.stream, allow_head=False),
            web.get("/api/messages", pages.older),
            web.get("/api/thread", pages.thread),
            web.get("/api/complete", chat_api.complete),
            web.get("/api/suggest", archive_search.suggest),
            web.get("/api/discussion", pages.discussion),
            web.post("/api/say", chat_api.post_message),
            web.post("/api/press", chat_api.press_button),
            web.post("/api/edit", chat_api.edit),
            web.post("/api/remove", chat_api.remove),
            web.post("/api/like", likes.like),
            web.post("/like", likes.like_by_form),
            web.get("/note", note_page.open_page),
            web.post("/note", note_page.submit_page),
            web.post("/api/form/open", note_page.open_again),
            web.post("/api/form/keep", note_page.keep),
            web.post("/api/form/submit", note_page.submit),
            web.post("/api/name", chat_api.rename),
            web.post("/api/channel", chat_api.add_channel),
            web.get("/sign-in", account.account),
            web.get("/sign-in/{platform}", flow.start, allow_head=False),
            web.get("/sign-in/{platform}/done", flow.finish, allow_head=False),
            web.post("/api/sign-out", flow.sign_out),
            web.route("*", "/mcp", assistants.ask),
            web.post("/api/token", assistants.make),
            web.post("/api/token/revoke", assistants.revoke),
            web.get("/manage", account.manage),
            web.post("/api/manage", account.run_command),
            web.get("/static/{build}/{name}", _static),
            web.get("/healthz", _healthz),
            web.get("/metrics", _metrics),
        ]
    )
    for prefix, mounted in mounts.items():
        application.add_subapp(prefix, mounted)
    return application


@asynccontextmanager
async def serving(application: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve within the block; yields the address. Raises `UsageError` if it cannot listen.

    At the end, streams end at once and other requests within `_SHUTDOWN`.
    """
    runner = web.AppRunner(
        application,
        access_log=None,
        logger=_server_logger(),
        shutdown_timeout=_SHUTDOWN,
        keepalive_timeout=IDLE_SECONDS,
    )
    await runner.setup()
    listening: asyncio.Server | None = None
    try:
        listening = await _listen(application[CONTEXT].connections, runner, host, port)
        yield _address(listening, host)
    finally:
        if listening is not None:
            listening.close()
        application[CONTEXT].feed.close()
        await runner.cleanup()


async def _listen(
    connections: Connections, runner: web.AppRunner, host: str, port: int
) -> asyncio.Server:
    """Listen like `web.TCPSite`, with the limits of `connections` for each connection."""
    server = runner.server
    assert server is not None  # noqa: S101 - set up above
    try:
        listening = await asyncio.get_running_loop().create_server(
            lambda: connections.accept(server()), host, port, backlog=connections.at_once
        )
    except OSError as error:
        raise _cannot_listen(error, host, port) from error
    for each in listening.sockets:
        # asyncio uses one number for both: how many may wait, how many it accepts in one go.
        with each.dup() as one:
            one.listen(_BACKLOG)
    return listening


def _cannot_listen(error: OSError, host: str, port: int) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError(
            "port {port} is in use: stop the program that uses it, or choose another port with "
            "PAPERBOT_WEB_PORT, or with --port for “paperbot demo”",
            port=port,
        )
    if error.errno in {errno.EACCES, errno.EPERM}:
        return UsageError("this account may not use port {port}: choose one above 1023", port=port)
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return UsageError(
            "“{host}” is not an address of this machine: correct PAPERBOT_WEB_HOST, or --host for "
            "“paperbot demo”",
            host=host,
        )
    return UsageError(
        "the web server cannot listen on {host} port {port}: {reason}",
        host=host,
        port=port,
        reason=error.strerror or error,
    )


def _address(listening: asyncio.Server, host: str) -> str:
    bound = listening.sockets[0].getsockname()
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared only
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return f"http://{name}:{bound[1]}/"


async def _static(request: web.Request) -> web.Response:
    context, name = request.app[CONTEXT], request.match_info["name"]
    content = context.static.get(name)
    if content is None:
        raise web.HTTPNotFound
    fresh = request.match_info["build"] == context.build
    return web.Response(
        body=content,
        content_type=_TYPES.get(name.rpartition(".")[2], "application/octet-stream"),
        charset="utf-8",
        headers={"Cache-Control": "public, max-age=31536000, immutable" if fresh else "no-cache"},
    )


async def _healthz(request: web.Request) -> web.Response:
    """The health; only the operator is told which workspaces there are (issue 14)."""
    health = request.app[CONTEXT].health()
    is_operator = asks_as_operator(request)

    def told(parts: Iterable[Condition]) -> dict[str, object]:
        return {part.name: _condition(part, to_all=not is_operator) for part in parts}

    body = {
        "ok": health.ok,
        "platforms": told(health.platforms),
        "pumps": told(health.pumps),
        "arxiv": _condition(health.arxiv, to_all=not is_operator) if health.arxiv else None,
        "workspaces": told(health.workspaces if is_operator else _counted(health.workspaces)),
    }
    return json_response(body, status=200 if health.ok else 503)


def _counted(workspaces: Iterable[Condition]) -> Iterable[Condition]:
    """One condition a platform: how many of its workspaces are well."""
    by_platform: dict[str, list[Condition]] = {}
    for each in workspaces:
        by_platform.setdefault(each.name.partition(":")[0], []).append(each)
    for platform, theirs in by_platform.items():
        well = sum(each.ok for each in theirs)
        last = max((each.last_ok_at for each in theirs if each.last_ok_at), default=None)
        yield Condition(platform, well == len(theirs), f"{well} of {len(theirs)} are well", last)


def _condition(part: Condition, *, to_all: bool) -> dict[str, object]:
    hidden = to_all and part.told_to_all is not None
    return {
        "ok": part.ok,
        "detail": part.told_to_all if hidden else part.detail,
        "last_ok_at": part.last_ok_at.isoformat() if part.last_ok_at else None,
    }


async def _metrics(request: web.Request) -> web.Response:
    metrics = await request.app[CONTEXT].metrics()
    return web.Response(body=metrics.body, headers={"Content-Type": metrics.content_type})
