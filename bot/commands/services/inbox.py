"""The bot as platforms see it: dispatches each command of the table to its use case."""

import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

from bot.archive.domain import present_entry
from bot.archive.domain.entry import Language
from bot.archive.domain.typed_dates import LONGEST
from bot.channels.domain.subscription import parse_languages
from bot.commands.domain.present_help import (
    present_digest_help,
    present_follow_help,
    present_note_help,
    present_overview,
    present_paper_help,
)
from bot.commands.domain.unfound_hints import list_hints
from bot.commands.services import (
    digest_command,
    follow_command,
    forget_command,
    help_examples,
    new_papers,
)
from bot.commands.services.complete_line import complete_line, suggested_values
from bot.commands.services.digest_command import DigestContext, zone_of
from bot.commands.services.follow_command import FollowContext, no_inbox
from bot.commands.services.forms import Forms
from bot.commands.services.kept_answers import KeptAnswers, Question
from bot.core.domain import command_line, commands, document
from bot.core.domain.command_spec import CommandSpec
from bot.core.domain.document import Document
from bot.core.domain.errors import StorageError, UsageError, UserError
from bot.core.domain.i18n import AWAY, Translate, error_text
from bot.core.ports import (
    ChannelRef,
    Choice,
    Command,
    MessageRef,
    Reaction,
    ReactionsRead,
    ThreadMessage,
)
from bot.desk.domain.present_note import present_form_elsewhere
from bot.desk.services import note_form
from bot.desk.services.context import NoteContext
from bot.digest.services.options import zones
from bot.discussion.domain.present_private import present_elsewhere
from bot.discussion.services import answers, asker, discuss
from bot.discussion.services.discuss import DiscussionContext
from bot.discussion.services.thread_messages import readers, speak
from bot.follow.services.follow import OpenInbox
from bot.lookup.domain import present_lookup, query_dates, query_hints
from bot.lookup.domain.query_terms import InDiscussion
from bot.lookup.services import completion, lookup, typed_dates
from bot.reactions.services import react

log = logging.getLogger(__name__)

PER_PAGE = 10
_MOST_CHOICES = 25


