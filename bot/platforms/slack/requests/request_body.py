"""Parses the body of a request, and checks that it is for this app and workspace."""

import codecs
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from bot.platforms.slack.inbound.events import BotIdentity
from bot.platforms.slack.rendering.modal import read_state
from bot.platforms.slack.rendering.text import Json
from bot.platforms.slack.well_formed import well_formed


def parse_body(body: bytes, content_type: str, charset: str | None) -> Json | None:
    """The object in a body: JSON, the `payload` field of a form, or the form itself.

    `None` if it is malformed or not in UTF-8, the only encoding that Slack uses.
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
    """Whether a payload is for this app in this workspace, and in its organisation.

    In a channel shared by two organisations, `team_id` may be the other one's; `authorizations` and
    `context_team_id` then name ours, and of a modal its `app_installed_team_id` alone: what a partner
    does there names their own workspace and organisation. A payload that names no team or app passes.
    """
    app = body.get("api_app_id")
    if us.app and app and app != us.app:
        return False
    if installed := _installed_in(body):
        return installed == us.team
    if us.organisation and (named := organisations(body)) and us.organisation not in named:
        return False
    teams = {*_teams(body)}
    return not teams or us.team in teams


def names_workspace(body: Mapping[str, Any]) -> bool:
    """Whether a payload says which workspace it is for; one for a whole organisation does not."""
    return bool(_teams(body))


def organisations(body: Mapping[str, Any]) -> frozenset[str]:
    """The organisations that a payload names, of which one is the bot's."""
    named = [body.get("enterprise_id"), body.get("context_enterprise_id")]
    named += [_object(body.get("enterprise")).get("id")]
    named += [_object(body.get("team")).get("enterprise_id")]
    named += [each.get("enterprise_id") for each in _authorizations(body)]
    return frozenset(each for each in named if isinstance(each, str) and each)


def is_for_organisation(body: Mapping[str, Any]) -> bool:
    """Whether a payload is for the installation of an organisation, as far as Slack says it."""
    flags = [body.get("is_enterprise_install")]
    flags += [each.get("is_enterprise_install") for each in _authorizations(body)]
    return any(flag is True or flag == "true" for flag in flags)


def _installed_in(body: Mapping[str, Any]) -> str:
    """The workspace whose app a view is of, as Bolt's `extract_team_id` reads it too.

    Where Slack names an organisation that has installed the app (`E…`), it is the workspace that the
    bot noted in the view when it opened it. Empty if neither is there.
    """
    view = _object(body.get("view"))
    named = view.get("app_installed_team_id")
    if isinstance(named, str) and named.startswith("T"):
        return named
    state = read_state(view)
    return state.team if state is not None else ""


def _teams(body: Mapping[str, Any]) -> list[Any]:
    if installed := _installed_in(body):
        return [installed]
    named = [body.get("team_id"), body.get("context_team_id"), _object(body.get("team")).get("id")]
    named += [each.get("team_id") for each in _authorizations(body)]
    if not any(named) and is_for_organisation(body):  # a press in the home of an organisation's app
        named += [_object(body.get(name)).get("team_id") for name in ("view", "user")]
    return [team for team in named if isinstance(team, str) and team]


def _authorizations(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    given = body.get("authorizations")
    return [_object(each) for each in given] if isinstance(given, list) else []


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
