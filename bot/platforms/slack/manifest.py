"""The app manifest, generated from the command table, METHODS and EVENTS.

`python -m bot.platforms.slack.manifest` prints the manifest for Socket Mode, which is kept in
`deploy/slack-manifest.yaml`; with an address (`https://bot.example.org/slack/events`) behind it,
the one for HTTP mode.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import urljoin

from bot.core.domain import commands
from bot.core.domain.command_spec import CommandSpec

Node: TypeAlias = str | bool | Sequence["Node"] | Mapping[str, "Node"]

METHODS: Mapping[str, tuple[str, ...]] = {
    "apps.connections.open": (),
    "auth.teams.list": (),
    "auth.test": (),
    "bots.info": ("users:read",),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.info": ("channels:read", "groups:read", "im:read"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "reactions.get": ("reactions:read",),
    "users.conversations": ("channels:read", "groups:read"),
    "users.info": ("users:read",),
    "views.open": (),
    "views.publish": (),
    "views.update": (),
}
"""Every method that this package calls, with the scopes that it needs."""

EVENTS: Mapping[str, tuple[str, ...]] = {
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "app_uninstalled": (),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
    "tokens_revoked": (),
}
"""Every event that this package handles, with the scopes that it needs."""

ORGANISATION_EVENTS = ("team_access_granted", "team_access_revoked")
"""Of an app that organisations can install: they need no scope."""

SCOPES: tuple[str, ...] = tuple(
    sorted(
        {
            "commands",
            *(scope for needed in (*METHODS.values(), *EVENTS.values()) for scope in needed),
        }
    )
)
"""The scopes of the bot token."""

SHORTCUT, SHORTCUT_NAME = "note", "Note on this paper"
"""The message shortcut that opens `/note` for the paper of a message; the name has at most 24 characters."""

APP_SCOPE = "connections:write"
"""The scope of the app-level token, for Socket Mode."""


def manifest(url: str | None = None) -> Mapping[str, Node]:
    """The manifest for Socket Mode or, with `url`, for HTTP mode."""
    address: Mapping[str, Node] = {} if url is None else {"request_url": url}
    # Where Slack sends a person back to who has added the app (`install/flow.py`).
    redirect: Mapping[str, Node] = (
        {} if url is None else {"redirect_urls": [urljoin(url, "oauth_redirect")]}
    )
    events = sorted([*EVENTS, *(ORGANISATION_EVENTS if url is not None else ())])
    return {
        "display_information": {
            "name": "paperbot",
            "description": "A curator's notes on papers: posted daily, found again, discussed.",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "paperbot", "always_online": True},
            "shortcuts": [
                {
                    "name": SHORTCUT_NAME,
                    "type": "message",
                    "callback_id": SHORTCUT,
                    "description": commands.NOTE.summary,
                }
            ],
            "slash_commands": [_command(spec, url) for spec in commands.COMMANDS],
        },
        "oauth_config": {**redirect, "scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**address, "bot_events": events},
            "interactivity": {"is_enabled": True, **address},
            "org_deploy_enabled": url is not None,  # as "Add to Slack", by HTTP only
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def _command(spec: CommandSpec, url: str | None) -> Mapping[str, Node]:
    described: dict[str, Node] = {"command": f"/{spec.name}", "description": spec.summary}
    hint = spec.usage.removeprefix(f"/{spec.name}").strip()
    if hint:
        described["usage_hint"] = hint
    if url is not None:
        described["url"] = url
    # Only ids identify people; without this Slack sends "@ada", a name that anybody can choose.
    return {**described, "should_escape": spec.takes_people}


def as_yaml(node: Mapping[str, Node]) -> str:
    """The manifest as YAML, ready to be pasted into Slack's form."""
    return "\n".join(_lines(node, 0)) + "\n"


def _lines(node: Mapping[str, Node], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for name, value in node.items():
        if isinstance(value, Mapping):
            yield f"{indent}{name}:"
            yield from _lines(value, depth + 1)
        elif isinstance(value, str | bool):
            yield f"{indent}{name}: {_scalar(value)}"
        else:
            yield f"{indent}{name}:"
            for item in value:
                yield from _item(item, depth + 1)


def _item(item: Node, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(item, Mapping):
        first, *others = _lines(item, depth + 1)
        yield f"{indent}- {first.strip()}"
        yield from others
    elif isinstance(item, str | bool):
        yield f"{indent}- {_scalar(item)}"


def _scalar(value: str | bool) -> str:
    # A JSON string is a valid YAML string and cannot be read as another type.
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.stdout.write(as_yaml(manifest(*sys.argv[1:2])))
