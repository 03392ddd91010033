"""Opens forms as modals, keeps what is typed, and carries them out.

A trigger opens a modal for three seconds only, so the blank form is opened before the database is
asked, and replaced when the answer is there. A submission is answered within three seconds, too;
what takes longer is shown in the open modal. All that a submission needs is in the modal itself, so
that any process can take it, also after a restart.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain import document as documents
from bot.core.domain.command_line import CommandLine
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Button, Buttons, Document, Paragraph, Text
from bot.core.domain.errors import StorageError
from bot.core.domain.form import Field, FieldKind, Form
from bot.core.domain.i18n import Translate
from bot.core.ports import (
    ChannelRef,
    ChatError,
    Command,
    FilledForm,
    Inbox,
    MessageRef,
    Platform,
    User,
)
from bot.platforms.slack.addresses import home_of, is_direct
from bot.platforms.slack.api import call
from bot.platforms.slack.errors import chat_error
from bot.platforms.slack.inbound.answer_delivery import AnswerDelivery, Destination
from bot.platforms.slack.inbound.events import (
    BotIdentity,
    ButtonPress,
    CommandRequest,
    FormPressed,
    Location,
    OpenForm,
)
from bot.platforms.slack.people import UserDirectory
from bot.platforms.slack.rendering.modal import (
    FormState,
    answer_submission,
    is_too_long,
    read_inputs,
    render_answer,
    render_form,
)
from bot.platforms.slack.rendering.render import render
from bot.platforms.slack.rendering.text import Json

log = logging.getLogger(__name__)

_NAMED_WITHIN = 0.5
"""Seconds that the blank form waits for the person's language."""
_PRESSED_WITHIN = 1.0
"""Seconds after which the form says that a button takes its time."""
_MOST_OPEN = 500
"""Open forms of which the text typed last is remembered."""
_CLOSED = frozenset({"views.update: not_found", "views.update: hash_conflict"})
"""The modal was closed, or shows something newer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that opens a form, and what it came with."""

    command: Command
    line: str
    place: Location
    response_url: str | None