class Bot(Forms):
    """`Inbox` over the database; `voices` gives the `Translate` of a locale.

    Without a `talk` or `notes`, they use the same database and wake no pump.
    """

    def __init__(
        self,
        desk: DigestContext,
        *,
        voices: Callable[[str], Translate],
        talk: DiscussionContext | None = None,
        open_inbox: OpenInbox = no_inbox,
        notes: NoteContext | None = None,
    ) -> None:
        super().__init__(desk, notes, voices)
        self._kept = KeptAnswers(desk.db)
        self._follow = FollowContext(desk.db, desk.clock, open_inbox)
        self._talk = talk if talk is not None else DiscussionContext(desk.db, desk.clock, voices)

    async def command(self, command: Command) -> Document:
        """The answer, also to a failed command; our own failures are logged."""
        locale = await asker.known_locale(self._desk.db, command)
        return await self._answered(command, self._voices(locale))

    async def _answered(
        self, command: Command, say: Translate, *, in_thread: bool = False
    ) -> Document:
        typed = {name: command_line.spaced(each) for name, each in command.options.items()}
        try:
            return await self._answer(replace(command, options=typed), say)
        except StorageError as error:
            if in_thread:
                raise  # the message is handled again when the database is back
            log.error("/%s: %s", command.name, error)
            return document.private(document.notice(say(AWAY)))
        except UserError as error:
            return document.private(document.lines(error_text(error, say).splitlines()))
        except Exception:
            # Catch everything here: a person waits for an answer (CONTRIBUTING.md, "Errors").
            log.exception("/%s failed", command.name)
            text = say("Something went wrong in the bot. The operator finds the reason in the log.")
            return document.private(document.notice(text))

    async def _answer(self, command: Command, say: Translate) -> Document:
        match command.name:
            case commands.PAPER.name:
                options = command_line.typed_options(commands.PAPER, command.options)
                return await self._paper(replace(command, options=options), say)
            case commands.DIGEST.name:
                if command_line.find_verb(commands.DIGEST, command.options) is commands.HELP_VERB:
                    return await self._help(commands.DIGEST.name, say)
                languages = _languages(say)
                return await digest_command.answer(
                    self._desk, self._talk, command, languages=languages, say=say
                )
            case commands.FOLLOW.name | commands.UNFOLLOW.name:
                return await self._answer_follow(command, say)
            case commands.NOTE.name if command_line.opens_form(commands.NOTE, command.options):
                return present_form_elsewhere(command.channel.platform, say)
            case commands.NOTE.name:
                return await self._help(command.name, say)
            case _:
                return await self._help(command.options.get("topic", ""), say)

    async def _answer_follow(self, command: Command, say: Translate) -> Document:
        spec = commands.UNFOLLOW if command.name == commands.UNFOLLOW.name else commands.FOLLOW
        if command_line.find_verb(spec, command.options) is commands.HELP_VERB:
            return await self._help(commands.FOLLOW.name, say)
        zone = await zone_of(self._desk, command.channel)
        carry_out = follow_command.end if spec is commands.UNFOLLOW else follow_command.answer
        return await carry_out(self._follow, command, zone=zone, say=say)

    async def _help(self, topic: str, say: Translate) -> Document:
        """How to use the bot, or one command; with examples that find something here."""
        name = topic.strip().removeprefix("/").casefold()
        match name:
            case commands.PAPER.name:
                examples = await help_examples.list_finding(self._desk.db)
                return present_paper_help(examples, say)
            case commands.DIGEST.name:
                return present_digest_help(say)
            case commands.FOLLOW.name | commands.UNFOLLOW.name:
                return present_follow_help(say)
            case commands.NOTE.name:
                return present_note_help(say)
            case "" | commands.HELP.name:
                examples = await help_examples.list_finding(self._desk.db)
                return present_overview(examples, say)
            case _ if (spec := commands.with_word(name)) is not None:
                return await self._help(spec.name, say)
            case _:
                raise UsageError(
                    "There is no help about “{topic}”. Write /help, /help paper, /help digest, "
                    "/help follow or /help note",
                    topic=topic.strip()[:LONGEST],
                )

    async def _paper(self, command: Command, say: Translate) -> Document:
        asked = command.options.get("query", "").strip()
        verb = command_line.find_verb(commands.PAPER, command.options)
        if verb is commands.HELP_VERB:
            return await self._help(commands.PAPER.name, say)
        if verb is commands.NOT_FOR_US:
            return await new_papers.call_not_for_us(self._desk, command, asked.split()[1:], say)
        if verb is commands.FORGET_ME:
            return await forget_command.answer(
                self._desk, self._talk, command, asked.split()[1:], voices=self._voices, say=say
            )
        page = _page(command.options.get("page", "1"))
        is_new, day = await new_papers.asks_for_new(self._desk, asked, command.channel)
        if is_new:
            present_new = await new_papers.answer(self._desk, day, page=page, per_page=PER_PAGE)
            return speak(self._voices, command.channel, say, present_new)
        if query_dates.has_dates(asked):
            zone = await zone_of(self._desk, command.channel)
            now = self._desk.clock()
            asked = await typed_dates.write_out(self._desk.db, asked, now=now, zone=zone)
        if verb is commands.BIBLIOGRAPHY:
            return await self._bibliography(command, asked.partition(" ")[2], page, say)
        question = Question(
            asked,
            page,
            command.options.get(commands.LANGUAGE.name),
            say.locale,
            for_all=bool(readers(self._voices, command.channel, say)),
        )
        kept = await self._kept.find(question)
        if kept is not None:
            return kept
        answer, found_at = await self._look_up(command, asked, page, say)

        def present(each: Translate) -> Document:
            return document.with_notes(answer(each), query_hints.hint_lines(asked, each))

        said = speak(self._voices, command.channel, say, present)
        self._kept.keep(question, said, found_at)
        return said

    async def _find(
        self, command: Command, asked: str, page: int, *, in_brief: bool = False
    ) -> lookup.Results:
        readable = (str(command.channel), *command.also_reads)
        found = await lookup.look_up(
            self._desk.db,
            asked,
            page=page,
            per_page=PER_PAGE,
            asked_in=readable,
            in_brief=in_brief,
        )
        if not found.entries and page > 1:
            raise UsageError(
                "There is nothing on page {page}: the results end before it", page=page
            )
        return found

    async def _bibliography(
        self, command: Command, asked: str, page: int, say: Translate
    ) -> Document:
        typed = _typed_languages(command)
        found = await self._find(command, asked, page)
        if not found.entries:
            nothing = present_lookup.present_nothing(asked, found.suggestions, say, typed)
            return document.private(nothing)
        return present_lookup.present_bibliography(
            asked, found.entries, page=page, more=found.more, say=say, typed=typed
        )

    async def _look_up(
        self, command: Command, asked: str, page: int, say: Translate
    ) -> tuple[Callable[[Translate], Document], int | None]:
        """What is found, to be presented in any language, and the revision at which it may be kept."""
        found = await self._find(command, asked, page, in_brief=True)
        tells_others = bool(command.also_reads) and InDiscussion() in found.query.terms
        typed = _typed_languages(command)
        if not found.entries:
            known = await answers.without_entry(self._desk.db, found.query, say)
            if known is not None:
                return _always(known), None
            nothing = present_lookup.present_nothing(asked, found.suggestions, say, typed)
            today = self._desk.clock().astimezone(self._desk.zone).date()
            hints = list_hints(asked, today, say)
            return _always(document.private(document.with_notes(nothing, hints))), None

        def present(each: Translate) -> Document:
            languages = typed or _languages(each)
            if asked and page == 1 and len(found.entries) == 1:
                return present_entry.present_entry(
                    found.entries[0], languages=languages, say=each, detailed=True
                )
            return present_lookup.present_results(
                asked,
                found.entries,
                page=page,
                per_page=PER_PAGE,
                more=found.more,
                total=found.total,
                languages=languages,
                say=each,
                typed=typed,
            )

        if tells_others:
            return (lambda each: document.private(present(each))), None
        return present, found.revision

    async def complete(self, command: Command, option: str, typed: str) -> tuple[Choice, ...]:
        """Suggestions for a look-up, or for the verbs, options and values of a command."""
        say = self._voices(command.locale)
        if (command.name, option) == (commands.PAPER.name, "query"):
            return await completion.complete(self._desk.db, typed)
        if (command.name, option) == (commands.FOLLOW.name, "query"):
            words = complete_line(commands.FOLLOW, typed, _values, say)
            return (*await completion.complete(self._desk.db, typed), *words)[:_MOST_CHOICES]
        if (command.name, option) == (commands.UNFOLLOW.name, "query"):
            return await follow_command.complete_followed(self._follow, command, typed)
        if (command.name, option) == (commands.NOTE.name, "paper"):
            return await note_form.complete(self._desk.db, typed)
        spec = commands.find(command.name)
        if spec is None:
            return ()
        if spec.free_option is not None and option == spec.free_option.name:
            return complete_line(spec, typed, _values, say)
        return tuple(Choice(value, value) for value in _values(spec, option, typed))

    async def on_message(self, said: ThreadMessage) -> None:
        """Store, share and answer a message; see `bot.discussion.services.discuss`."""

        async def ask(line: str, say: Translate) -> Document:
            try:
                parsed = command_line.parse_line(follow_command.in_thread(line))
            except UserError as error:
                return document.lines(error_text(error, say).splitlines())
            if follow_command.shows_follows(parsed):
                return present_elsewhere(line, say)
            channel = said.root.channel
            name, options = parsed.spec.name, parsed.options
            asked = Command(name, options, said.user, channel, say.locale, said.root)
            return await self._answered(asked, say, in_thread=True)

        await discuss.on_message(self._talk, said, ask)

    async def on_message_deleted(self, message: MessageRef) -> None:
        """Forget a message and remove its copies."""
        await discuss.on_message_deleted(self._talk, message)

    async def on_reaction(self, reaction: Reaction) -> None:
        """Store that somebody likes a paper, or no longer."""
        await react.on_reaction(self._desk.db, reaction, self._desk.clock())

    async def on_reactions_read(self, read: ReactionsRead) -> bool:
        """Store who likes a paper, as the platform says it."""
        return await react.on_reactions_read(self._desk.db, read)

    async def on_channel_read(
        self,
        channel: ChannelRef,
        papers: Collection[MessageRef],
        reads: Collection[ReactionsRead],
        at: datetime,
    ) -> None:
        """Store who likes a channel's papers, and ignore older reactions from now on."""
        await react.on_channel_read(self._desk.db, channel, papers, reads, at)


def _always(answer: Document) -> Callable[[Translate], Document]:
    return lambda _: answer


def _values(spec: CommandSpec, name: str, typed: str) -> tuple[str, ...]:
    """Values of an option of a command that begin with what is typed."""
    if spec in (commands.DIGEST, commands.FOLLOW) and name == "tz":
        return zones.complete_zone(typed)
    return suggested_values(spec, name, typed)


def _page(text: str) -> int:
    """The page number; raises `UsageError`."""
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise UsageError("“{text}” is not a page: write a number from 1", text=text[:60])
    return max(1, int(text))


def _typed_languages(command: Command) -> tuple[Language, ...]:
    """The languages of the commentary that a person typed; empty for none. Raises `UsageError`."""
    typed = command.options.get(commands.LANGUAGE.name)
    return parse_languages(typed) if typed is not None else ()


def _languages(say: Translate) -> tuple[Language, ...]:
    """The reader's own language first, then the others."""
    return tuple(sorted(present_entry.LANGUAGES, key=lambda language: language != say.locale))
