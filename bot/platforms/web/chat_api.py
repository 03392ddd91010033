"""The chat's JSON API: post, run commands, press buttons, edit, delete, choose a name.

Every handler takes a JSON object and returns one: `{"change": …}` for a message that everybody
sees, `{"private": html}` for an answer to this visitor only, which is not stored, `{"open": path}`
for the page of a form.
"""

import json
import re

from aiohttp import web

from bot.core.domain import command_line, commands, document
from bot.core.domain.command_line import CommandLine
from bot.core.domain.command_spec import Audience
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate, error_text
from bot.core.domain.late import late_pattern
from bot.core.ports import Choice, Command, hyphenated
from bot.discussion.domain.present_discussion import ANSWERS
from bot.discussion.domain.questions import WORDS
from bot.platforms.web.addresses import channel_ref, form_address, message_ref
from bot.platforms.web.context import CONTEXT, WebContext
from bot.platforms.web.rendering.view import BOT_NAME
from bot.platforms.web.request_checks import clean_beginning, clean_text
from bot.platforms.web.responses import json_response
from bot.platforms.web.sign_in.visible import visible_refs
from bot.platforms.web.visitors.names import clean_name, is_reserved
from bot.platforms.web.visitors.visitor import (
    NAME_COOKIE,
    VISITOR,
    Visitor,
    can_read,
    set_cookie,
)
from bot.webchat.domain.board import BoardMessage

MOST_TEXT = 4000
"""Characters of one message."""

CALL = late_pattern(rf"@{BOT_NAME}\b[:,]?\s*", re.IGNORECASE | re.ASCII)
"""A call of the bot at the beginning of a text. ASCII: in Korean the next word may follow at once."""

_NONCE = late_pattern(r"[0-9a-z-]{8,40}")


@dataclass(frozen=True, slots=True)
class Location:
    """Where a request was made: in a channel, or in the thread of `root` in it."""

    channel: str
    root: BoardMessage | None


class Body:
    """A request's JSON object; a wrong value raises an answer with status 422."""

    def __init__(self, values: object, say: Translate) -> None:
        self._values = values if isinstance(values, dict) else {}
        self.say = say

    def text(self, name: str, *, most: int = MOST_TEXT) -> str:
        """The cleaned text, of at most `most` characters; empty where it is missing."""
        value = self._values.get(name, "")
        if not isinstance(value, str):
            raise refusal(self.say("The request could not be read."))
        value = clean_text(value)
        if len(value) > most:
            raise refusal(
                self.say(
                    "That is too long: {n} characters, at most {most} are allowed.",
                    n=len(value),
                    most=most,
                )
            )
        return value

    def flag(self, name: str) -> bool:
        """Whether the value is there and true."""
        return self._values.get(name) is True

    def number(self, name: str) -> int | None:
        """A message's id, or `None` where it is missing."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
            raise refusal(self.say("The request could not be read."))
        return value


def refusal(text: str, *, kind: type[web.HTTPException] = web.HTTPUnprocessableEntity) -> Exception:
    """An answer with an error message for the page to show."""
    return kind(text=json.dumps({"error": text}), content_type="application/json")


async def post_message(request: web.Request) -> web.Response:
    """Post a text, or run it if it begins with a slash, or outside of threads with the bot's name.

    In the visitor's inbox all of it is said to the bot, as in direct messages of other platforms.
    A repeated `nonce` posts nothing again.
    """
    context, visitor, body = request.app[CONTEXT], request[VISITOR], await read_body(request)
    location = await find_location(context, visitor, body)
    text = body.text("text")
    nonce = body.text("nonce", most=40)
    if not text or not _NONCE.fullmatch(nonce):
        raise refusal(visitor.say("The request could not be read."))
    key = f"{visitor.user.id}:{nonce}"
    if text.startswith("/"):
        return await _run_command(context, visitor, location, text, text=text, key=key)
    call = CALL.match(text)
    if location.root is None and (call is not None or location.channel == visitor.inbox):
        said = text[call.end() :] if call is not None else text
        line = command_line.mentioned_line(" ".join(said.split()))
        return await _run_command(context, visitor, location, line, text=text, key=key)
    message = await context.board.add(
        location.channel,
        text,
        at=context.now(),
        root=location.root.id if location.root else None,
        author=visitor.author,
        key=key,
    )
    context.feed.notify()
    await context.deliver_replies()
    context.feed.notify()  # `@paperbot paper forget-me` deletes messages
    return _changed(context, visitor, message)


async def _run_command(
    context: WebContext, visitor: Visitor, location: Location, typed: str, *, text: str, key: str
) -> web.Response:
    """Run the command line `typed`, which is shown as `text`.

    The command table and the answer itself say who sees the answer.
    """
    try:
        line = command_line.parse_line(typed)
    except UsageError as error:
        return _private(context, visitor, document.notice(error_text(error, visitor.say)))
    if command_line.opens_form(line.spec, line.options):
        return _page_opens(location, line)
    answer = await context.inbox.command(await _command(context, visitor, location, line))
    if line.audience is Audience.PRIVATE or answer.is_private:
        context.feed.notify()  # `/paper forget-me` deletes messages
        return _private(context, visitor, answer, question=text, typed=True)
    message = await context.board.add(
        location.channel,
        answer,
        at=context.now(),
        root=location.root.id if location.root else None,
        author=visitor.author,
        question=text,
        key=key,
    )
    context.feed.notify()
    return _changed(context, visitor, message)


async def press_button(request: web.Request) -> web.Response:
    """Run a button's command line. The answer is private; no message is posted.

    Exception: another page of an answer that the visitor asked for replaces it, for everybody.
    `shown` is the command line of the private answer that the button stands in.
    """
    context, visitor, body = request.app[CONTEXT], request[VISITOR], await read_body(request)
    location = await find_location(context, visitor, body)
    text = body.text("line")
    try:
        line = command_line.parse_line(text)
    except UsageError as error:
        return _private(context, visitor, document.notice(error_text(error, visitor.say)))
    if command_line.opens_form(line.spec, line.options):
        return _page_opens(location, line)
    answer = await context.inbox.command(await _command(context, visitor, location, line))
    number = body.number("message")
    pressed = await context.board.find(number) if number else None
    if (
        pressed is not None
        and pressed.by_bot
        and pressed.author is not None
        and pressed.author.id == visitor.user.id
        and is_another_page(pressed.question, line)
        and not answer.is_private
    ):
        message = await context.board.update(pressed.id, answer, at=context.now(), question=text)
        if message is not None:
            context.feed.notify()
            return _changed(context, visitor, message)
    in_place = is_another_page(body.text("shown"), line)
    return _private(context, visitor, answer, question=text, in_place=in_place)


def is_another_page(question: str, line: CommandLine) -> bool:
    """Whether two command lines differ in their page number only."""
    try:
        asked = command_line.parse_line(question)
    except UsageError:
        return False
    page = commands.PAGE.name
    return asked.spec is line.spec and (
        {name: value for name, value in asked.options.items() if name != page}
        == {name: value for name, value in line.options.items() if name != page}
    )


async def edit(request: web.Request) -> web.Response:
    """Edit one of the visitor's own messages."""
    context, visitor, body = request.app[CONTEXT], request[VISITOR], await read_body(request)
    own = await _own_message(context, visitor, body)
    text = body.text("text")
    if not text:
        raise refusal(visitor.say("The request could not be read."))
    message = await context.board.update(own.id, text, at=context.now())
    if message is None:
        raise refusal(visitor.say("That message no longer exists."), kind=web.HTTPNotFound)
    context.feed.notify()
    await context.deliver_replies()
    context.feed.notify()  # `@paperbot paper forget-me` deletes messages
    return _changed(context, visitor, message)


