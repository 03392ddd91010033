"""The form of a note over the real bot: what tests of the desk act on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.domain.document import Document
from bot.core.domain.form import Form
from bot.core.ports import ChannelRef, Command, FilledForm, User, parse_channel
from bot.desk.services.context import Drafting, NoteContext, NoteFiles, Vets, vet_all
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.lookup.services import lookup
from bot.lookup.services.lookup import Results
from tests.stage import Clock

NOW = datetime(2026, 2, 3, 3, tzinfo=UTC)
"""Noon in Seoul."""
CHANNEL = parse_channel("slack:T1/C1")
ADA = User("U1", "Ada", can_manage=True)
BO = User("U2", "보람", can_manage=True)


@dataclass
class Desk:
    """A bot, and people who write notes with it."""

    db: Database
    curators: frozenset[str] = frozenset()
    clock: Clock = field(default_factory=lambda: Clock(NOW))
    channel: ChannelRef = CHANNEL
    written: int = 0
    files: NoteFiles | None = None
    vault: Path | None = None
    drafting: Drafting | None = None
    vets: Vets = vet_all

    def __post_init__(self) -> None:
        async def check(channel: ChannelRef) -> ChannelRef:
            return channel

        keys = count(1)
        self.notes = NoteContext(
            self.db,
            self.clock,
            curators=self.curators,
            new_key=lambda: f"key{next(keys)}-{id(self)}",
            written=self._note_written,
            files=self.files,
            vault=self.vault,
            drafting=self.drafting,
            vets=self.vets,
        )
        context = DigestContext(self.db, self.clock, ZoneInfo("Asia/Seoul"), check, lambda: None)
        self.inbox = Bot(context, voices=Catalogues(), notes=self.notes)

    def _note_written(self) -> None:
        self.written += 1

    async def subscribe(self) -> None:
        """The channel's digest is posted in both languages."""
        options = TypedOptions(at="09:00", zone="Asia/Seoul")
        await subscribe.add(self.db, self.channel, options, now=NOW)

    def command(self, paper: str = "", user: User = ADA) -> Command:
        return Command("note", {"paper": paper} if paper else {}, user, self.channel, "en")

    async def opens(self, paper: str = "", user: User = ADA) -> Form:
        """The form that the person sees once the bot has looked."""
        command = self.command(paper, user)
        form = await self.inbox.open_form(command, self.inbox.blank_form(command))
        assert isinstance(form, Form), form
        self.clock.turn(seconds=1)
        return form

    async def keeps(self, form: Form, user: User = ADA, **values: str) -> FilledForm:
        """The person types."""
        filled = self.filled(form, user, **values)
        await self.inbox.keep_form(filled)
        self.clock.turn(seconds=1)
        return filled

    async def submits(self, form: Form, user: User = ADA, **values: str) -> Form | Document:
        answer = await self.inbox.submit_form(self.filled(form, user, **values))
        self.clock.turn(seconds=1)
        return answer

    def filled(self, form: Form, user: User = ADA, **values: str) -> FilledForm:
        texts: Mapping[str, str] = {**form.values, **values}
        return FilledForm(form.name, form.key, texts, user, self.channel, "en")

    async def found(self, query: str) -> list[str]:
        """The titles that a look-up finds."""
        return [stored.entry.paper.title for stored in (await self.look_up(query)).entries]

    async def look_up(self, query: str) -> Results:
        return await lookup.look_up(self.db, query, page=1, per_page=10)


def without_key(form: Form) -> Form:
    return replace(form, key="")


VALUES = {
    "paper": "https://arxiv.org/abs/2602.00001 *A Paper on Reasoning* (Jane Lee, Min Kim)",
    "ko": "추론에 대한 논문.",
    "en": "About reasoning.",
    "tags": "rl",
    "date": "",
}
"""What a person typed into a blank form."""
