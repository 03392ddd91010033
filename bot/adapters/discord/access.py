"""What Discord gave the operator, and what the bot asks of a server in turn."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

import discord

API_BASE = "https://discord.com/api/v10"
GATEWAY_URL = "wss://gateway.discord.gg/"

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    embed_links=True,
    read_message_history=True,
    create_public_threads=True,
    send_messages_in_threads=True,
)
"""Everything that the code uses, and nothing else."""

_NAMES = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "read_message_history": "Read Message History",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
}


@dataclass(frozen=True, slots=True)
class Access:
    """A bot's token, where Discord is, and in which guilds commands appear (none: everywhere)."""

    token: str = field(repr=False)
    api_base: str = API_BASE
    gateway_url: str = GATEWAY_URL
    guilds: tuple[int, ...] = ()


def invite_link(application: int) -> str:
    """The address at which somebody lets the bot into a server, with what it needs there."""
    query = {
        "client_id": application,
        "scope": "bot applications.commands",
        "permissions": PERMISSIONS.value,
    }
    return f"https://discord.com/oauth2/authorize?{urlencode(query)}"


def missing(may: discord.Permissions, *, in_forum: bool) -> tuple[str, ...]:
    """What the bot lacks in a channel, as Discord calls it."""
    not_needed = {"create_public_threads"} if in_forum else set[str]()
    return tuple(
        name
        for attribute, name in _NAMES.items()
        if attribute not in not_needed and not getattr(may, attribute)
    )