async def remove(request: web.Request) -> web.Response:
    """Delete one of the visitor's own messages."""
    context, visitor, body = request.app[CONTEXT], request[VISITOR], await read_body(request)
    own = await _own_message(context, visitor, body)
    message = await context.board.remove(own.id, at=context.now())
    context.feed.notify()
    await context.deliver_replies()
    return _changed(context, visitor, message or own)


async def complete(request: web.Request) -> web.Response:
    """Complete the line that is being typed: a command, or a call of the bot.

    In a thread a call may be one of its words; elsewhere it is a look-up.
    """
    context, visitor = request.app[CONTEXT], request[VISITOR]
    body = Body(dict(request.query), visitor.say)
    body.text("line")  # its length is checked
    line = clean_beginning(request.query.get("line", ""))
    channel = body.text("channel")
    if not await can_read(context, visitor, channel):
        raise refusal(visitor.say("There is no such channel."), kind=web.HTTPNotFound)
    if line.startswith("@"):
        return json_response(await _complete_call(request, line, channel))
    name, _, typed = line.removeprefix("/").partition(" ")
    choices = await _completions(request, name.casefold(), typed, channel)
    return json_response(
        [{"label": c.label, "value": f"/{name.casefold()} {c.value}"} for c in choices]
    )


async def _complete_call(request: web.Request, line: str, channel: str) -> list[dict[str, str]]:
    say, call = request[VISITOR].say, CALL.match(line)
    name = f"@{BOT_NAME}"
    if call is None:
        is_begun = name.startswith(line.casefold())
        return [{"label": name, "value": f"{name} "}] if is_begun else []
    typed = line[call.end() :].lstrip()
    words = []
    if request.query.get("root"):
        words = [
            {"label": f"{word} — {say(ANSWERS[wish])}", "value": f"{name} {word}"}
            for word, wish in WORDS.items()
            if word.startswith(typed.casefold())
        ]
    found = await _completions(request, commands.PAPER.name, typed, channel)
    return [*words, *({"label": c.label, "value": f"{name} {c.value}"} for c in found)]


