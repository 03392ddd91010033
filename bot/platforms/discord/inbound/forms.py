"""Opens forms as modals, and carries them out.

A modal must be the first answer to an interaction, within three seconds, and cannot be changed or
follow a modal. So the blank form is opened where the database is slow, and a submission with a
problem is answered with a message whose button opens the form again, with the draft. What could
not be stored as a draft stands in that message, and in this process for that button.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

import discord

from bot.archive.domain.arxiv_id import find_arxiv_ids
from bot.core.domain import command_line
from bot.core.domain import document as documents
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Block, Button, Buttons, Document, Paragraph, Text
from bot.core.domain.errors import StorageError
from bot.core.domain.form import Field, FieldKind, Form, FormAction
from bot.core.domain.i18n import AWAY, Translate
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.core.ports import Command, FilledForm, Inbox
from bot.platforms.discord.people import asking_user, channel_and_root
from bot.platforms.discord.rendering.modal import (
    ActionLine,
    FormState,
    is_too_long,
    modal,
    read_state,
    read_values,
)

log = logging.getLogger(__name__)

Interaction = discord.Interaction[Any]

_KNOWN_WITHIN = 0.75
"""Seconds that a form waits for what is known; of Discord's three, some are on the way."""
_OPENED_WITHIN = 3.0
_MOST_UNSAVED = 200
"""Forms of which the text is remembered because it could not be stored."""
_DEEPEST = 12
_PAPER = "paper"
_SAVE = "save"
"""The action that submits a form as it is stored; the inbox has none of that name."""


class Answers(Protocol):
    """How an interaction is answered for its author alone."""

    async def acknowledge(self, interaction: Interaction) -> bool:
        """Whether it was acknowledged in time, and not before."""
        ...

    async def deliver(self, interaction: Interaction, document: Document) -> None:
        """Send the answer of an acknowledged interaction."""
        ...


@dataclass(frozen=True, slots=True)
class _Submitted:
    filled: FilledForm
    state: FormState


class Forms:
    """The forms of one bot; any process can take a submission."""

    def __init__(
        self, inbox: Inbox, answers: Answers, *, voices: Callable[[str], Translate]
    ) -> None:
        self._inbox = inbox
        self._answers = answers
        self._voices = voices
        self._unsaved: OrderedDict[tuple[str, str], Form] = OrderedDict()
        """Forms whose text is not stored, by person and paper."""

    async def open(self, interaction: Interaction, command: Command) -> None:
        """Answer with the form, or with why there is none."""
        paper = " ".join(command.options.get(_PAPER, "").split())
        form = self._unsaved.get((command.user.id, paper)) or await self._known(command)
        if isinstance(form, Form) and is_too_long(form):
            say = self._voices(command.locale)
            words = say(
                "This note is too long for a form in Discord: edit its file, or use the web page."
            )
            form = documents.notice(words)
        if isinstance(form, Document):
            if await self._answers.acknowledge(interaction):
                await self._answers.deliver(interaction, form)
            return
        async with asyncio.timeout(_OPENED_WITHIN):
            await interaction.response.send_modal(modal(form, paper))

    async def _known(self, command: Command) -> Form | Document:
        blank = self._inbox.blank_form(command)
        try:
            async with asyncio.timeout(_KNOWN_WITHIN):
                return await self._inbox.open_form(command, blank)
        except (TimeoutError, StorageError) as error:
            log.warning("Discord: a form stays blank: %s", str(error) or "the database is slow")
            return blank

    async def submit(self, interaction: Interaction) -> None:
        """Carry out a submitted form; it is stored even if Discord no longer takes an answer."""
        data: Any = interaction.data or {}
        state = read_state(str(data.get("custom_id")))
        if state is None:
            return
        channel, _ = channel_and_root(interaction)
        filled = FilledForm(
            state.name,
            state.key,
            read_values(data),
            asking_user(interaction),
            channel,
            interaction.locale.value,
        )
        acknowledged, answer = await asyncio.gather(
            self._answers.acknowledge(interaction),
            self._carried_out(_Submitted(filled, state)),
            return_exceptions=True,
        )
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(acknowledged, BaseException):
            raise acknowledged
        if acknowledged:
            await self._answers.deliver(interaction, answer)

    async def press(self, interaction: Interaction, pressed: ActionLine) -> None:
        """Carry out a button of a form that stands below a message, with what is stored of the form.

        It may take as long as the answer of an interaction: fifteen minutes.
        """
        if not await self._answers.acknowledge(interaction):
            return
        channel, _ = channel_and_root(interaction)
        user, locale = asking_user(interaction), interaction.locale.value
        filled = FilledForm(pressed.name, pressed.key, {}, user, channel, locale)
        say = self._voices(locale)
        try:
            if pressed.action == _SAVE:
                outcome = await self._inbox.submit_form(filled)
            else:
                outcome = await self._inbox.press_form(filled, pressed.action)
        except StorageError as error:
            log.warning("Discord: a button of a form failed: %s", error)
            await self._answers.deliver(interaction, documents.notice(say(AWAY)))
            return
        if isinstance(outcome, Form):
            paper = " ".join(outcome.values.get(_PAPER, pressed.paper).split())
            outcome = _problems(outcome, paper, say, typed={}, may_save=False)
        await self._answers.deliver(interaction, outcome)

    async def _carried_out(self, submitted: _Submitted) -> Document:
        filled = submitted.filled
        try:
            outcome = await self._inbox.submit_form(filled)
        except StorageError as error:
            log.warning("Discord: a form was not stored: %s", error)
            outcome = self._failed(filled)
        paper = " ".join(filled.values.get(_PAPER, submitted.state.paper).split())
        person = (filled.user.id, paper)
        if isinstance(outcome, Document):
            self._forget(filled)
            return outcome
        is_stored = await self._is_stored(filled)
        self._forget(filled)
        if not is_stored:
            self._unsaved[person] = outcome
            while len(self._unsaved) > _MOST_UNSAVED:
                self._unsaved.popitem(last=False)
        return _problems(
            outcome,
            paper,
            self._voices(filled.locale),
            typed={} if is_stored else filled.values,
            may_save=is_stored and not outcome.problems and bool(outcome.remarks),
        )

    def _forget(self, filled: FilledForm) -> None:
        """Forget a filling of a form, also where another paper stood in it."""
        old = [
            (user, paper)
            for (user, paper), form in self._unsaved.items()
            if user == filled.user.id and form.key == filled.key
        ]
        for each in old:
            del self._unsaved[each]

    async def _is_stored(self, filled: FilledForm) -> bool:
        keeping: Awaitable[bool] = self._inbox.keep_form(filled)
        try:
            return await keeping
        except StorageError:
            return False

    def _failed(self, filled: FilledForm) -> Form:
        """The form with all that was typed, and why it is not stored."""
        say = self._voices(filled.locale)
        command = Command(filled.name, {}, filled.user, filled.channel, filled.locale)
        blank = self._inbox.blank_form(command)
        shown = {each.name: each for each in blank.fields}
        fields = tuple(shown.get(name, Field(name, name, FieldKind.TEXT)) for name in filled.values)
        words = say(
            "The bot cannot reach its database right now. What you wrote stays here: try again in a "
            "moment."
        )
        form = replace(blank, key=filled.key, fields=fields, problems={"": words})
        return form.filled(filled.values)


