"""The body of one of Slack's requests: parsed, well-formed, and meant for this app or not."""

import codecs
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from bot.platforms.slack.inbound.events import BotIdentity
from bot.platforms.slack.rendering.text import Json
from bot.platforms.slack.well_formed import well_formed


def parse_body(body: bytes, content_type: str, charset: str | None) -> Json | None:
    """The JSON object of a body: JSON itself, the `payload` of a form, or the form.

    `None` where it is neither, or not in UTF-8, which is what Slack sends.
    """
    try:
        if charset is not None and codecs.lookup(charset).name != "utf-8":
            return None
        text = body.decode()
        if content_type == "application/json" or text.startswith("{"):
            value = json.loads(text)
        else:
            value = dict(parse_qsl(text, keep_blank_values=True))
            if "payload" in value:
                value = json.loads(value["payload"])
        return well_formed(value) if isinstance(value, dict) else None
    except (ValueError, LookupError, RecursionError):
        return None


def is_for_us(body: Mapping[str, Any], us: BotIdentity) -> bool:
    """Whether what Slack sent concerns this app in this workspace.

    In a channel that two organisations share, `team_id` may be the other one; then the
    authorizations name ours. What names no team or app is not refused for that.
    """
    app = body.get("api_app_id")
    if us.app and app and app != us.app:
        return False
    teams = {*_teams(body)}
    return not teams or us.team in teams


def _teams(body: Mapping[str, Any]) -> list[Any]:
    named = [body.get("team_id"), body.get("context_team_id"), _object(body.get("team")).get("id")]
    given = body.get("authorizations")
    named += [_object(each).get("team_id") for each in (given if isinstance(given, list) else ())]
    return [team for team in named if isinstance(team, str) and team]


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