async def _completions(
    request: web.Request, name: str, typed: str, channel: str
) -> tuple[Choice, ...]:
    """Completions of the free option of a command."""
    context, visitor = request.app[CONTEXT], request[VISITOR]
    spec = commands.find(name)
    option = spec.free_option if spec else None
    if spec is None or option is None or not option.completes:
        return ()
    line = CommandLine(spec, {option.name: typed})
    command = await _command(context, visitor, Location(channel, None), line)
    return await context.inbox.complete(command, option.name, typed)


async def rename(request: web.Request) -> web.Response:
    """Change the visitor's name."""
    visitor, body = request[VISITOR], await read_body(request)
    if visitor.is_signed_in:
        text = visitor.say("You are signed in, so your name cannot be changed here.")
        raise refusal(text, kind=web.HTTPForbidden)
    name = clean_name(body.text("name", most=200))
    if not name:
        raise refusal(visitor.say("Enter a name of 1 to 40 characters."))
    if is_reserved(name):
        text = visitor.say("People could take that name for somebody else. Choose another one.")
        raise refusal(text)
    response = json_response({"name": name})
    set_cookie(request, response, NAME_COOKIE, name)
    return response


async def add_channel(request: web.Request) -> web.Response:
    """Add a channel; for the operator only."""
    context, visitor, body = request.app[CONTEXT], request[VISITOR], await read_body(request)
    name = hyphenated(body.text("name", most=200).removeprefix("#").casefold())
    if not visitor.user.can_manage:
        text = visitor.say(
            "Only the operator can add channels: run “paperbot open” and open its address."
        )
        raise refusal(text, kind=web.HTTPForbidden)
    await context.board.add_channel(name, at=context.now())
    return json_response({"name": name})


async def read_body(request: web.Request) -> Body:
    """The request's JSON object; answers 422 where it is none."""
    say = request[VISITOR].say
    return Body(await read_object(request, say), say)


async def read_object(request: web.Request, say: Translate) -> dict[str, object]:
    """The same, unchecked; an empty one for another value."""
    try:
        values = json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise refusal(say("The request could not be read.")) from error
    return values if isinstance(values, dict) else {}


async def find_location(context: WebContext, visitor: Visitor, body: Body) -> Location:
    """Where the request was made; answers 404 for a missing channel or thread."""
    channel, number = body.text("channel"), body.number("root")
    if not await can_read(context, visitor, channel):
        raise refusal(visitor.say("There is no such channel."), kind=web.HTTPNotFound)
    if channel == visitor.inbox:
        await context.board.open_inbox(visitor.user.id, at=context.now())
    if number is None:
        return Location(channel, None)
    root = await context.board.find(number)
    if root is None or root.channel != channel or root.root is not None:
        raise refusal(visitor.say("That message no longer exists."), kind=web.HTTPNotFound)
    return Location(channel, root)


async def _command(
    context: WebContext, visitor: Visitor, location: Location, line: CommandLine
) -> Command:
    # Asking the platforms takes a moment: only a search of discussions needs it.
    also_reads: frozenset[str] = frozenset()
    if "in:" in line.options.get("query", "").casefold():
        also_reads = await visible_refs(context, visitor)
        if location.channel == visitor.inbox:  # there is no talk in it, and everybody reads these
            also_reads |= set(map(str, map(channel_ref, await context.board.list_channels())))
    return Command(
        name=line.spec.name,
        options=line.options,
        user=visitor.user,
        channel=channel_ref(location.channel),
        locale=visitor.say.locale,
        root=message_ref(location.channel, location.root.id) if location.root else None,
        also_reads=also_reads,
    )


async def _own_message(context: WebContext, visitor: Visitor, body: Body) -> BoardMessage:
    number = body.number("message")
    message = await context.board.find(number) if number else None
    if message is None or message.deleted:
        raise refusal(visitor.say("That message no longer exists."), kind=web.HTTPNotFound)
    if message.by_bot or message.author is None or message.author.id != visitor.user.id:
        raise refusal(visitor.say("Only its author can change a message."), kind=web.HTTPForbidden)
    return message


def _page_opens(location: Location, line: CommandLine) -> web.Response:
    """The page of the form that a command opens."""
    return json_response({"open": form_address(line, location.channel)})


def _changed(context: WebContext, visitor: Visitor, message: BoardMessage) -> web.Response:
    change = context.view.change(message, visitor.say.locale)
    return json_response(f'{{"change": {change}}}')


def _private(
    context: WebContext,
    visitor: Visitor,
    answer: Document,
    *,
    question: str = "",
    typed: bool = False,
    in_place: bool = False,
) -> web.Response:
    html = context.view.page(
        "private.html", visitor.say, document=answer, question=question, typed=typed
    )
    return json_response({"private": html, "in_place": in_place, "summary": answer.summary})