def _problems(
    form: Form, paper: str, say: Translate, *, typed: Mapping[str, str], may_save: bool
) -> Document:
    """What is to be corrected or worth a look, with a button that opens the form again.

    `typed` is shown whole: it could not be stored, so no further button can act on it. Where nothing
    is to be corrected (`may_save`), a button saves the form as it is.
    """
    labels = {each.name: each.label for each in form.fields}
    lines = [
        f"{sign} {labels[name]}: {text}" if name in labels else f"{sign} {text}"
        for sign, texts in (("⚠️", form.problems), ("💡", form.remarks))
        for name, text in texts.items()
    ]
    said = "\n".join(lines) or say("The note is not saved yet.")
    blocks: list[Block] = [Paragraph((Text(each),)) for each in lines or (said,)]
    blocks += [Paragraph((Text(each),)) for each in form.about]
    for name, text in typed.items():
        if text.strip():
            blocks.append(Paragraph((Text(f"{labels.get(name, name)}: {text}"),)))
    actions = list(() if typed else form.actions)
    if may_save:
        actions.insert(0, FormAction(_SAVE, form.submit))
    buttons = [Button(say("Continue"), command=command_line.format_line(form.name, paper))]
    buttons += [
        Button(each.label, command=str(ActionLine(form.name, form.key, each.name, paper)))
        for each in actions
    ]
    blocks.append(Buttons(tuple(buttons)))
    return documents.private(Document(tuple(blocks), summary=said))


def paper_of(data: Mapping[str, Any]) -> str:
    """The first arXiv paper that a message names or links to; in a digest, its entry; else empty.

    `data` is that of a message command.
    """
    resolved = data.get("resolved") or {}
    message = (resolved.get("messages") or {}).get(str(data.get("target_id"))) or {}
    shown = [
        *_texts(message.get("content")),
        *_texts(message.get("embeds")),
        *_texts(message.get("message_snapshots")),
        *_texts(message.get("components")),
    ]
    for text in shown:
        for mention in find_arxiv_ids(well_formed(text)):
            if mention.id is not None:
                return mention.id.number
    return next((found for text in shown if (found := _entry_in(text))), "")


def _entry_in(text: str) -> str:
    return next(
        (
            word
            for word in text.split()
            if word.startswith("entry:") and word.removeprefix("entry:").isdecimal()
        ),
        "",
    )


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Everything that is written below a value, addresses and buttons' lines included."""
    if isinstance(value, str):
        yield value
    elif depth < _DEEPEST and isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part, depth + 1)
