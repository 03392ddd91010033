"""What Slack says of organisations that installed the app: their events and their workspaces.

An organisation's app is in no workspace until an administrator grants it to some:
https://docs.slack.dev/enterprise/developing-for-enterprise-orgs
"""

from collections.abc import Mapping
from typing import Any

from bot.core.ports import ChatUncertainError
from bot.platforms.slack.access import Access
from bot.platforms.slack.api import call, open_client, sorted_errors
from bot.platforms.slack.inbound.event_parser import event_time
from bot.platforms.slack.inbound.events import AppGranted, AppRemoved, OrganisationRemoved
from bot.platforms.slack.requests.request_body import is_for_organisation, organisations

_PAGE = 1000
_MOST_PAGES = 20


def read_request(body: Mapping[str, Any]) -> AppGranted | OrganisationRemoved | None:
    """Parse an event for the installation of an organisation; any other request is `None`.

    Slack was seen not to call `team_access_granted` one for an organisation's installation
    (slackapi/bolt-js issue 1778), but there is no other one.
    """
    event = body.get("event")
    named = sorted(organisations(body))
    if body.get("type") != "event_callback" or not isinstance(event, dict) or len(named) != 1:
        return None
    [organisation] = named
    match event.get("type"):
        case "team_access_granted" | "team_access_revoked" as kind:
            given = event.get("team_ids")
            teams = given if isinstance(given, list) else ()
            found = tuple(each for each in teams if isinstance(each, str) and each)
            return AppGranted(organisation, found, is_withdrawn=kind == "team_access_revoked")
        case "app_uninstalled" if _is_whole(body, organisation):
            return OrganisationRemoved(organisation, AppRemoved("", event_time(body)))
        case "tokens_revoked" if _is_whole(body, organisation):
            tokens = event.get("tokens")
            if isinstance(tokens, dict) and tokens.get("bot"):
                return OrganisationRemoved(
                    organisation, AppRemoved("", event_time(body), is_revoked=True)
                )
    return None


def _is_whole(body: Mapping[str, Any], organisation: str) -> bool:
    """Whether it is not the installation of a workspace that belongs to an organisation."""
    return is_for_organisation(body) or body.get("team_id") in {None, "", organisation}


async def list_teams(access: Access) -> Mapping[str, str]:
    """The workspaces that the organisation of a token granted the app to, with their names.

    Raises `ChatError`.
    """
    teams: dict[str, str] = {}
    cursor: str | None = None
    async with open_client(access) as client:
        for _ in range(_MOST_PAGES):
            with sorted_errors():
                answer = await call(client.auth_teams_list(limit=_PAGE, cursor=cursor))
            found = answer.get("teams")
            if not isinstance(found, list):
                break
            for each in found:
                if isinstance(each, dict) and (team := str(each.get("id") or "")):
                    teams[team] = str(each.get("name") or team)
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "") or None
            if cursor is None:
                return teams
    # Half a list would end the workspaces that are missing in it.
    raise ChatUncertainError("what Slack answers is not understood")
