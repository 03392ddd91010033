"""The server: HTTP in front of the Web API, sockets, response URLs; and what people do."""

import asyncio
import io
import json
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.fakes.slack.api import WebApi, changed_event, deleted_event, message_event
from tests.fakes.slack.faults import Fault, Limits
from tests.fakes.slack.hands import Hands
from tests.fakes.slack.modals import Modal
from tests.fakes.slack.sockets import Sockets
from tests.fakes.slack.wire import (
    SIGNING_SECRET,
    BackgroundTasks,
    Call,
    SentRequest,
    http_body,
    read_call,
    signed,
    tokens_of,
)
from tests.fakes.slack.world import APP_ID, BOT_USER, OTHER_BOT, Channel, Json, SlackError, World
from tests.ports import free_port
from tests.waiting import HANGING

ACK_SECONDS = 3.0


class FakeSlack:
    """Use as `async with FakeSlack() as slack`; `slack.url` is the base of the Web API.

    Without `events_url` the bot is spoken to through Socket Mode, else with signed requests.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
        port: int = 0,
        retries: tuple[float, ...] = (),
        team: str = "T1",
    ) -> None:
        self.world = World(clock=clock, team=team)
        self.bot_token, self.app_token = tokens_of(team)
        self.signing_secret = SIGNING_SECRET
        self.organisation = ""
        """The organisation that the workspace belongs to."""
        self.is_whole = False
        """Whether the app is there by the installation of the organisation."""
        self.api = WebApi(self.world, self.emit)
        self.hands = Hands(self.world, self._send, self._organisation_fields)
        """What people do with modals."""
        self.limits = limits
        self.faults: list[Fault] = []
        self.chaos: Callable[[str], Fault | None] = lambda _: None
        self.calls: list[Call] = []
        self.asked: list[SentRequest] = []
        self.tokens = {self.bot_token: "", self.app_token: ""}
        """Valid tokens, or the error that using one gives."""
        self.events_url: str | None = None
        self.ack_seconds = ACK_SECONDS
        self.tells_scopes = True
        self.sharing: dict[str, list[FakeSlack]] = {}
        self.sockets = Sockets()
        self.port = port
        self.extra_routes: list[web.RouteDef] = []
        self._retries = retries
        self._responses: dict[str, tuple[SentRequest, Json, str]] = {}
        self._uses: dict[str, int] = {}
        self._changed = asyncio.Condition()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._tasks = await self._stack.enter_async_context(BackgroundTasks())
        connector = aiohttp.TCPConnector(limit=0)  # Slack does not wait for a free connection
        self._session = await self._stack.enter_async_context(
            aiohttp.ClientSession(connector=connector)
        )
        app = web.Application(client_max_size=1 << 22)
        app.add_routes(self.extra_routes)
        app.router.add_route("*", "/api/{method}", self.serve_api)
        app.router.add_get("/link/", self._serve_socket)
        app.router.add_post("/upload/{file}", self._serve_upload)
        app.router.add_post("/response/{number}", self._serve_response)
        app.router.add_post("/control", self._serve_control)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        self._stack.push_async_callback(self.sockets.close)
        site = web.TCPSite(runner, "127.0.0.1", self.port or free_port())
        await site.start()
        self.port = runner.addresses[0][1]
        self.world.upload_base = f"http://127.0.0.1:{self.port}/upload/"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    # What a test looks at

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until something holds; whatever happens here makes it look again."""
        async with asyncio.timeout(HANGING), self._changed:
            while not (value := holds()):
                await self._changed.wait()
            return value

    def channel(self, channel: str = "C1") -> Channel:
        return self.world.channels[channel]

    def messages(self, channel: str = "C1") -> list[Json]:
        """What the bot has posted to a channel, replies left out."""
        return [m for m in self.channel(channel).roots() if m["user"] == BOT_USER]

    def replies(self, root: str, channel: str = "C1") -> list[Json]:
        """What stands in a thread below its root."""
        return [m for m in self.channel(channel).thread(root) if m["ts"] != root]

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    async def modal(self, user: str = "U1") -> Modal:
        """The modal that somebody has before them, once there is one."""
        return await self.until(lambda: self.world.modals.before(user))  # type: ignore[no-any-return]

    # What people do

    async def command(
        self, line: str, *, user: str = "U1", channel: str = "C1", **overrides: Any
    ) -> SentRequest:
        """A typed slash command; returns when the bot has acknowledged it, or has not in 3 s."""
        name, _, text = line.partition(" ")
        payload = self._signature_fields(user, channel) | {
            "command": name,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": str(self.is_whole).lower(),
        }
        if self.organisation:
            payload |= {"enterprise_id": self.organisation, "enterprise_name": "An organisation"}
        asked = SentRequest("slash_commands", payload)
        payload["response_url"] = self._response_url(asked, {}, channel)
        return await self._send(asked, overrides)

    async def press(
        self,
        message: Json | None,
        button: Json,
        *,
        user: str = "U1",
        channel: str = "C1",
        **overrides: Any,
    ) -> SentRequest:
        """A pressed button or a chosen option (then `button` is the option's `choice`)."""
        person = self.world.people[user]
        action = {"action_ts": self.world.next_ts(), **button}
        stays = message is not None and message.get("ts") in self.channel(channel).messages
        payload: Json = {
            "type": "block_actions",
            "user": {
                "id": user,
                "username": person.name,
                "name": person.name,
                "team_id": self.world.team,
            },
            "api_app_id": APP_ID,
            "container": {
                "type": "message",
                "message_ts": (message or {}).get("ts") or self.world.next_ts(),
                "channel_id": channel,
                "is_ephemeral": not stays,
            },
            "trigger_id": self.world.modals.trigger(user),
            "team": {"id": self.world.team, "domain": "papers"},
            "channel": {"id": channel, "name": self.channel(channel).name},
            "actions": [action],
            **self._organisation_fields(),
        }
        if stays and message is not None:
            payload["message"] = dict(message)
            if "thread_ts" in message:
                payload["container"]["thread_ts"] = message["thread_ts"]
        asked = SentRequest("interactive", payload)
        payload["response_url"] = self._response_url(asked, message or {}, channel)
        return await self._send(asked, overrides)

    async def press_home(self, button: Json, *, user: str = "U1") -> SentRequest:
        """A pressed button of the App Home: there is no channel and no response URL."""
        payload: Json = {
            "type": "block_actions",
            "user": {"id": user, "team_id": self.world.team},
            "api_app_id": APP_ID,
            "container": {"type": "view", "view_id": "V1"},
            "trigger_id": self.world.modals.trigger(user),
            "team": {"id": self.world.team, "domain": "papers"},
            "view": {"id": "V1", "type": "home", "team_id": self.world.team},
            "actions": [{"action_ts": self.world.next_ts(), **button}],
            **self._organisation_fields(),
        }
        if self.is_whole:
            payload["team"] = None  # the app is installed in none
        return await self._send(SentRequest("interactive", payload), {})

    async def open_home(self, *, user: str = "U1") -> SentRequest:
        """Somebody looks at the bot's home."""
        event = {"type": "app_home_opened", "user": user, "tab": "home", "channel": f"D{user}"}
        return await self.event({**event, "event_ts": self.world.next_ts()})

    async def say(
        self,
        text: str,
        *,
        user: str = "U1",
        channel: str = "C1",
        thread: str | None = None,
        told: bool = True,
        **more: Any,
    ) -> Json:
        """Somebody says something; the bot is told if it is there. Returns the message.

        `more` are further fields of the message: `files`, `attachments`, `blocks`, `subtype`.
        """
        place = self.channel(channel)
        message = self.world.add_message(place, user=user, text=text, thread=thread)
        message |= more
        if not told:
            return message
        self.emit(message_event(place, message))
        if f"<@{BOT_USER}>" in text and not place.direct:
            self.emit(message_event(place, message) | {"type": "app_mention"})
        await self._notify()
        return message

    async def edit(self, message: Json, text: str, *, channel: str = "C1") -> Json:
        """Somebody changes what they said."""
        place = self.channel(channel)
        previous = dict(message)
        message |= {"text": text, "edited": {"user": message["user"], "ts": self.world.next_ts()}}
        self.emit(changed_event(place, message, previous, self.world))
        await self._notify()
        return message

    async def change(self, message: Json, *, channel: str = "C1", **fields: Any) -> Json:
        """Slack or an app changes a message; nobody edited it."""
        place = self.channel(channel)
        previous = dict(message)
        message |= fields
        self.emit(changed_event(place, message, previous, self.world))
        await self._notify()
        return message

    async def take_back(self, message: Json, *, channel: str = "C1") -> None:
        """Somebody deletes what they said."""
        place = self.channel(channel)
        previous = self.world.remove_message(place, message["ts"])
        self.emit(deleted_event(place, previous, self.world))
        await self._notify()

    async def react(
        self,
        message: Json,
        emoji: str = "+1",
        *,
        user: str = "U1",
        channel: str = "C1",
        is_added: bool = True,
        told: bool = True,
    ) -> None:
        """Somebody puts an emoji on a message, or takes it away; the bot is told if it is there."""
        place = self.channel(channel)
        if not self.world.react(place.messages[message["ts"]], user, emoji, is_added=is_added):
            return
        event = {
            "type": "reaction_added" if is_added else "reaction_removed",
            "user": user,
            "reaction": emoji,
            "item_user": message["user"],
            "item": {"type": "message", "channel": channel, "ts": message["ts"]},
            "event_ts": self.world.next_ts(),
        }
        if told and BOT_USER in place.members and "reactions:read" in self.world.scopes:
            self._tasks.start(self._deliver(event))
            await self._notify()

    # How the bot is told

    def emit(self, event: Json) -> None:
        """Send an event if the bot is in the channel where it happened."""
        channel = self.world.channels.get(str(event.get("channel")))
        if channel is not None and BOT_USER not in channel.members:
            return
        self._tasks.start(self._deliver(event))
        for each in self.sharing.get(str(event.get("channel")), ()):
            each.hear(event)

    def hear(self, event: Json) -> None:
        """Be told of what happened in a channel that another workspace shares."""
        if BOT_USER in self.world.channels[event["channel"]].members:
            theirs = {"parent_user_id": OTHER_BOT} if "parent_user_id" in event else {}
            self._tasks.start(self._deliver(event | theirs))

    async def _deliver(self, event: Json) -> None:
        if self.events_url is None and not self.sockets.open:
            return
        await self.event(event)

    async def event(self, event: Json, *, event_id: str = "", **overrides: Any) -> SentRequest:
        """Send an event and, unacknowledged, again, as Slack does.

        `overrides` are fields of the envelope around it.
        """
        payload = {
            "team_id": self.world.team,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": event_id or f"Ev{self.world.next_number():08d}",
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": self.organisation or None,
                    "team_id": self.world.team,
                    "user_id": BOT_USER,
                    "is_bot": True,
                    "is_enterprise_install": self.is_whole,
                }
            ],
            **({"enterprise_id": self.organisation} if self.organisation else {}),
            **overrides,
        }
        asked = await self._send(SentRequest("events_api", payload), {})
        for attempt, pause in enumerate(self._retries, start=1):
            if asked.acknowledged:
                break
            await asyncio.sleep(pause)
            again = {"retry_attempt": attempt, "retry_reason": "timeout"}
            asked = await self._send(SentRequest("events_api", payload), again)
        return asked

    async def redeliver(self, asked: SentRequest) -> SentRequest:
        """The same once more, as Slack does when it missed an acknowledgement."""
        again = SentRequest(asked.kind, asked.payload, answers=asked.answers)
        return await self._send(again, {"retry_attempt": 1, "retry_reason": "timeout"})

    async def _send(self, asked: SentRequest, overrides: Mapping[str, Any]) -> SentRequest:
        asked.payload |= {k: v for k, v in overrides.items() if not k.startswith("retry_")}
        self.asked.append(asked)
        started = time.monotonic()
        if self.events_url is not None:
            await self._send_http(asked, overrides)
        else:
            retry = {k: v for k, v in overrides.items() if k.startswith("retry_")}
            acknowledged, response = await self.sockets.push(
                asked.kind, asked.payload, retry, seconds=self.ack_seconds
            )
            asked.response = response
            if acknowledged:
                asked.acknowledged_after = time.monotonic() - started
        await self._notify()
        return asked

    async def _send_http(self, asked: SentRequest, overrides: Mapping[str, Any]) -> None:
        body, content_type = http_body(asked)
        # A repetition is signed anew, in another second.
        at = asked.signed_at = time.time() + int(overrides.get("retry_attempt", 0))
        headers = signed(body, at=at, secret=self.signing_secret) | {"Content-Type": content_type}
        if "retry_attempt" in overrides:
            headers["X-Slack-Retry-Num"] = str(overrides["retry_attempt"])
            headers["X-Slack-Retry-Reason"] = str(overrides["retry_reason"])
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.ack_seconds):
                asked.status, answer = await self.post_raw(body, headers)
        except (TimeoutError, aiohttp.ClientError):
            return
        if asked.status == 200:
            asked.acknowledged_after = time.monotonic() - started
            asked.response = json.loads(answer) if answer.startswith("{") else {}

    async def post_raw(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """A request to the bot exactly as it is given: also a forged one."""
        if self.events_url is None:
            raise AssertionError("the bot is not in HTTP mode")
        sent = io.BytesIO(body)
        async with self._session.post(self.events_url, data=sent, headers=headers) as response:
            return response.status, await response.text()

    def _organisation_fields(self) -> Json:
        whole = {"is_enterprise_install": self.is_whole}
        if not self.organisation:
            return {"enterprise": None, **whole}
        return {"enterprise": {"id": self.organisation, "name": "An organisation"}, **whole}

    def _signature_fields(self, user: str, channel: str) -> Json:
        return {
            "team_id": self.world.team,
            "team_domain": "papers",
            "channel_id": channel,
            "channel_name": self.world.channels[channel].name,
            "user_id": user,
            "user_name": self.world.people[user].name,
            "trigger_id": self.world.modals.trigger(user),
        }

    def _response_url(self, asked: SentRequest, message: Json, channel: str) -> str:
        number = f"R{self.world.next_number()}"
        self._responses[number] = (asked, message, channel)
        return f"http://127.0.0.1:{self.port}/response/{number}"

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # What the bot calls

    async def serve_api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        token, args = await read_call(request)
        call = Call(method, args, time.monotonic())
        self.calls.append(call)
        fault = self._fault(method)
        if fault is not None and fault.when == "before":
            if fault.delay:
                await asyncio.sleep(fault.delay)
            if (broken := self._break(request, call, fault)) is not None:
                return broken
        response = self._answer(call, token)
        await self._notify()
        if fault is not None and fault.when == "after":
            if fault.delay:
                await asyncio.sleep(fault.delay)
            if (broken := self._break(request, call, fault)) is not None:
                return broken
        return response

    def _fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.method in {"*", method}:
                fault.times -= 1
                return fault
        return self.chaos(method)

    def _break(self, request: web.Request, call: Call, fault: Fault) -> web.Response | None:
        if fault.drop:
            call.answer += " (dropped)"
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if fault.error:
            call.answer = fault.error
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            body = {"ok": False, "error": fault.error}
            return web.json_response(body, status=fault.status or 200, headers=headers)
        if fault.status:
            named = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            call.answer += f" (status {fault.status})"
            body_text = fault.body if fault.body is not None else "<html>error</html>"
            kind = "application/json" if body_text.startswith("{") else "text/html"
            return web.Response(
                status=fault.status, text=body_text, content_type=kind, headers=named
            )
        return None

    def _answer(self, call: Call, token: str) -> web.Response:
        if wait := self._wait(call):
            call.answer = "ratelimited"
            body = {"ok": False, "error": "ratelimited"}
            return web.json_response(body, status=429, headers={"Retry-After": str(wait)})
        try:
            self._authorise(call.method, token)
            if call.method == "apps.connections.open":
                ticket = self.sockets.new_ticket()
                answer: Json = {"url": f"ws://127.0.0.1:{self.port}/link/?ticket={ticket}"}
            else:
                answer = self.api.call(call.method, self._within_limits(call))
        except SlackError as error:
            call.answer = error.name
            return self._json({"ok": False, "error": error.name, **error.more})
        call.answer = "ok"
        return self._json({"ok": True, **answer})

    def _within_limits(self, call: Call) -> Json:
        if self.limits is None or "limit" not in call.args:
            return call.args
        return call.args | {"limit": min(int(call.args["limit"]), self.limits.page)}

    def _json(self, body: Json) -> web.Response:
        scopes = ",".join(sorted(self.world.scopes))
        headers = {"x-oauth-scopes": scopes} if self.tells_scopes else {}
        return web.json_response(body, headers=headers)

    def _authorise(self, method: str, token: str) -> None:
        if not token:
            raise SlackError("not_authed")
        if self.tokens.get(token, "invalid_auth"):
            raise SlackError(self.tokens.get(token, "invalid_auth"))
        if (token == self.app_token) != (method == "apps.connections.open"):
            raise SlackError("not_allowed_token_type")

    def _wait(self, call: Call) -> int:
        if self.limits is None:
            return 0
        if wait := self.limits.wait_to_call(call.method):
            return wait
        if call.method == "chat.postMessage":
            return self.limits.wait_to_post(str(call.args.get("channel")))
        return 0

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        return await self.sockets.serve(request)

    async def _serve_upload(self, request: web.Request) -> web.Response:
        """The address that `files.getUploadURLExternal` gave: it takes the bytes once."""
        fault = self._fault("upload")
        if fault is not None:
            return web.Response(status=fault.status or 500)
        file = self.world.files.get(request.match_info["file"])
        data = await request.read()
        if file is None or file.data is not None or len(data) != file.length:
            return web.Response(status=400, text="upload failed")
        file.data = data
        return web.Response(text=f"OK - {len(data)}")

    async def _serve_response(self, request: web.Request) -> web.Response:
        call = Call("response_url", await request.json(), time.monotonic())
        self.calls.append(call)
        fault = self._fault("response_url")
        if fault is not None and fault.when == "before":
            broken = self._break(request, call, fault)
            if broken is not None:
                return broken
        response = self._take_response(request.match_info["number"], call)
        await self._notify()
        if fault is not None and fault.when == "after":
            broken = self._break(request, call, fault)
            if broken is not None:
                return broken
        return response

    def _take_response(self, number: str, call: Call) -> web.Response:
        self._uses[number] = self._uses.get(number, 0) + 1
        if number not in self._responses or self._uses[number] > 5:
            return web.Response(status=404, text="used_url")
        asked, pressed, channel = self._responses[number]
        try:
            self._respond(call.args, pressed, self.world.channels[channel])
        except SlackError as error:
            return web.Response(status=400, text=error.name)
        call.answer = "ok"
        asked.answers.append(call.args)
        return web.Response(text="ok")

    def _respond(self, body: Json, pressed: Json, channel: Channel) -> None:
        """What a response URL does with a body: a message for all, or for one, or a new text."""
        text, blocks = self.api._content(body)
        if body.get("replace_original"):
            pressed |= {"text": text, "blocks": blocks}
        elif body.get("response_type") == "in_channel":
            self.world.add_message(
                channel, user=BOT_USER, text=text, blocks=blocks, thread=body.get("thread_ts")
            )

    async def _serve_control(self, request: web.Request) -> web.Response:
        """`{"do": "say", "with": {…}}`: the driving methods, for another process."""
        order = await request.json()
        match order["do"]:
            case "say" | "edit" | "command" | "press" | "open_home":
                done = await getattr(self, order["do"])(**order.get("with", {}))
                answer = done if isinstance(done, dict) else vars(done)
            case "fault":
                self.faults.append(Fault(**order["with"]))
                answer = {}
            case "channels":
                for number in range(order["with"]["count"]):
                    self.world.add_channel(f"C{number}", f"channel-{number}")
                answer = {}
            case "people":
                for number in range(order["with"]["count"]):
                    self.world.add_person(f"U{number}", f"Person {number}")
                answer = {}
            case "limits":
                self.limits = Limits()
                answer = {}
            case "messages":
                answer = {"messages": self.channel(order["with"]["channel"]).messages}
            case "calls":
                answer = {"calls": [vars(call) for call in self.calls]}
            case other:
                raise web.HTTPBadRequest(text=f"cannot {other}")
        return web.json_response(answer)
