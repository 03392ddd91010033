"""What Slack says of a person who signed in on the web: membership, rights, channels."""

from collections.abc import Collection, Mapping

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.ports import ChannelRef, ChatUnavailableError
from bot.platforms.slack.api import call, sorted_errors
from bot.platforms.slack.errors import UNREACHABLE
from bot.platforms.slack.people import UserDirectory

_GONE = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
_PAGE = 999
_MOST_PAGES = 20
_SECONDS = 3.0


class WorkspaceRights:
    """The answers of one workspace; each method raises `ChatError` where Slack cannot tell."""

    def __init__(self, client: AsyncWebClient, people: UserDirectory, team: str) -> None:
        self._client = client
        self._people = people
        self._team = team

    async def is_member(self, user: str) -> bool:
        """Whether a person is of this workspace, and not deactivated."""
        with sorted_errors():
            try:
                found = (await call(self._client.users_info(user=user), seconds=_SECONDS))["user"]
            except SlackApiError as error:
                if error.response.get("error") in _GONE:
                    return False
                raise
        others = (found.get("enterprise_user") or {}).get("teams") or ()
        is_ours = found.get("team_id", self._team) == self._team or self._team in others
        return is_ours and not found.get("deleted") and not found.get("is_bot")

    async def may_manage(self, user: str, channel: str) -> bool:
        """As for the person's commands in that channel."""
        person, _ = await self._people.user(user, channel)
        if person.is_unsure and not person.can_manage:
            raise ChatUnavailableError(UNREACHABLE)
        return person.can_manage

    async def list_visible(
        self, user: str, channels: Collection[ChannelRef]
    ) -> Mapping[ChannelRef, str]:
        """The channels that the person is a member of, with their names."""
        joined: dict[str, str] = {}
        cursor = ""
        for _ in range(_MOST_PAGES):
            request = self._client.users_conversations(
                user=user, types="public_channel,private_channel", limit=_PAGE, cursor=cursor
            )
            with sorted_errors():
                answer = await call(request, seconds=_SECONDS)
            found = answer.get("channels") or ()
            joined |= {str(each.get("id")): str(each.get("name") or "") for each in found}
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return {each: joined[each.id] for each in channels if each.id in joined}
