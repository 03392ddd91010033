"""The bot as platforms see it: each command of the table to the use case behind it."""

import logging
from collections.abc import Callable
from datetime import date, datetime, tzinfo

from bot.domain import commands, present
from bot.domain.dates import parse_date
from bot.domain.document import Document
from bot.domain.entry import Language, StoredEntry
from bot.domain.errors import UserError
from bot.domain.words import Say
from bot.ports import Choice, Command, MessageRef, Said
from bot.services import lookup
from bot.store import entries
from bot.store.database import Database

log = logging.getLogger(__name__)

PER_PAGE = 10


class Bot:
    """`ports.Inbox` over the database.

    `clock` gives the aware instant; `zone` is where "today" is when a channel has no zone of
    its own; `voices` gives the `Say` of a locale.
    """

    def __init__(
        self,
        db: Database,
        *,
        clock: Callable[[], datetime],
        zone: tzinfo,
        voices: Callable[[str], Say],
    ) -> None:
        self._db = db
        self._clock = clock
        self._zone = zone
        self._voices = voices

    async def command(self, command: Command) -> Document:
        """The answer; whatever goes wrong is answered too, and logged if it is ours."""
        say = self._voices(command.locale)
        try:
            return await self._answer(command, say)
        except UserError as error:
            return present.notice(say(error.message, **error.values))
        except Exception:
            # One of the two places that catch everything (STYLE.md): a person waits.
            log.exception("/%s failed", command.name)
            return present.notice(say("That went wrong here; the operator can see why in the log."))

    async def _answer(self, command: Command, say: Say) -> Document:
        match command.name:
            case "paper":
                return await self._paper(command, say)
            case "digest":
                return await self._digest(command, say)
            case _:
                return present.present_help(say)

    async def _paper(self, command: Command, say: Say) -> Document:
        asked = command.options.get("query", "").strip()
        page = _page(command.options.get("page"))
        results = await lookup.look_up(self._db, asked, page=page, per_page=PER_PAGE)
        languages = _languages(say)
        if not results.entries:
            return present.present_nothing(asked, results.suggestions, say)
        if page == 1 and len(results.entries) == 1 and asked:
            return present.present_entry(
                results.entries[0], languages=languages, say=say, detailed=True
            )
        return present.present_results(
            asked,
            results.entries,
            page=page,
            per_page=PER_PAGE,
            more=results.more,
            total=results.total,
            languages=languages,
            say=say,
        )

    async def _digest(self, command: Command, say: Say) -> Document:
        what = command.options.get("what", "today").strip().casefold()
        if what in {"", "today", "오늘"}:
            day = self._clock().astimezone(self._zone).date()
        else:
            day = parse_date(what)
        found = await self._on(day)
        return present.present_day(day, found, languages=_languages(say), say=say)

    async def _on(self, day: date) -> tuple[StoredEntry, ...]:
        async with self._db.reading() as tx:
            return await entries.on_date(tx, day)

    async def complete(self, command: Command, option: str, typed: str) -> tuple[Choice, ...]:
        """Suggestions for the look-up; days are not completed."""
        spec = commands.find(command.name)
        if spec is None or not any(o.name == option and o.completes for o in spec.options):
            return ()
        if spec.name == "paper":
            return await lookup.complete(self._db, typed)
        say = self._voices(command.locale)
        return tuple(
            Choice(f"{verb.name} — {say(verb.summary)}", verb.name)
            for verb in spec.verbs
            if verb.name.startswith(typed.casefold())
        )

    async def said(self, said: Said) -> None:
        """Replies are kept by their platform; the bot's own memory comes with discussions."""

    async def unsaid(self, message: MessageRef) -> None:
        """See `said`."""


def _page(text: str | None) -> int:
    return (
        int(text)
        if text and text.isascii() and text.isdigit() and len(text) < 6 and int(text)
        else 1
    )


def _languages(say: Say) -> tuple[Language, ...]:
    """The reader's own language first, then the others."""
    return tuple(sorted(present.LANGUAGES, key=lambda language: language != say.locale))
