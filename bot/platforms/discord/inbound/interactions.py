"""Interactions to the inbox, and the answers back: acknowledged first, always within time.

Who typed gets the answer where the command table says: for everybody or for them alone. Who
pressed gets it alone, since looking is not speaking; turning the page of one's own answer
turns it in place. An answer that is too long goes on in further messages.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord

from bot.core.domain import commands
from bot.core.domain.commands import Audience, CommandLine
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate, translatable
from bot.core.domain.incoming_text import well_formed
from bot.core.ports import Command, Inbox
from bot.platforms.discord import sdk
from bot.platforms.discord.people import asker, place_of
from bot.platforms.discord.rendering.controls import full_line, read_slip
from bot.platforms.discord.rendering.markdown import Readable
from bot.platforms.discord.rendering.payload import OPTION_MOST, OPTIONS_MOST, size, within
from bot.platforms.discord.rendering.render import TooLongError, render

log = logging.getLogger(__name__)

ACKNOWLEDGED_WITHIN = 3.0
COMPLETED_WITHIN = 2.0
"""Seconds: Discord waits three; suggestions that come later are of no use."""
ANSWERED_WITHIN = 60.0
"""Seconds for bringing an answer; the token is good for fifteen minutes."""

_TOO_LATE, _ANSWERED_ALREADY = 10062, 40060
_OUT_OF_DATE = translatable("This button is too old. Please type the command again.")
_TOO_LONG = translatable("The answer is too long to show.")

Interaction = discord.Interaction[Any]


@dataclass(frozen=True, slots=True)
class _Way:
    """How an answer goes back."""

    interaction: Interaction
    private: bool


class Interactions:
    """Answers what people type, press and begin to type."""

    def __init__(
        self, inbox: Inbox, *, readable: Readable, voices: Callable[[str], Translate]
    ) -> None:
        self._inbox = inbox
        self._readable = readable
        self._voices = voices

    async def command(self, interaction: Interaction) -> None:
        """A slash command."""
        data: Any = interaction.data or {}
        spec = commands.find(str(data.get("name")))
        options = {
            str(option["name"]): well_formed(str(option["value"]))
            for option in data.get("options") or ()
            if "value" in option
        }
        private = spec is None or CommandLine(spec, options).audience is Audience.PRIVATE
        if not await self._acknowledged(interaction, private=private, in_place=False):
            return
        if spec is None:  # registered by another version of the bot
            spec, options = commands.HELP, {}
        name = spec.name
        document = await self._inbox.command(self._command(interaction, name, options))
        await self._bring(_Way(interaction, private), document)

    async def press(self, interaction: Interaction, text: str) -> None:
        """A button, or an option of a menu, that carries this command line."""
        message = interaction.message
        slip = read_slip(message.embeds[0].url if message and message.embeds else None)
        typed = full_line(well_formed(text), map(well_formed, slip.lines))
        line, problem = self._parsed(typed, interaction)
        in_place = line is not None and _turns_own_page(interaction, line)
        if not await self._acknowledged(interaction, private=True, in_place=in_place):
            return
        document = problem
        if line is not None:
            command = self._command(interaction, line.spec.name, dict(line.options))
            document = await self._inbox.command(command)
        await self._bring(_Way(interaction, private=True), document)

    def _parsed(
        self, typed: str | None, interaction: Interaction
    ) -> tuple[CommandLine | None, Document]:
        say = self._voices(interaction.locale.value)
        if typed is None:
            return None, _notice(say(_OUT_OF_DATE))
        try:
            return commands.parse_line(typed), _notice("")
        except UsageError as error:
            return None, _notice(say(error.message, **error.values))

    async def complete(self, interaction: Interaction) -> None:
        """Suggestions for what is being typed; none rather than late ones."""
        data: Any = interaction.data or {}
        options = {
            str(o["name"]): well_formed(str(o.get("value", ""))) for o in data.get("options") or ()
        }
        focused = next((o for o in data.get("options") or () if o.get("focused")), None)
        choices: list[discord.app_commands.Choice[str]] = []
        if focused is not None:
            option = str(focused["name"])
            command = self._command(interaction, str(data.get("name")), options)
            try:
                async with asyncio.timeout(COMPLETED_WITHIN):
                    found = await self._inbox.complete(command, option, options[option])
            except TimeoutError:
                log.warning("Discord: suggestions for /%s took too long", command.name)
                found = ()
            choices = [
                discord.app_commands.Choice(
                    name=within(choice.label, OPTION_MOST) or "…", value=choice.value
                )
                for choice in found
                # What would be cut must not be filled in.
                if choice.value and size(choice.value) <= OPTION_MOST
            ]
        await interaction.response.autocomplete(choices[:OPTIONS_MOST])

    def _command(self, interaction: Interaction, name: str, options: dict[str, str]) -> Command:
        channel, root = place_of(interaction)
        return Command(name, options, asker(interaction), channel, interaction.locale.value, root)

    async def _acknowledged(
        self, interaction: Interaction, *, private: bool, in_place: bool
    ) -> bool:
        """Whether it is ours to answer: told in time, and by nobody before."""
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN):
                if in_place:
                    await interaction.response.defer()
                else:
                    await interaction.response.defer(ephemeral=private, thinking=True)
        except discord.HTTPException as error:
            if error.code == _ANSWERED_ALREADY:
                return False  # delivered twice
            if error.code != _TOO_LATE:
                raise
            log.warning("Discord: an interaction was acknowledged too late")
            return False
        except TimeoutError:
            log.warning("Discord: an interaction could not be acknowledged in time")
            return False
        return True

    async def _bring(self, way: _Way, document: Document) -> None:
        interaction = way.interaction
        try:
            payloads = render(document, readable=self._readable)
        except TooLongError:
            say = self._voices(interaction.locale.value)
            payloads = render(_notice(say(_TOO_LONG)))
        first, *others = payloads
        async with asyncio.timeout(ANSWERED_WITHIN):
            await interaction.edit_original_response(
                content=first.content or None,
                embeds=sdk.embeds(first),
                view=sdk.view(first),
                allowed_mentions=sdk.NO_MENTIONS,
            )
            for payload in others:
                await interaction.followup.send(
                    content=payload.content or discord.utils.MISSING,
                    embeds=sdk.embeds(payload),
                    view=sdk.view(payload),
                    ephemeral=way.private,
                    allowed_mentions=sdk.NO_MENTIONS,
                )


def _turns_own_page(interaction: Interaction, line: CommandLine) -> bool:
    """Whether somebody turns the page of what they asked for themselves."""
    message = interaction.message
    asked = message.interaction_metadata if message is not None else None
    return (
        commands.PAGE.name in line.options
        and asked is not None
        and asked.user.id == interaction.user.id
    )


def _notice(text: str) -> Document:
    return Document((Paragraph((Text(text),)),), summary=text)


RAISED = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)
"""What answering may raise when Discord does not take the answer."""
