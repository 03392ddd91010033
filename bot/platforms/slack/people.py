"""Looks up people and channels in Slack, with a short cache."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain.dataclass import dataclass
from bot.core.ports import ChatError, ChatUnavailableError, ChatUncertainError, User
from bot.platforms.slack.addresses import home_of
from bot.platforms.slack.api import call, sorted_errors

log = logging.getLogger(__name__)

T = TypeVar("T")

_CACHED_FOR = timedelta(minutes=5)
_UNKNOWN_CACHED_FOR = timedelta(seconds=30)
_FAILED_FOR = timedelta(seconds=3)
"""A failed look-up counts for so long: for the names in one message, or while many write at once."""
_MOST = 5000
_ROLES = ("admin", "owner", "primary_owner")
_SECONDS = 3.0
"""The answer waits for a look-up; after this it goes without the person's language."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the workspace; `locale` as Slack says it (`ko-KR`), empty if it does not."""

    id: str
    name: str
    locale: str = ""
    is_admin: bool = False
    team: str = ""
    """Their own workspace, which in a shared channel may be another one; empty if Slack is silent."""
    is_unsure: bool = False
    """Slack could not be asked for now."""


@dataclass(frozen=True, slots=True)
class _Channel:
    """A channel's creator, and its name if the channel is public.

    `direct_with` is the person whose direct messages with the bot it is; those of two people are no
    channel that the bot sees. `is_unsure`: Slack could not be asked for now.
    """

    creator: str = ""
    direct_with: str = ""
    public_name: str = ""
    is_unsure: bool = False


class _Cache(Generic[T]):
    """Values with a time to live, by name."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._values: dict[str, tuple[datetime, T]] = {}

    def find(self, name: str) -> T | None:
        until, value = self._values.get(name, (None, None))
        return value if until is not None and until > self._clock() else None

    def put(self, name: str, value: T, length: timedelta) -> T:
        if len(self._values) >= _MOST:
            self._values.clear()
        self._values[name] = (self._clock() + length, value)
        return value


class UserDirectory:
    """Looks up people and channels; a failed look-up gives a person without rights, who is unsure.

    With `surely` a look-up that failed for now raises `ChatError` instead: for what is stored, of which
    a wrong name and workspace would stay.

    `team` is set where the token is for a whole organisation: Slack may then tell what somebody is in
    another of its workspaces.
    """

    def __init__(
        self, client: AsyncWebClient, *, clock: Callable[[], datetime], team: str = ""
    ) -> None:
        self._client = client
        self._team = team
        self._people: _Cache[Person] = _Cache(clock)
        self._failed: _Cache[Person] = _Cache(clock)
        self._channels: _Cache[_Channel] = _Cache(clock)

    async def person(self, user: str, *, name: str = "", surely: bool = False) -> Person:
        """The member with that id; `name` is used if Slack gives none."""
        if (kept := self._people.find(user)) is not None:
            return kept
        if not surely and (failed := self._failed.find(user)) is not None:
            return failed
        unknown = Person(user, name or user)
        try:
            with sorted_errors():
                request = self._client.users_info(user=user, include_locale=True)
                found = (await call(request, seconds=_SECONDS))["user"]
        except (ChatError, KeyError) as error:
            is_for_now = _is_for_now(error)
            if surely and is_for_now:
                raise
            log.warning("the name of user %s could not be looked up: %s", user, error)
            if is_for_now:
                return self._failed.put(user, replace(unknown, is_unsure=True), _FAILED_FOR)
            return self._people.put(user, unknown, _UNKNOWN_CACHED_FOR)
        profile = found.get("profile") or {}
        shown = profile.get("display_name") or found.get("real_name") or found.get("name")
        admin = self._is_admin(found)
        locale = str(found.get("locale") or "")
        team = str(found.get("team_id") or "")
        person = Person(user, str(shown or name or user), locale, admin, team)
        return self._people.put(user, person, _CACHED_FOR)

    def _is_admin(self, found: Mapping[str, Any]) -> bool:
        is_known_of_team = not self._team or found.get("team_id") == self._team
        if is_known_of_team and any(found.get(f"is_{role}") for role in _ROLES):
            return True
        of_organisation = found.get("enterprise_user") or {}
        return bool(self._team) and any(of_organisation.get(f"is_{role}") for role in _ROLES)

    async def user(
        self, user: str, channel: str, *, name: str = "", surely: bool = False
    ) -> tuple[User, str]:
        """The person with their rights in a channel, and their locale.

        Admins and owners of the workspace and the creator of a channel may manage it, and everybody
        their own direct messages with the bot.
        """
        person = await self.person(user, name=name, surely=surely)
        is_known = person.is_admin or channel == home_of(user)
        place = _Channel() if is_known else await self._channel(channel)
        may = person.is_admin or place.creator == user
        is_own = channel == home_of(user) or place.direct_with == user
        asking = User(
            person.id,
            person.name,
            can_manage=may or is_own,
            manages_only_own=is_own and not may,
            is_unsure=not may and (person.is_unsure or place.is_unsure),
            workspace=person.team,
        )
        return asking, person.locale

    async def channel_name(self, channel: str) -> str:
        """The name of a public channel; empty if it is private or unknown."""
        return (await self._channel(channel)).public_name

    async def _channel(self, channel: str) -> _Channel:
        if (kept := self._channels.find(channel)) is not None:
            return kept
        try:
            with sorted_errors():
                request = self._client.conversations_info(channel=channel)
                found = (await call(request, seconds=_SECONDS))["channel"]
        except (ChatError, KeyError) as error:
            if _is_for_now(error):
                log.warning("channel %s could not be looked up: %s", channel, error)
                return self._channels.put(channel, _Channel(is_unsure=True), _FAILED_FOR)
            # Such as a private channel that the bot is not in, or direct messages of two people: then
            # only admins may manage it.
            return self._channels.put(channel, _Channel(), _UNKNOWN_CACHED_FOR)
        is_public = found.get("is_private") is False
        return self._channels.put(
            channel,
            _Channel(
                creator=str(found.get("creator") or ""),
                direct_with=str(found.get("user") or "") if found.get("is_im") is True else "",
                public_name=str(found.get("name") or "") if is_public else "",
            ),
            _CACHED_FOR,
        )


def _is_for_now(error: ChatError | KeyError) -> bool:
    """Whether the same question may be answered soon; not where the token may not ask it."""
    if isinstance(error, ChatUnavailableError):
        return not error.whole_workspace
    return isinstance(error, ChatUncertainError)
