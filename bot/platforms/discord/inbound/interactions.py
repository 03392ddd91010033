"""Handling interactions: answered by the inbox in the first request, or acknowledged before.

The answer to a typed command is public or ephemeral, as the command table says: what only its
author needs, such as "nothing found", is ephemeral. The answer to a button is ephemeral; paging
through one's own answer edits it in place. A long answer continues in follow-up messages.

A command that only reads waits a second for its answer, which is then the first and only request.
After that second, and before a command that changes something, the interaction is acknowledged; an
acknowledgement fixes whether the answer is public.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import aiohttp
import discord

from bot.core.domain import command_line, commands
from bot.core.domain.command_line import CommandLine
from bot.core.domain.command_spec import Audience
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate, error_text, translatable
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.core.ports import Command, Inbox
from bot.platforms.discord import sdk
from bot.platforms.discord.inbound.forms import Forms, paper_of
from bot.platforms.discord.people import asking_user, channel_and_root, mentioned_people
from bot.platforms.discord.rendering.controls import full_line, read_hidden_url
from bot.platforms.discord.rendering.modal import read_action
from bot.platforms.discord.rendering.payload import OPTION_MOST, OPTIONS_MOST, Payload, size, within
from bot.platforms.discord.rendering.render import TooLongError, render

log = logging.getLogger(__name__)

ACKNOWLEDGED_WITHIN = 3.0
DECIDED_WITHIN = 1.0
"""Seconds for which the first request waits for the answer of a command that only reads."""
COMPLETED_WITHIN = 2.0
"""Seconds: Discord waits three; later suggestions are not shown."""
ANSWERED_WITHIN = 60.0
"""Seconds for sending an answer; the token is valid for fifteen minutes."""

_ON_MESSAGE = 3
"""The type of a command on a message."""
_TOO_LATE, _ANSWERED_ALREADY = 10062, 40060
_OUT_OF_DATE = translatable("This button is too old. Please type the command again.")
_TOO_LONG = translatable("The answer is too long to show.")

Interaction = discord.Interaction[Any]


@dataclass(frozen=True, slots=True)
class _AnswerTarget:
    """Where an answer is sent; `in_place` it replaces the message that was pressed."""

    interaction: Interaction
    private: bool
    in_place: bool = False


class Interactions:
    """Answers commands, buttons, menus and autocompletion."""

    def __init__(self, inbox: Inbox, *, voices: Callable[[str], Translate]) -> None:
        self._inbox = inbox
        self._voices = voices
        self._forms = Forms(inbox, self, voices=voices)

    async def command(self, interaction: Interaction) -> None:
        """Answer a slash command."""
        data: Any = interaction.data or {}
        spec = commands.find(str(data.get("name")))
        options = {
            str(option["name"]): well_formed(str(option["value"]))
            for option in data.get("options") or ()
            if "value" in option
        }
        if data.get("type") == _ON_MESSAGE:
            spec, options = commands.NOTE, {"paper": paper_of(data)}
        if spec is not None and command_line.opens_form(spec, options):
            await self._forms.open(interaction, self._command(interaction, spec.name, options))
            return
        private = spec is None or CommandLine(spec, options).audience is Audience.PRIVATE
        if spec is None:  # registered by another version of the bot
            spec, options = commands.HELP, {}
        way = _AnswerTarget(interaction, private)
        if not private:
            await self._answer_reading(way, self._command(interaction, spec.name, options))
        elif await self._acknowledge(way):
            await self._deliver(way, await self._ask(interaction, spec.name, options))

    async def _answer_reading(self, way: _AnswerTarget, command: Command) -> None:
        """Answer a command that only reads; its answer may turn out to be private.

        It may run before Discord has accepted anything, since it changes nothing.
        """
        late: list[asyncio.Task[bool]] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                timer = asyncio.get_running_loop().call_later(
                    DECIDED_WITHIN,
                    lambda: late.append(tasks.create_task(self._acknowledge(way))),
                )
                try:
                    document = await self._inbox.command(command)
                finally:
                    timer.cancel()
        except ExceptionGroup as group:
            raise group.exceptions[0] from group
        if not late:
            target = replace(way, private=True) if document.is_private else way
            await self._answer_at_once(target, document)
        elif not late[0].result():
            return
        elif way.private or not document.is_private:
            await self._deliver(way, document)
        else:
            # An answer to a public acknowledgement would be public.
            await way.interaction.delete_original_response()
            private = replace(way, private=True)
            await self._follow_up(private, self._render(way.interaction, document))

    async def press(self, interaction: Interaction, text: str) -> None:
        """Answer a button, or an option of a menu, that carries this command line."""
        message = interaction.message
        hidden = read_hidden_url(message.embeds[0].url if message and message.embeds else None)
        typed = full_line(well_formed(text), map(well_formed, hidden.lines))
        if typed is not None and (action := read_action(typed)) is not None:
            await self._forms.press(interaction, action)
            return
        line, problem = self._parsed(typed, interaction)
        if line is not None and command_line.opens_form(line.spec, line.options):
            command = self._command(interaction, line.spec.name, line.options)
            await self._forms.open(interaction, command)
            return
        if line is None:
            await self._answer_at_once(_AnswerTarget(interaction, private=True), problem)
            return
        way = _AnswerTarget(interaction, private=True, in_place=_turns_own_page(interaction, line))
        if line.audience is not Audience.PRIVATE:
            command = self._command(interaction, line.spec.name, line.options)
            await self._answer_reading(way, command)
        elif await self._acknowledge(way):
            await self._deliver(way, await self._ask(interaction, line.spec.name, line.options))

    async def submit(self, interaction: Interaction) -> None:
        """Carry out a form."""
        await self._forms.submit(interaction)

    async def acknowledge(self, interaction: Interaction) -> bool:
        return await self._acknowledge(_AnswerTarget(interaction, private=True))

    async def deliver(self, interaction: Interaction, document: Document) -> None:
        await self._deliver(_AnswerTarget(interaction, private=True), document)

    def _parsed(
        self, typed: str | None, interaction: Interaction
    ) -> tuple[CommandLine | None, Document]:
        say = self._voices(interaction.locale.value)
        if typed is None:
            return None, _notice(say(_OUT_OF_DATE))
        try:
            return command_line.parse_line(typed), _notice("")
        except UsageError as error:
            return None, _notice(error_text(error, say))

    async def complete(self, interaction: Interaction) -> None:
        """Suggest values for an option; none if they come too late."""
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
                # A value that Discord would cut must not be suggested.
                if choice.value and size(choice.value) <= OPTION_MOST
            ]
        await interaction.response.autocomplete(choices[:OPTIONS_MOST])

    async def _ask(
        self, interaction: Interaction, name: str, options: Mapping[str, str]
    ) -> Document:
        command = self._command(interaction, name, options)
        spec = commands.find(name)
        if spec is not None and spec.takes_people:
            command = replace(command, mentioned=await mentioned_people(interaction, options))
        return await self._inbox.command(command)

    def _command(self, interaction: Interaction, name: str, options: Mapping[str, str]) -> Command:
        channel, root = channel_and_root(interaction)
        return Command(
            name, options, asking_user(interaction), channel, interaction.locale.value, root
        )

    async def _acknowledge(self, way: _AnswerTarget) -> bool:
        """Whether to answer: it was acknowledged in time, and not before."""
        response = way.interaction.response
        if way.in_place:
            return await self._is_accepted(response.defer())
        return await self._is_accepted(response.defer(ephemeral=way.private, thinking=True))

    async def _answer_at_once(self, way: _AnswerTarget, document: Document) -> None:
        """Answer an interaction that was not acknowledged."""
        first, *others = self._render(way.interaction, document)
        response = way.interaction.response
        content, embeds, view = first.content or None, sdk.embeds(first), sdk.view(first)
        if way.in_place:
            sent = response.edit_message(
                content=content, embeds=embeds, view=view, allowed_mentions=sdk.NO_MENTIONS
            )
        else:
            sent = response.send_message(
                content,
                embeds=embeds,
                view=view,
                ephemeral=way.private,
                allowed_mentions=sdk.NO_MENTIONS,
            )
        if await self._is_accepted(sent):
            await self._follow_up(way, others)

    async def _is_accepted(self, first_request: Awaitable[object]) -> bool:
        """Whether Discord accepts the first request of an interaction, in time and once."""
        try:
            async with asyncio.timeout(ACKNOWLEDGED_WITHIN):
                await first_request
        except discord.HTTPException as error:
            if error.code == _ANSWERED_ALREADY:
                return False  # Discord delivered it twice
            if error.code != _TOO_LATE:
                raise
            log.warning("Discord: an interaction was acknowledged too late")
            return False
        except TimeoutError:
            log.warning("Discord: an interaction could not be acknowledged in time")
            return False
        return True

    async def _deliver(self, way: _AnswerTarget, document: Document) -> None:
        first, *others = self._render(way.interaction, document)
        async with asyncio.timeout(ANSWERED_WITHIN):
            await way.interaction.edit_original_response(
                content=first.content or None,
                embeds=sdk.embeds(first),
                view=sdk.view(first),
                allowed_mentions=sdk.NO_MENTIONS,
            )
            await self._follow_up(way, others)

    def _render(self, interaction: Interaction, document: Document) -> Sequence[Payload]:
        try:
            return render(document)
        except TooLongError:
            return render(_notice(self._voices(interaction.locale.value)(_TOO_LONG)))

    async def _follow_up(self, way: _AnswerTarget, payloads: Sequence[Payload]) -> None:
        if not payloads:
            return
        async with asyncio.timeout(ANSWERED_WITHIN):
            for payload in payloads:
                await way.interaction.followup.send(
                    content=payload.content or discord.utils.MISSING,
                    embeds=sdk.embeds(payload),
                    view=sdk.view(payload),
                    ephemeral=way.private,
                    allowed_mentions=sdk.NO_MENTIONS,
                )


def _turns_own_page(interaction: Interaction, line: CommandLine) -> bool:
    """Whether somebody pages through an answer to their own command.

    The bibliography of a page is another answer, for that person alone.
    """
    message = interaction.message
    asked = message.interaction_metadata if message is not None else None
    return (
        commands.PAGE.name in line.options
        and command_line.find_verb(line.spec, line.options) is not commands.BIBLIOGRAPHY
        and asked is not None
        and asked.user.id == interaction.user.id
    )


def _notice(text: str) -> Document:
    return Document((Paragraph((Text(text),)),), summary=text)


RAISED = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)
"""What may be raised when Discord does not accept an answer."""
