"""Converting payloads to discord.py's objects, and configuring discord.py."""

import io
import json
import logging
from collections.abc import Callable, Iterable
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
    Row,
    Select,
    within,
)

_ACCENT = discord.Colour(0x5B7FA6)
NO_MENTIONS = discord.AllowedMentions.none()

Json = dict[str, Any]

# https://docs.discord.com/developers/components/reference
_ROW, _BUTTON, _SELECT = 1, 2, 3
_SECONDARY, _LINK = 2, 5


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
    """The rows of a payload."""
    return _Rows(payload.rows)


class _Rows(discord.ui.View):
    """Rows of buttons and menus, written without one of discord.py's objects for each of them.

    The view is stopped: discord.py would keep a live one in memory for each message, and presses
    are answered from the message alone.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        super().__init__(timeout=None)
        self._rows = tuple(rows)
        self.stop()

    def to_components(self) -> list[Json]:
        """As Discord gets them; what is left out has Discord's default."""
        return [
            {
                "type": _ROW,
                "components": [_select(row)] if isinstance(row, Select) else [*map(_button, row)],
            }
            for row in self._rows
        ]


def _select(select: Select) -> Json:
    placeholder = {"placeholder": select.placeholder} if select.placeholder else {}
    options = [{"label": each.label, "value": each.value} for each in select.options]
    return {"type": _SELECT, "custom_id": select.custom_id, "options": options} | placeholder


def _button(button: CommandButton | LinkButton) -> Json:
    if isinstance(button, LinkButton):
        return {"type": _BUTTON, "style": _LINK, "label": button.label, "url": button.url}
    return {
        "type": _BUTTON,
        "style": _SECONDARY,
        "label": button.label,
        "custom_id": button.custom_id,
    }


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
        view=view(payload) if payload.rows else None,
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