class Forms:
    """The forms of one workspace; raises only `ChatError`, and what the inbox raises."""

    def __init__(
        self,
        client: AsyncWebClient,
        delivery: AnswerDelivery,
        inbox: Inbox,
        people: UserDirectory,
        us: BotIdentity,
        *,
        voices: Callable[[str], Translate],
    ) -> None:
        self._client = client
        self._delivery = delivery
        self._inbox = inbox
        self._people = people
        self._us = us
        self._voices = voices
        self._newest: OrderedDict[str, OpenForm] = OrderedDict()
        """What stands in each open form, by view, as far as this process was told."""
        self._unsaved: dict[str, OpenForm] = {}
        self._saving: set[str] = set()

    async def open(self, event: CommandRequest | ButtonPress, line: CommandLine) -> None:
        """Open the form of a command, then show in it what is known."""
        place = event.place or Location(home_of(event.user))
        asked = await self._asked(event, line, place)
        blank = self._inbox.blank_form(asked.command)
        state = FormState(
            blank.name,
            blank.key,
            place.channel,
            place.thread,
            asked.command.locale,
            team=self._us.team if self._us.organisation else "",
        )
        try:
            opened = await self._open_view(event.trigger, render_form(blank, state))
        except ChatError as error:
            log.warning("Slack: a form was not opened: %s", error)
            await self._offer(asked)
            return
        view = str(opened.get("id"))
        blank_inputs = read_inputs(opened)
        asked = await self._asked(event, line, place, wait=None)
        try:
            known = await self._inbox.open_form(asked.command, blank)
        except StorageError as error:
            log.warning("Slack: a form stays blank: %s", error)
            return
        state = replace(state, locale=asked.command.locale)
        if isinstance(known, Form) and is_too_long(known):
            say = self._voices(state.locale)
            words = say(
                "This note is too long for a form in Slack: edit its file, or use the web page."
            )
            known = documents.notice(words)
        if isinstance(known, Document):
            shown = render_answer(known, blank.title, state)
        else:
            newest = self._newest.get(view)
            inputs = newest.inputs if newest is not None else blank_inputs
            typed = _changes(blank.values, newest.values) if newest is not None else {}
            shown = render_form(known.filled(typed), state, inputs)
        await self._show(view, shown, str(opened.get("hash") or ""))

    async def _asked(
        self,
        event: CommandRequest | ButtonPress,
        line: CommandLine,
        place: Location,
        *,
        wait: float | None = _NAMED_WITHIN,
    ) -> Asked:
        try:
            async with asyncio.timeout(wait):
                user, locale = await self._people.user(
                    event.user, place.channel, name=event.user_name
                )
        except TimeoutError:
            user, locale = User(event.user, event.user_name, can_manage=False), ""
        channel = self._channel(place)
        root = MessageRef(channel, place.thread) if place.thread is not None else None
        command = Command(line.spec.name, line.options, user, channel, locale, root)
        return Asked(command, event.line, place, event.response_url)

    async def _open_view(self, trigger: str, view: Json) -> Json:
        try:
            answer = await call(self._client.views_open(trigger_id=trigger, view=view))
        except SlackApiError as error:
            raise chat_error(error) from error
        opened = answer.get("view")
        return opened if isinstance(opened, dict) else {}

    async def _offer(self, asked: Asked) -> None:
        """A button that opens the form, for the person alone."""
        document = offer(asked.line, self._voices(asked.command.locale))
        to = Destination(asked.command.user.id, asked.place, asked.response_url, for_all=False)
        await self._delivery.deliver(to, render(document, mark="form"))

    async def keep(self, form: OpenForm) -> None:
        """Store what stands in a form as a draft.

        Slack tells every character: while one version is stored, only the newest one waits.
        """
        if not self._remember(form):
            return
        self._unsaved[form.view] = form
        if form.view in self._saving:
            return
        self._saving.add(form.view)
        try:
            while (newest := self._unsaved.pop(form.view, None)) is not None:
                await self._inbox.keep_form(await self._filled(newest))
        finally:
            self._saving.discard(form.view)

    async def press(self, pressed: FormPressed) -> None:
        """Carry out a further button of a form; what is typed meanwhile stays."""
        form, hash_ = pressed.form, pressed.form.hash
        self._remember(form)
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(self._pressed(pressed))
            await asyncio.wait((work,), timeout=_PRESSED_WITHIN)
            if not work.done():
                await self._show_busy(form)
                hash_ = ""
            shown = await work
        newest = self._newest.get(form.view, form)
        shown = shown.filled(_changes(form.values, newest.values))
        await self._show(form.view, render_form(shown, form.state, newest.inputs), hash_)

    async def _pressed(self, pressed: FormPressed) -> Form:
        try:
            return await self._inbox.press_form(await self._filled(pressed.form), pressed.action)
        except StorageError as error:
            log.warning("Slack: a button of a form failed: %s", error)
            return self._failed(pressed.form)

    async def _show_busy(self, form: OpenForm) -> None:
        """Say that a button takes its time, and take the buttons away meanwhile."""
        say = self._voices(form.state.locale)
        newest = self._newest.get(form.view, form)
        words = say("One moment. What you write meanwhile stays.")
        shown = replace(self._unsubmitted(newest, ""), problems={}, remarks={"": words})
        try:
            await self._show(form.view, render_form(shown, form.state, newest.inputs), form.hash)
        except ChatError as error:
            log.warning("Slack: an open form was not updated: %s", error)

    async def submit(self, form: OpenForm, answer: "asyncio.Future[Json]") -> None:
        """Carry out a submitted form; `answer` gets what Slack is answered, if it still waits."""
        self._remember(form)
        self._unsaved.pop(form.view, None)  # it is stored with the submission
        try:
            outcome = await self._inbox.submit_form(await self._filled(form))
        except StorageError as error:
            log.warning("Slack: a form was not stored: %s", error)
            outcome = self._failed(form)
        is_late = answer.done()
        if isinstance(outcome, Form):
            if not is_late:
                answer.set_result(answer_submission(outcome, form.state, form.inputs))
                return
            newest = self._newest.get(form.view, form)
            outcome = outcome.filled(_changes(form.values, newest.values))
            await self._show(form.view, render_form(outcome, form.state, newest.inputs))
            return
        self._newest.pop(form.view, None)
        if not is_late:
            answer.set_result({})
        elif await self._show(form.view, render_answer(outcome, self._title(form), form.state)):
            return
        await self._deliver(outcome, form)

    def busy(self, form: OpenForm) -> Json:
        """What Slack is answered while a submission is still being carried out."""
        say = self._voices(form.state.locale)
        words = say("Saving takes longer than usual and goes on. What you wrote stays here.")
        shown = self._unsubmitted(form, words)
        return {"response_action": "update", "view": render_form(shown, form.state, form.inputs)}

    def _failed(self, form: OpenForm) -> Form:
        say = self._voices(form.state.locale)
        words = say(
            "The bot cannot reach its database right now. What you wrote stays here: try again in a "
            "moment."
        )
        return self._unsubmitted(form, words)

    def _unsubmitted(self, form: OpenForm, words: str) -> Form:
        """The form with all that was typed, and why it is not stored yet."""
        blank = self._blank(form)
        names = {each.name for each in blank.fields}
        shown = [each for each in blank.fields if each.name in form.values]
        others = [Field(name, name, FieldKind.TEXT) for name in form.values if name not in names]
        fields = (*shown, *others)
        open_ = replace(blank, key=form.state.key, fields=fields, problems={"": words})
        return open_.filled(form.values)

    def _title(self, form: OpenForm) -> str:
        return self._blank(form).title

    def _blank(self, form: OpenForm) -> Form:
        user = User(form.user, form.user_name, can_manage=False)
        channel = self._channel(_place(form))
        return self._inbox.blank_form(
            Command(form.state.name, {}, user, channel, form.state.locale)
        )

    async def _filled(self, form: OpenForm) -> FilledForm:
        place = _place(form)
        user, locale = await self._people.user(form.user, place.channel, name=form.user_name)
        state = form.state
        return FilledForm(
            state.name, state.key, form.values, user, self._channel(place), locale or state.locale
        )

    def _remember(self, form: OpenForm) -> bool:
        """Whether it is the newest of its view; requests over HTTP may overtake each other."""
        known = self._newest.get(form.view)
        if (
            known is not None
            and known.at is not None
            and form.at is not None
            and form.at < known.at
        ):
            return False
        self._newest[form.view] = form
        self._newest.move_to_end(form.view)
        while len(self._newest) > _MOST_OPEN:
            self._newest.popitem(last=False)
        return True

    async def _show(self, view: str, shown: Json, hash_: str = "") -> bool:
        """Replace what a modal shows, unless it was closed or replaced since `hash_`."""
        guarded = {"hash": hash_} if hash_ else {}
        update = partial(self._client.views_update, view_id=view, view=shown, **guarded)
        try:
            await self._delivery.call(update)
        except ChatError as error:
            if error.detail in _CLOSED:
                return False
            raise
        return True

    async def _deliver(self, outcome: Document, form: OpenForm) -> None:
        place = _place(form)
        to = Destination(form.user, place, None, for_all=is_direct(place.channel))
        await self._delivery.deliver(to, render(outcome, mark="form"))

    def _channel(self, place: Location) -> ChannelRef:
        return ChannelRef(Platform.SLACK, self._us.team, place.channel)


def offer(line: str, say: Translate) -> Document:
    """A button that opens a form, where Slack gave no trigger or did not take it in time."""
    words = say("Press the button to open the form.")
    button = Buttons((Button(say("Open the form"), command=line),))
    return documents.private(Document((Paragraph((Text(words),)), button), summary=words))


def _place(form: OpenForm) -> Location:
    return Location(form.state.channel, form.state.thread)


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """The fields that somebody has typed into in between."""
    return {name: text for name, text in after.items() if text != before.get(name, "")}
