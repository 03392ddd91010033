"""What people ask of the bot: commands, autocompletes and presses, and Discord's three seconds."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.discord import limits
from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.world import (
    APP_ID,
    EPHEMERAL,
    LOADING,
    Channel,
    DiscordError,
    Json,
    Person,
    World,
)
from tests.waiting import HANGING

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMISSION = 2, 3, 4, 5
_MESSAGE, _DEFERRED, _DEFERRED_UPDATE, _UPDATE, _CHOICES, _MODAL = 4, 5, 6, 7, 8, 9
_ALLOWED = {
    COMMAND: {_MESSAGE, _DEFERRED, _MODAL},
    COMPONENT: {_MESSAGE, _DEFERRED, _DEFERRED_UPDATE, _UPDATE, _MODAL},
    # A modal cannot follow a modal.
    SUBMISSION: {_MESSAGE, _DEFERRED, _DEFERRED_UPDATE, _UPDATE},
    AUTOCOMPLETE: {_CHOICES},
}


@dataclass(eq=False)
class Asked:
    """One interaction and what came of it."""

    id: int
    token: str
    kind: int
    channel: Channel
    person: Person
    asked_at: float
    message: Json | None = None
    """The message whose button was pressed."""
    acked_after: float | None = None
    private: bool = False
    updates: bool = False
    """Whether the answer replaces the message that was pressed."""
    original: Json | None = None
    follow_ups: list[Json] = field(default_factory=list)
    choices: list[Json] | None = None
    modal: Json | None = None
    """The modal that opened."""
    refused: list[DiscordError] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, claim: Callable[["Asked"], bool], within: float = HANGING) -> "Asked":
        """This, once the claim holds; `TimeoutError` after `within` seconds."""
        async with asyncio.timeout(within):
            while not claim(self):
                await self._changed.wait()
        return self

    @property
    def is_answered(self) -> bool:
        return self.original is not None and not self.original["flags"] & LOADING

    async def answer(self, within: float = HANGING) -> Json:
        """The message that answers it, once it is there."""
        await self.until(lambda asked: asked.is_answered, within)
        assert self.original is not None
        return self.original

    async def form(self, within: float = HANGING) -> Json:
        """The modal that opens."""
        await self.until(lambda asked: asked.modal is not None, within)
        assert self.modal is not None
        return self.modal

    async def suggestions(self, within: float = HANGING) -> list[Json]:
        """What the autocomplete suggests."""
        await self.until(lambda asked: asked.choices is not None, within)
        assert self.choices is not None
        return self.choices


class Interactions:
    """Every interaction there was, and the endpoints that answer them."""

    def __init__(self, world: World, gateway: Gateway, *, seconds_to_answer: float = 3.0) -> None:
        self.world = world
        self.gateway = gateway
        self.seconds_to_answer = seconds_to_answer
        self.asked: dict[int, Asked] = {}

    async def ask(
        self, kind: int, data: Json, channel: Channel, person: Person, message: Json | None = None
    ) -> Asked:
        """Let somebody ask: the interaction goes to one connected bot."""
        id = self.world.next_id()
        token = f"aW50ZXJhY3Rpb246{secrets.token_hex(24)}"
        asked = Asked(id, token, kind, channel, person, self.world.clock(), message)
        self.asked[id] = asked
        payload = self._payload(asked, data)
        receiving = [each for each in self.gateway.live if each.gets(channel.guild)]
        for session in receiving[:1]:
            await session.dispatch("INTERACTION_CREATE", payload)
        return asked

    def _payload(self, asked: Asked, data: Json) -> Json:
        channel, person = asked.channel, asked.person
        permissions = str(self.world.permissions(channel, person))
        found: Json = {
            "id": str(asked.id),
            "application_id": str(APP_ID),
            "type": asked.kind,
            "data": data,
            "token": asked.token,
            "version": 1,
            "channel": self.world.channel_json(channel) | {"permissions": permissions},
            "channel_id": str(channel.id),
            "locale": person.locale,
            "app_permissions": str(self.world.permissions(channel, self.world.bot)),
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(channel.guild or 0)},
            "context": 0 if channel.guild else 1,
            "attachment_size_limit": 10_485_760,
        }
        if asked.message is not None:
            found["message"] = asked.message
        if channel.guild is None:
            return found | {"user": person.json()}
        member = self.world.member_json(person) | {"permissions": permissions}
        guild = {"id": str(channel.guild), "locale": "en-US", "features": []}
        return found | {
            "guild_id": str(channel.guild),
            "guild": guild,
            "guild_locale": "en-US",
            "member": member,
        }

    async def callback(self, id: int, token: str, body: Json) -> Json:
        """POST …/callback: the first answer, in time and once."""
        asked = self.asked.get(id)
        if asked is None or asked.token != token:
            raise DiscordError(404, 10062, "Unknown interaction")
        after = self.world.clock() - asked.asked_at
        try:
            self._check_callback(asked, after, body)
        except DiscordError as error:
            asked.refused.append(error)
            asked.note()
            raise
        asked.acked_after = after
        kind, data = body["type"], body.get("data") or {}
        resource: Json = {"type": kind}
        if kind == _CHOICES:
            asked.choices = data.get("choices", [])
        elif kind == _MODAL:
            asked.modal = data
        elif kind in {_DEFERRED_UPDATE, _UPDATE}:
            asked.updates = True
            if kind == _UPDATE:
                await self._rewrite(asked, data)
        else:
            asked.private = bool((data.get("flags") or 0) & EPHEMERAL)
            extra = {"flags": (data.get("flags") or 0) | (LOADING if kind == _DEFERRED else 0)}
            asked.original = await self._put(asked, data if kind == _MESSAGE else {}, extra)
            resource["message"] = asked.original
        asked.note()
        return {
            "interaction": {
                "id": str(asked.id),
                "type": asked.kind,
                "response_message_id": asked.original["id"] if asked.original else None,
                "response_message_loading": kind == _DEFERRED,
                "response_message_ephemeral": asked.private,
            },
            "resource": resource,
        }

    def _check_callback(self, asked: Asked, after: float, body: Json) -> None:
        if asked.acked_after is not None:
            raise DiscordError(400, 40060, "Interaction has already been acknowledged.")
        if after > self.seconds_to_answer:
            raise DiscordError(404, 10062, "Unknown interaction")
        if body.get("type") not in _ALLOWED[asked.kind]:
            raise DiscordError(400, 50035, "Invalid Form Body")
        data = body.get("data") or {}
        if body["type"] == _CHOICES:
            limits.check_choices(data.get("choices", []))
        elif body["type"] == _MODAL:
            limits.check_modal(data)
        elif body["type"] in {_MESSAGE, _UPDATE}:
            limits.check_message(data, partial=body["type"] == _UPDATE, nonce_allowed=False)

    async def _put(self, asked: Asked, data: Json, extra: Json) -> Json:
        channel = asked.channel
        message = self.world.new_message(
            channel,
            self.world.bot,
            type=20 if asked.kind == COMMAND else 0,
            application_id=str(APP_ID),
            webhook_id=str(APP_ID),
            interaction_metadata={
                "id": str(asked.id),
                "type": asked.kind,
                "user": asked.person.json(),
                "authorizing_integration_owners": {"0": str(channel.guild or 0)},
            },
            content=data.get("content") or "",
            embeds=data.get("embeds") or [],
            components=data.get("components") or [],
            **extra,
        )
        if not message["flags"] & EPHEMERAL:
            self.world.add_message(channel, message)
            seen = self.gateway.event_message(message, channel, self.world.bot)
            await self.gateway.dispatch_message("MESSAGE_CREATE", seen, channel)
        return message

    async def _rewrite(self, asked: Asked, data: Json) -> Json:
        message = asked.message if asked.updates else asked.original
        assert message is not None
        for name in ("content", "embeds", "components"):
            if name in data:
                message[name] = data[name] or ("" if name == "content" else [])
        message["flags"] &= ~LOADING
        if asked.updates:
            message["edited_timestamp"] = self.world.timestamp()
        asked.original = message
        if not message["flags"] & EPHEMERAL:
            seen = self.gateway.event_message(message, asked.channel, self.world.bot)
            await self.gateway.dispatch_message("MESSAGE_UPDATE", seen, asked.channel)
        asked.note()
        return message

    def by_token(self, token: str) -> Asked:
        """The acknowledged interaction whose token that is, within its quarter of an hour."""
        for asked in reversed(self.asked.values()):
            if asked.token == token and asked.acked_after is not None:
                if self.world.clock() - asked.asked_at > 900:
                    raise DiscordError(401, 50027, "Invalid Webhook Token")
                return asked
        raise DiscordError(404, 10015, "Unknown Webhook")

    async def edit_original(self, token: str, body: Json) -> Json:
        limits.check_message(body, partial=True, nonce_allowed=False)
        asked = self.by_token(token)
        if asked.original is None and not asked.updates:
            raise DiscordError(404, 10008, "Unknown Message")
        return await self._rewrite(asked, body)

    async def follow_up(self, token: str, body: Json) -> Json:
        limits.check_message(body, nonce_allowed=False)
        asked = self.by_token(token)
        if asked.original is not None and asked.original["flags"] & LOADING:
            return await self._rewrite(asked, body)  # it takes the place, public or not
        message = await self._put(asked, body, {"flags": body.get("flags") or 0})
        asked.follow_ups.append(message)
        asked.note()
        return message

    async def delete_original(self, token: str) -> None:
        asked = self.by_token(token)
        if asked.original is not None:
            asked.channel.messages.pop(int(asked.original["id"]), None)
            asked.original = None
        asked.note()
