"""The permissions that the bot needs in a server: those that its code uses."""

from urllib.parse import urlencode

import discord

_NAMES = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "read_message_history": "Read Message History",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
}
"""By discord.py's name, as Discord calls them in its settings."""

PERMISSIONS = discord.Permissions(attach_files=True, **dict.fromkeys(_NAMES, True))
"""With one that is not needed: without Attach Files, charts are bars of text."""


def invite_link(application: int) -> str:
    """The address that invites the bot into a server, with the permissions it needs."""
    query = {
        "client_id": application,
        "scope": "bot applications.commands",
        "permissions": PERMISSIONS.value,
    }
    return f"https://discord.com/oauth2/authorize?{urlencode(query)}"


def missing(may: discord.Permissions, *, in_forum: bool) -> tuple[str, ...]:
    """Names of the missing permissions in a channel. Forum posts need no thread permission."""
    return tuple(
        name
        for attribute, name in _NAMES.items()
        if not getattr(may, attribute) and not (in_forum and attribute == "create_public_threads")
    )
