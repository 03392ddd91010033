"""The fake Discord as a server on 127.0.0.1, and what people do in it."""

import asyncio
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from tests.fakes.discord import spec
from tests.fakes.discord.faults import Fault, Rates
from tests.fakes.discord.gateway import GUILD_REACTIONS, GUILDS, Gateway
from tests.fakes.discord.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    SUBMISSION,
    Asked,
    Interactions,
)
from tests.fakes.discord.rest import Handler, Rest
from tests.fakes.discord.world import (
    Channel,
    DiscordError,
    Json,
    Person,
    World,
    emoji_json,
)
from tests.ports import free_port
from tests.waiting import HANGING

_PREFIX = "/api/v10"
_WITHOUT_TOKEN = frozenset({"callback", "original", "followup"})


@dataclass
class Request:
    """One request that came in, and the status it was answered with (0: cut off)."""

    method: str
    path: str
    route: str
    body: Any
    at: float
    status: int = 0
    complaints: tuple[str, ...] = ()


class FakeDiscord:
    """A whole Discord. `async with FakeDiscord() as discord:` and point a bot at its addresses."""

    def __init__(self, *, validates: bool = True) -> None:
        self.world = World()
        self.gateway = Gateway(self.world, lambda: self.gateway_url)
        self.interactions = Interactions(self.world, self.gateway)
        self.rest = Rest(self.world, self.gateway, self.interactions)
        self.rates = Rates()
        self.faults: list[Fault] = []
        self.chaos: Callable[[str, str], Fault | None] = lambda _method, _route: None
        """Faults by chance: asked with each request's method and route."""
        self.requests: list[Request] = []
        self.validates = validates
        self.extra_routes: list[web.RouteDef] = []
        self.port = 0
        self._runner: web.AppRunner | None = None
        self._changed = asyncio.Event()

    @property
    def api_base(self) -> str:
        return f"http://127.0.0.1:{self.port}{_PREFIX}"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gw/"

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/control/"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen; after a `stop` the same world may listen again, on the same port."""
        app = web.Application()
        app.router.add_get("/gw/", self.gateway.serve)
        app.add_routes(self.extra_routes)
        app.router.add_route("*", _PREFIX + "/{tail:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port or free_port())
        await site.start()
        server = site._server
        assert isinstance(server, asyncio.Server)
        self.port = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self.gateway.stop()
            await self._runner.cleanup()
            self._runner = None

    # What went over the wire

    def fail(self, fault: Fault) -> None:
        self.faults.append(fault)

    def sent(self, route: str, method: str | None = None) -> list[Request]:
        """The requests to a route, as `rest.py` names it."""
        found = [request for request in self.requests if request.route == route]
        return [request for request in found if method in {None, request.method}]

    @property
    def complaints(self) -> list[str]:
        """What the published schema holds against any body that was sent."""
        return [f"{r.method} {r.path}: {c}" for r in self.requests for c in r.complaints]

    async def until(self, claim: Any) -> None:
        """Wait until `claim()` holds, looked at after each request and gateway change."""
        async with asyncio.timeout(HANGING):
            while not claim():
                waits = [
                    asyncio.ensure_future(self._changed.wait()),  # noqa: TID251 - raced below
                    asyncio.ensure_future(self.gateway.changed.wait()),  # noqa: TID251 - as above
                ]
                try:
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED, timeout=0.2)
                finally:
                    for wait in waits:
                        wait.cancel()

    async def connected(self) -> None:
        """Wait until a bot is on the gateway."""
        await self.until(lambda: bool(self.gateway.live))

    async def _serve(self, http: web.Request) -> web.StreamResponse:
        path = http.path.removeprefix(_PREFIX)
        body = await read_body(http)
        found = self.rest.find(http.method, path)
        route, at, handler = found or ("unknown", {}, _unknown)
        entry = Request(http.method, path, route, body, self.world.clock())
        self.requests.append(entry)
        try:
            response = await self._respond(http, entry, at, handler)
        finally:
            self._changed.set()
            self._changed = asyncio.Event()
        entry.status = response.status
        return response

    async def _respond(
        self, http: web.Request, entry: Request, at: dict[str, str], handler: Handler
    ) -> web.StreamResponse:
        place = at.get("channel") or at.get("token") or at.get("guild") or ""
        now = asyncio.get_running_loop().time()
        headers, wait, overall = self.rates.take(entry.route, place, now)
        if wait > 0:
            return too_many(wait, is_global=overall, headers=headers)
        fault = self.chaos(http.method, entry.route) or self._fault(http.method, entry.path)
        if fault is not None:
            await fault.wait()
        if (
            fault is not None
            and fault.when == "before"
            and not (fault.is_slow and _only_slow(fault))
        ):
            return self._break(http, fault, headers)
        try:
            self._authorise(http, entry)
            self._validate(entry)
            answer = await handler(at, entry.body, dict(http.query))
        except DiscordError as error:
            return _json(error.body, error.status, headers)
        if fault is not None and fault.when == "after" and not _only_slow(fault):
            return self._break(http, fault, headers)
        if answer is None:
            return web.Response(status=204, headers=headers)
        return _json(answer, 200, headers)

    def _authorise(self, http: web.Request, entry: Request) -> None:
        if entry.route in _WITHOUT_TOKEN:
            return
        if http.headers.get("Authorization") != f"Bot {self.world.token}":
            raise DiscordError(401, 0, "401: Unauthorized")

    def _validate(self, entry: Request) -> None:
        if not self.validates or entry.body is None:
            return
        entry.complaints = tuple(spec.complaints(entry.method, entry.route, entry.body))
        if entry.complaints:
            raise DiscordError(400, 50035, "Invalid Form Body", {"spec": list(entry.complaints)})

    def _fault(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.meets(method, path):
                return fault
        return None

    def _break(
        self, http: web.Request, fault: Fault, headers: dict[str, str]
    ) -> web.StreamResponse:
        if fault.drop:
            assert isinstance(http.transport, asyncio.Transport)
            http.transport.abort()
            return web.Response(status=444)
        if fault.status == 429:
            return too_many(
                fault.retry_after,
                is_global=fault.is_global,
                headers=headers,
                scope=fault.scope,
                via=fault.via,
            )
        if fault.body is not None:
            return web.Response(
                status=fault.status, text=fault.body, content_type="text/html", headers=headers
            )
        return _json({"message": fault.message, "code": fault.code}, fault.status, headers)

    # What people do

    def channel(self, id: int) -> Channel:
        return self.world.channels[id]

    def person(self, id: int = 101) -> Person:
        return self.world.people[id]

    def messages(self, channel: int) -> list[Json]:
        """What stands in a channel or thread, oldest first."""
        return list(self.world.channels[channel].messages.values())

    async def types(
        self, name: str, options: dict[str, str] | None = None, *, by: int = 101, at: int = 11
    ) -> Asked:
        """Somebody sends `/name …`."""
        data = _command_data(name, options or {})
        return await self.interactions.ask(COMMAND, data, self.channel(at), self.person(by))

    async def completes(
        self, name: str, option: str, typed: str, *, by: int = 101, at: int = 11
    ) -> Asked:
        """Somebody is typing into an option of `/name`."""
        data = _command_data(name, {option: typed}, focused=option)
        return await self.interactions.ask(AUTOCOMPLETE, data, self.channel(at), self.person(by))

    async def chooses_on(self, message: Json, name: str, *, by: int = 101) -> Asked:
        """Somebody picks a command from the menu of a message."""
        data = {
            "id": "1",
            "name": name,
            "type": 3,
            "target_id": message["id"],
            "resolved": {"messages": {message["id"]: dict(message)}},
        }
        channel = self.channel(int(message["channel_id"]))
        return await self.interactions.ask(COMMAND, data, channel, self.person(by))

    async def submits(self, opened: Asked, values: dict[str, str]) -> Asked:
        """The person whose modal it is changes the text of these fields, and submits it."""
        modal = await opened.form()
        components = []
        for number, label in enumerate(modal["components"], start=1):
            held = label["component"]
            value = values.get(held["custom_id"], held.get("value") or "")
            if len(value) > (held.get("max_length") or 4000):
                raise ValueError(f"{held['custom_id']}: Discord takes no more characters")
            if held.get("required", True) and not value:
                raise ValueError(f"{held['custom_id']}: required")
            one = {"type": 4, "id": 100 + number, "custom_id": held["custom_id"], "value": value}
            components.append({"type": 18, "id": number, "component": one})
        data = {"custom_id": modal["custom_id"], "components": components}
        return await self.interactions.ask(
            SUBMISSION, data, opened.channel, opened.person, opened.message
        )

    async def presses(self, message: Json, label: str, *, by: int = 101) -> Asked:
        """Somebody presses the button of that label under a message."""
        button = next(c for c in components_of(message) if c.get("label") == label)
        data = {"component_type": 2, "custom_id": button["custom_id"], "id": button.get("id", 1)}
        return await self._component(data, message, by)

    async def picks(self, message: Json, label: str, *, by: int = 101) -> Asked:
        """Somebody picks the option of that label from a select under a message."""
        select, value = next(
            (c, option["value"])
            for c in components_of(message)
            for option in c.get("options", [])
            if option["label"] == label
        )
        data = {"component_type": 3, "custom_id": select["custom_id"], "values": [value], "id": 1}
        return await self._component(data, message, by)

    async def _component(self, data: Json, message: Json, by: int) -> Asked:
        channel = self.channel(int(message["channel_id"]))
        return await self.interactions.ask(COMPONENT, data, channel, self.person(by), dict(message))

    async def says(
        self,
        text: str,
        *,
        by: int = 101,
        at: int = 11,
        mentions_bot: bool = False,
        files: tuple[str, ...] = (),
        fields: Json | None = None,
    ) -> Json:
        """Somebody says something in a channel or thread; `fields` stand beside the text."""
        channel, person = self.channel(at), self.person(by)
        mentions = [self.world.bot.json()] if mentions_bot else []
        message = self.world.new_message(
            channel,
            person,
            content=text,
            mentions=mentions,
            attachments=[self.world.attachment(name) for name in files],
        )
        message |= fields or {}
        await self.rest.wake(channel)
        self.world.add_message(channel, message)
        seen = self.gateway.event_message(message, channel, person)
        await self.gateway.dispatch_message("MESSAGE_CREATE", seen, channel)
        return message

    async def edits(self, message: Json, text: str) -> None:
        """Somebody changes what they said."""
        channel = self.channel(int(message["channel_id"]))
        person = self.person(int(message["author"]["id"]))
        message |= {"content": text, "edited_timestamp": self.world.timestamp()}
        seen = self.gateway.event_message(message, channel, person)
        await self.gateway.dispatch_message("MESSAGE_UPDATE", seen, channel)

    async def takes_back(self, message: Json) -> None:
        """Somebody deletes a message."""
        channel = self.channel(int(message["channel_id"]))
        await self.rest.remove(channel, int(message["id"]))

    async def reacts(
        self, message: Json, emoji: str = "👍", *, by: int = 101, is_added: bool = True
    ) -> None:
        """Somebody puts an emoji on a message, or takes it away."""
        channel = self.channel(int(message["channel_id"]))
        stored = channel.messages[int(message["id"])]
        person = self.world.bot if by == self.world.bot.id else self.person(by)
        if not self.world.react(stored, person, emoji, is_added=is_added):
            return
        data = _reaction_place(stored, channel)
        data |= {"user_id": str(by), "emoji": emoji_json(emoji), "burst": False, "type": 0}
        if is_added:
            data["message_author_id"] = stored["author"]["id"]
        name = "MESSAGE_REACTION_ADD" if is_added else "MESSAGE_REACTION_REMOVE"
        await self.gateway.dispatch(name, data, intent=GUILD_REACTIONS)

    async def clears(self, message: Json, emoji: str | None = None) -> None:
        """A moderator removes all reactions to a message, or all of one emoji."""
        channel = self.channel(int(message["channel_id"]))
        stored = channel.messages[int(message["id"])]
        self.world.clear_reactions(stored, emoji)
        data = _reaction_place(stored, channel)
        name = "MESSAGE_REACTION_REMOVE_ALL"
        if emoji is not None:
            name, data = "MESSAGE_REACTION_REMOVE_EMOJI", data | {"emoji": emoji_json(emoji)}
        await self.gateway.dispatch(name, data, intent=GUILD_REACTIONS)

    async def opens_thread(self, message: Json, name: str, *, by: int = 101) -> Channel:
        """Somebody opens a thread from a message."""
        parent = self.channel(int(message["channel_id"]))
        return await self.rest.new_thread(parent, int(message["id"]), name, owner=by)

    async def deletes_thread(self, thread: int) -> None:
        """A moderator deletes a whole thread: no deletion of its messages is told.

        https://discord.com/developers/docs/events/gateway-events#thread-delete
        """
        gone = self.channel(thread)
        self.world.delete_thread(gone)
        place = {"guild_id": str(gone.guild), "parent_id": str(gone.parent), "type": gone.type}
        await self.gateway.dispatch("THREAD_DELETE", {"id": str(thread), **place}, intent=GUILDS)

    def forget_nonces(self) -> None:
        """Minutes pass: nonces are no longer remembered."""
        self.rest.nonces.clear()


def _reaction_place(message: Json, channel: Channel) -> Json:
    return {
        "message_id": message["id"],
        "channel_id": str(channel.id),
        **({"guild_id": str(channel.guild)} if channel.guild is not None else {}),
    }


def components_of(message: Json) -> list[Json]:
    """Every button and select of a message, in order."""
    found: list[Json] = []
    for component in message.get("components") or []:
        if component.get("components"):
            found += components_of(component)
        elif component.get("type") in {2, 3}:
            found.append(component)
        if component.get("accessory"):
            found.append(component["accessory"])
    return found


def text_of(message: Json) -> str:
    """Everything that a message says, as Markdown."""
    parts = [message.get("content") or ""]
    parts += [embed.get("description") or "" for embed in message.get("embeds") or []]
    return "\n".join(part for part in parts if part)


def too_many(
    wait: float, *, is_global: bool, headers: dict[str, str], scope: str = "user", via: bool = True
) -> web.Response:
    """A 429; without `Via` it looks like the proxy's own, a ban."""
    headers = headers | {
        "Retry-After": str(math.ceil(wait)),
        "X-RateLimit-Scope": "global" if is_global else scope,
        "X-RateLimit-Reset-After": f"{wait:.3f}",
    }
    if is_global:
        headers["X-RateLimit-Global"] = "true"
    if via:
        headers["Via"] = "1.1 google"
    body = {"message": "You are being rate limited.", "retry_after": wait, "global": is_global}
    return _json(body, 429, headers)


def _json(body: Any, status: int, headers: dict[str, str]) -> web.Response:
    # Exactly this content type: the client does not parse one with a charset.
    headers = headers | {"Content-Type": "application/json"}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=headers)


