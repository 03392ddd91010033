"""Passes commands, presses and messages to the inbox, and delivers the answers.

A typed command is answered to the channel or to its author alone, as the command table says; what
only its author needs, such as "nothing found", goes to the author alone. A press is always answered to the person who pressed, alone; a button for another page of an answer
replaces that answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from hashlib import blake2s

from slack_sdk.web.async_client import AsyncWebClient

from bot.core.domain import command_line, commands
from bot.core.domain.command_line import CommandLine
from bot.core.domain.command_spec import Audience
from bot.core.domain.document import Button, Buttons, Document, Paragraph, Text
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate, error_text
from bot.core.ports import (
    ChannelRef,
    Command,
    Inbox,
    MessageRef,
    Platform,
    Reaction,
    ThreadMessage,
    User,
)
from bot.platforms.slack.addresses import home_of, is_direct
from bot.platforms.slack.inbound import mrkdwn
from bot.platforms.slack.inbound.answer_delivery import AnswerDelivery, Destination
from bot.platforms.slack.inbound.events import (
    BotIdentity,
    ButtonPress,
    CommandRequest,
    FormPressed,
    FormTyped,
    HomeOpened,
    Location,
    MessageDeleted,
    MessagePosted,
    OpenForm,
    Reacted,
    SlackEvent,
)
from bot.platforms.slack.inbound.forms import Forms, offer
from bot.platforms.slack.people import UserDirectory
from bot.platforms.slack.rendering.render import Payload, render, render_home
from bot.platforms.slack.rendering.text import Json

log = logging.getLogger(__name__)

HOME_LINE = command_line.format_line(commands.DIGEST.name, "newest")
"""The command that the App Home shows at first."""

_MOST_NAMED = 20
"""The names of so many people, and of so many channels, are looked up for one command or message."""


class Interactions:
    """Handles events; raises only `ChatError`, and what the inbox raises."""

    def __init__(
        self,
        client: AsyncWebClient,
        inbox: Inbox,
        people: UserDirectory,
        us: BotIdentity,
        *,
        voices: Callable[[str], Translate],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._client = client
        self._delivery = AnswerDelivery(client, sleep=sleep)
        self._inbox = inbox
        self._people = people
        self._us = us
        self._voices = voices
        self._forms = Forms(client, self._delivery, inbox, people, us, voices=voices)

    def is_urgent(self, event: SlackEvent) -> bool:
        """Whether an event opens a form, for which Slack gives three seconds."""
        return self._form_line(event) is not None

    async def submit(self, form: OpenForm, answer: "asyncio.Future[Json]") -> None:
        """Carry out a submitted form; see `Forms.submit`."""
        await self._forms.submit(form, answer)

    def busy(self, form: OpenForm) -> Json:
        """What Slack is answered while a submission is still being carried out."""
        return self._forms.busy(form)

    async def handle(self, event: SlackEvent) -> None:
        """Pass the event to the inbox and deliver the answer, if there is one."""
        match event:
            case CommandRequest() | ButtonPress() if (line := self._form_line(event)) is not None:
                await self._forms.open(event, line)
            case FormTyped():
                await self._forms.keep(event.form)
            case FormPressed():
                await self._forms.press(event)
            case CommandRequest():
                await self._answer(event)
            case ButtonPress():
                await self._press(event)
            case MessagePosted():
                await self._on_message(event)
            case MessageDeleted():
                channel = self._channel(event.channel)
                await self._inbox.on_message_deleted(MessageRef(channel, event.ts))
            case Reacted():
                await self._on_reaction(event)
            case HomeOpened():
                await self._show_home(event.user, HOME_LINE)

    def _form_line(self, event: SlackEvent) -> CommandLine | None:
        """The command of an event that opens a form, if Slack gave a trigger with it."""
        if not isinstance(event, CommandRequest | ButtonPress) or not event.trigger:
            return None
        try:
            line = command_line.parse_line(event.line)
        except UsageError:
            return None
        return line if command_line.opens_form(line.spec, line.options) else None

    async def _answer(self, asked: CommandRequest) -> None:
        typed = asked.line if asked.message is None else _line_of(asked.line)
        document, line = await self._ask(typed, asked.user, asked.user_name, asked.place)
        place = asked.place
        # Only a message is known to be with the bot: a slash command may be typed between two people.
        is_with_us = asked.message is not None and is_direct(place.channel)
        if asked.message is not None and place.thread is None and not is_with_us:
            place = replace(place, thread=asked.message)
        for_all = line is not None and line.audience is Audience.CHANNEL and not document.is_private
        to = Destination(asked.user, place, asked.response_url, for_all or is_with_us)
        await self._delivery.deliver(to, self._payloads(document, asked, line))

    async def _ask(
        self, typed: str, user: str, name: str, place: Location
    ) -> tuple[Document, CommandLine | None]:
        """The inbox's answer to a line, and the line parsed; `None` if it is no command."""
        asker, locale = await self._people.user(user, place.channel, name=name)
        for named in mrkdwn.unnamed_channels(typed)[:_MOST_NAMED]:
            # Slack sends a tag that is also a channel's name as that channel.
            typed = typed.replace(f"<#{named}>", f"#{await self._people.channel_name(named)}")
        try:
            line = command_line.parse_line(typed)
        except UsageError as error:
            return _notice(error_text(error, self._voices(locale))), None
        if command_line.opens_form(line.spec, line.options):  # without a trigger, as in a mention
            return offer(typed, self._voices(locale)), line
        channel = self._channel(place.channel)
        root = MessageRef(channel, place.thread) if place.thread is not None else None
        mentioned = {
            called: (await self._people.person(called)).name
            for called in mrkdwn.mentioned(typed)[:_MOST_NAMED]
        }
        command = Command(line.spec.name, line.options, asker, channel, locale, root, mentioned)
        return await self._inbox.command(command), line

    def _payloads(
        self, document: Document, asked: CommandRequest | ButtonPress, line: CommandLine | None
    ) -> tuple[Payload, ...]:
        mark = _answer_mark(asked.user, line) if line is not None else "notice"
        # Unique for each request, so that an unconfirmed answer can be found in the channel.
        time = blake2s(asked.event_id.encode(), digest_size=6).hexdigest()
        return render(document, mark=f"{mark}/{time}")

    async def _press(self, pressed: ButtonPress) -> None:
        if pressed.place is None:
            await self._show_home(pressed.user, pressed.line)
            return
        document, line = await self._ask(
            pressed.line, pressed.user, pressed.user_name, pressed.place
        )
        own = line is not None and pressed.block_id.startswith(
            f"{_answer_mark(pressed.user, line)}/"
        )
        to = Destination(
            pressed.user, pressed.place, pressed.response_url, for_all=False, replaces=own
        )
        await self._delivery.deliver(to, self._payloads(document, pressed, line))

    async def _on_message(self, posted: MessagePosted) -> None:
        channel = self._channel(posted.channel)
        user = User(posted.user, posted.user_name, can_manage=False)
        locale = ""
        if not posted.user_name:
            user, locale = await self._people.user(posted.user, posted.channel, surely=True)
        said = ThreadMessage(
            root=MessageRef(channel, posted.root),
            message=MessageRef(channel, posted.ts),
            user=user,
            text=await self._plain(posted.text),
            mentions_bot=posted.mentions_bot,
            at=posted.at,
            edited_at=posted.edited_at,
            locale=locale,
        )
        await self._inbox.on_message(said)

    async def _on_reaction(self, reacted: Reacted) -> None:
        message = MessageRef(self._channel(reacted.channel), reacted.ts)
        user = await self.member(reacted.user)
        reaction = Reaction(message, user, reacted.emoji, reacted.is_added, reacted.at)
        await self._inbox.on_reaction(reaction)

    async def member(self, user: str) -> User:
        """A person with their own workspace; raises `ChatError` if Slack cannot tell it for now."""
        person = await self._people.person(user, surely=True)
        return User(person.id, person.name, can_manage=False, workspace=person.team)

    async def _plain(self, text: str) -> str:
        """Mrkdwn as plain text, with the names of people and public channels.

        Raises `ChatError` if Slack cannot tell a name for now.
        """
        people = {
            called: "paperbot"
            if called == self._us.user
            else (await self._people.person(called, surely=True)).name
            for called in mrkdwn.mentioned(text)[:_MOST_NAMED]
        }
        channels = {
            named: await self._people.channel_name(named)
            for named in mrkdwn.unnamed_channels(text)[:_MOST_NAMED]
        }
        return mrkdwn.plain(text, lambda id_: people.get(id_) or channels.get(id_) or id_)

    async def _show_home(self, user: str, typed: str) -> None:
        """Show the answer to a line in the App Home, with a button back to the first view."""
        document, _ = await self._ask(typed, user, "", Location(home_of(user)))
        if typed != HOME_LINE:
            back = Buttons((Button("←", command=HOME_LINE),))
            document = replace(document, blocks=(back, *document.blocks))
        blocks = render_home(document)
        view = {"type": "home", "blocks": list(blocks)}
        await self._delivery.call(partial(self._client.views_publish, user_id=user, view=view))

    def _channel(self, channel: str) -> ChannelRef:
        return ChannelRef(Platform.SLACK, self._us.team, channel)


def _line_of(text: str) -> str:
    return command_line.mentioned_line(" ".join(mrkdwn.command_text(text).split()))


def _answer_mark(user: str, line: CommandLine) -> str:
    """Identifies the answers to one question of one person, whatever page they show."""
    asked = [
        f"{name}:{value}"
        for name, value in sorted(line.options.items())
        if name != commands.PAGE.name
    ]
    digest = blake2s("\n".join([line.spec.name, *asked]).encode(), digest_size=9).hexdigest()
    return f"a.{user}.{digest}"


def _notice(text: str) -> Document:
    return Document((Paragraph((Text(text),)),), summary=text)
