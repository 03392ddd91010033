"""An Enterprise organisation: one token for the workspaces to which it granted the app.

As in Slack, ids of channels and people are unique in an organisation: a call goes to the workspace
that has the channel or person that it names. Some methods want `team_id`.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes.slack.server import FakeSlack
from tests.fakes.slack.wire import Call, SentRequest, read_call
from tests.fakes.slack.world import BOT_ID, BOT_USER, Json

NEED_TEAM = frozenset({"bots.info", "team.info", "users.conversations", "conversations.list"})
"""Of what the bot may call: methods that answer `missing_argument` without `team_id`."""
PAGE = 1
"""Workspaces on a page of `auth.teams.list`: so a test sees several."""


@dataclass
class FakeOrganisation:
    """`teams` are its workspaces, `granted` those that the app may be in."""

    id: str
    teams: Mapping[str, FakeSlack]
    granted: list[str] = field(default_factory=list)
    token: str = ""
    error: str = ""
    """What Slack answers to the token."""
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        for slack in self.teams.values():
            slack.organisation = self.id

    def mint(self, number: int) -> str:
        """A new token; the former one is revoked."""
        self.error = ""
        self.token = f"xoxb-installed-{self.id}-{number}"
        return self.token

    def knows(self, token: str) -> bool:
        return token.startswith(f"xoxb-installed-{self.id}-")

    async def serve(self, request: web.Request) -> web.StreamResponse:
        token, args = await read_call(request)
        method = request.match_info["method"]
        self.calls.append(Call(method, args, time.monotonic()))
        if self.error or token != self.token:
            return _refusal(self.error or "token_revoked")
        match method:
            case "auth.test":
                return web.json_response(self._identity())
            case "auth.teams.list":
                return web.json_response(self._listed(args))
        if method in NEED_TEAM and not args.get("team_id"):
            return _refusal("missing_argument")
        team = self._team_of(method, args)
        if team is None:
            return _refusal("channel_not_found")
        if team not in self.granted:
            return _refusal("team_access_not_granted")
        slack = self.teams[team]
        slack.tokens[token] = ""
        return await slack.serve_api(request)

    def _identity(self) -> Json:
        return {
            "ok": True,
            "url": "https://organisation.enterprise.slack.com/",
            "team": "An organisation",
            "user": "paperbot",
            "team_id": self.id,
            "enterprise_id": self.id,
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
            "is_enterprise_install": True,
        }

    def _listed(self, args: Mapping[str, Any]) -> Json:
        start = int(args.get("cursor") or 0)
        page = self.granted[start : start + PAGE]
        further = str(start + PAGE) if start + PAGE < len(self.granted) else ""
        teams = [{"id": team, "name": f"Papers of {team}"} for team in page]
        return {"ok": True, "teams": teams, "response_metadata": {"next_cursor": further}}

    def _team_of(self, method: str, args: Mapping[str, Any]) -> str | None:
        if method in NEED_TEAM:
            return str(args["team_id"])
        view = args.get("trigger_id") or args.get("view_id")
        if view is not None:
            return next(
                (t for t, slack in self.teams.items() if slack.world.modals.has(view)), None
            )
        channel = args.get("channel")
        if channel is not None:
            having = [team for team, slack in self.teams.items() if channel in slack.world.channels]
            assert len(having) <= 1, "ids of channels are unique in an organisation"
            if having:
                return having[0]
        user = args.get("user") or args.get("user_id") or channel
        having = [team for team, slack in self.teams.items() if user in slack.world.people]
        asked = args.get("team_id")  # somebody may be in several workspaces
        return asked if asked in having else next(iter(having), None)

    # What administrators do

    async def grant(self, *teams: str, told: bool = True) -> SentRequest | None:
        """Add the app to workspaces."""
        self.granted += teams
        return await self._changed("team_access_granted", teams) if told else None

    async def withdraw(self, *teams: str, told: bool = True) -> SentRequest | None:
        """Take the app out of workspaces."""
        self.granted = [team for team in self.granted if team not in teams]
        return await self._changed("team_access_revoked", teams) if told else None

    async def _changed(self, kind: str, teams: Sequence[str]) -> SentRequest:
        # Slack does not call it an installation of the organisation (slackapi/bolt-js issue 1778).
        return await self.event({"type": kind, "team_ids": [*teams]}, authorizations=[])

    async def uninstall(self) -> SentRequest:
        """Remove the app; its token is dead, and the bot is told."""
        self.error, self.granted = "account_inactive", []
        return await self.event({"type": "app_uninstalled"})

    async def revoke(self) -> SentRequest:
        """Revoke the token; the bot is told."""
        self.error = "token_revoked"
        tokens = {"oauth": [], "bot": [BOT_USER]}
        return await self.event({"type": "tokens_revoked", "tokens": tokens})

    async def event(self, event: Json, **overrides: Any) -> SentRequest:
        """An event that is of no single workspace."""
        authorization = {
            "enterprise_id": self.id,
            "team_id": None,
            "user_id": BOT_USER,
            "is_bot": True,
            "is_enterprise_install": True,
        }
        named: Json = {"team_id": None, "enterprise_id": self.id}
        sender = next(iter(self.teams.values()))
        return await sender.event(
            event, **{**named, "authorizations": [authorization], **overrides}
        )


def _refusal(error: str) -> web.Response:
    return web.json_response({"ok": False, "error": error})