async def _unknown(_at: dict[str, str], _body: Any, _query: dict[str, str]) -> Any:
    raise DiscordError(404, 0, "404: Not Found")


def _only_slow(fault: Fault) -> bool:
    return not fault.status and not fault.drop


def _command_data(name: str, options: dict[str, str], focused: str | None = None) -> Json:
    return {
        "id": "5000",
        "name": name,
        "type": 1,
        "options": [
            {"name": key, "type": 3, "value": value} | ({"focused": True} if key == focused else {})
            for key, value in options.items()
        ],
    }


async def read_body(http: web.Request) -> Any:
    """The JSON of a request; files beside it are put into its `attachments`.

    https://docs.discord.com/developers/reference#uploading-files
    """
    if not http.content_type.startswith("multipart/"):
        raw = await http.read()
        return json.loads(raw) if raw else None
    form = await http.post()
    body = json.loads(str(form["payload_json"]))
    around = body.get("message", body)
    files = {name: part for name, part in form.items() if isinstance(part, web.FileField)}
    if set(files) != {f"files[{each['id']}]" for each in around.get("attachments", [])}:
        raise web.HTTPBadRequest
    for each in around["attachments"]:
        # The published schema knows ids of files as texts only; the documentation sends numbers.
        each["id"] = str(each["id"])
    return body
