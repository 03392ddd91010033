"""Converting payloads to discord.py's objects, and configuring discord.py."""

import io
import json
import logging
from collections.abc import Callable
from typing import Any

import discord
import discord.gateway
import discord.http
import yarl

from bot.platforms.discord.rendering.payload import (
    PICTURE_TEXT_MOST,
    CommandButton,
    LinkButton,
    Payload,
    Select,
    within,
)

_ACCENT = discord.Colour(0x5B7FA6)
NO_MENTIONS = discord.AllowedMentions.none()


def point_at(api_base: str, gateway_url: str) -> None:
    """Set the addresses that discord.py connects to, for the whole process.

    Must be called before a client is built. discord.py has no public way to do it.
    """
    discord.http.Route.BASE = api_base.rstrip("/")
    gateway = yarl.URL(gateway_url)
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway if gateway.path else gateway / ""
    # At DEBUG discord.py logs whole requests, with tokens of interactions in their addresses; at
    # INFO it logs a line for each attempt to connect.
    root = logging.getLogger()
    logging.getLogger("discord").setLevel(max(logging.WARNING, root.level))
    # The bot has no voice; without these lines each start warns of missing voice libraries.
    discord.VoiceClient.warn_nacl = False
    discord.VoiceClient.warn_dave = False


def embeds(payload: Payload) -> list[discord.Embed]:
    """The embeds of a payload."""
    made = []
    for embed in payload.embeds:
        shown = discord.Embed(description=embed.description, url=embed.url, colour=_ACCENT)
        made.append(shown.set_footer(text=embed.footer) if embed.footer else shown)
    return made


def view(payload: Payload) -> discord.ui.View:
    """The rows of a payload.

    The view is stopped: discord.py would keep a live one in memory for each message, and presses
    are answered from the message alone.
    """
    made = discord.ui.View(timeout=None)
    for number, row in enumerate(payload.rows):
        if isinstance(row, Select):
            made.add_item(_select(row, number))
            continue
        for button in row:
            made.add_item(_button(button, number))
    made.stop()
    return made


def _select(select: Select, row: int) -> discord.ui.Select[discord.ui.View]:
    return discord.ui.Select(
        custom_id=select.custom_id,
        placeholder=select.placeholder or None,
        options=[discord.SelectOption(label=o.label, value=o.value) for o in select.options],
        row=row,
    )


def _button(button: CommandButton | LinkButton, row: int) -> discord.ui.Button[discord.ui.View]:
    if isinstance(button, LinkButton):
        return discord.ui.Button(label=button.label, url=button.url, row=row)
    return discord.ui.Button(
        label=button.label,
        custom_id=button.custom_id,
        style=discord.ButtonStyle.secondary,
        row=row,
    )


def parameters(
    payload: Payload, *, nonce: str | None = None, extra: dict[str, Any] | None = None
) -> discord.http.MultipartParameters:
    """The body of a request that posts or edits a message; what the payload lacks is cleared.

    `extra` is put around the message, as a forum post requires.
    """
    files = discord.utils.MISSING
    if payload.picture is not None:
        # Made anew for each request, since sending one reads it to its end.
        text = within(payload.picture.text, PICTURE_TEXT_MOST)
        data = io.BytesIO(payload.picture.data)
        files = [discord.File(data, filename="chart.png", description=text)]
    params = discord.http.handle_message_parameters(
        files=files,
        content=payload.content or None,
        embeds=embeds(payload),
        view=view(payload),
        nonce=nonce,
        allowed_mentions=NO_MENTIONS,
        channel_payload=discord.utils.MISSING if extra is None else extra,
    )
    if payload.calls is not None:
        # discord.py writes ids as numbers; Discord's schema has strings.
        allowed = {"parse": [], "users": [str(payload.calls)]}
        change_body(params, lambda body: body.get("message", body).update(allowed_mentions=allowed))
    return params


def change_body(
    params: discord.http.MultipartParameters, change: Callable[[dict[str, Any]], None]
) -> None:
    """Change the JSON body of a request, which stands beside the files where there are some."""
    if params.payload is not None:
        change(params.payload)
    for part in params.multipart or ():
        if part["name"] == "payload_json":
            body = json.loads(part["value"])
            change(body)
            part["value"] = json.dumps(body)
