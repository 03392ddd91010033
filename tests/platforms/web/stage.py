"""A web chat on a free port, with a fake library and inbox."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import aiohttp

from bot.archive.domain import present_entry
from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.counts import Day, TagCount
from bot.archive.domain.entry import (
    Commentary,
    Entry,
    EntryId,
    Language,
    Paper,
    Reference,
    Related,
    Source,
    SourceKind,
    StoredEntry,
)
from bot.commands.domain.present_help import present_overview
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.domain.document import Document
from bot.core.ports import (
    ChannelRef,
    Choice,
    Command,
    Condition,
    Health,
    MessageRef,
    Reaction,
    ReactionsRead,
    ThreadMessage,
)
from bot.digest.domain import present_digest
from bot.discussion.domain.entry_page import (
    EntryPage,
    Found,
    Library,
    Mention,
    Suggestion,
    ThreadPlace,
)
from bot.discussion.domain.questions import Reply
from bot.graph.domain.graph import Graph, GraphPaper
from bot.lookup.domain import present_lookup
from bot.lookup.domain.query import parse
from bot.lookup.domain.query_terms import InDiscussion
from bot.platforms.web.chat import WebChat
from bot.platforms.web.context import Metrics
from bot.platforms.web.sign_in.ways import AssistantAccess, SignInWays
from bot.webchat.services.access import WebAccess, one_time_address
from bot.webchat.store.board import DatabaseBoard
from tests.databases import throw_away
from tests.platforms.form_inbox import FormInbox
from tests.waiting import HANGING

DAY = date(2025, 2, 4)
NOON = datetime(2025, 2, 4, 12, 0, tzinfo=UTC)


def make_entry(number: int, *, tags: tuple[str, ...] = ("reasoning",)) -> StoredEntry:
    """An entry of our own making; the higher the number, the older."""
    day = DAY - timedelta(days=number // 4)
    return StoredEntry(
        EntryId(number),
        Entry(
            paper=Paper(
                title=f"Sample paper number {number} on patient machines",
                authors=("Ada Example", "김예시", "Bo Sample", "Cy Placeholder", "Di Stand-In"),
                arxiv_id=ArxivId(f"2502.{number:05d}"),
                abstract="We wait and see. " * 40,
            ),
            source=Source(SourceKind.DIGEST_PAGE, "sample.txt"),
            date=day,
            commentary=(
                Commentary(
                    Language.KO,
                    (
                        f"{number}번째 보기 글입니다. 보상 모델 없이도 기다릴 줄 아는 기계를 다룹니다.",
                    ),
                ),
                Commentary(
                    Language.EN,
                    (f"Sample {number} builds on patience (https://arxiv.org/abs/2310.07831).",),
                ),
            ),
            tags=tags,
            references=(Reference(ArxivId("2310.07831"), title="On waiting"),),
        ),
    )


ARCHIVE = tuple(
    make_entry(number, tags=("reasoning", "rl") if number % 2 else ("optimizer",))
    for number in range(1, 31)
)


@dataclass
class FakeInbox(FormInbox):
    """An inbox that answers from `ARCHIVE` and writes down what it is told."""

    asked: list[Command] = field(default_factory=list)
    received: list[ThreadMessage] = field(default_factory=list)
    deleted: list[MessageRef] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    reactions_read: list[ReactionsRead] = field(default_factory=list)
    channels_read: list[tuple[ChannelRef, datetime]] = field(default_factory=list)

    async def command(self, command: Command) -> Document:
        self.asked.append(command)
        say = Catalogues()(command.locale)
        languages = (Language(command.options.get("language", say.locale)),)
        if command.name == "digest":
            day = [stored for stored in ARCHIVE if stored.entry.date == DAY]
            return present_digest.present_day(DAY, day, languages=languages, say=say)
        if command.name == "help":
            return present_overview((), say)
        query = command.options.get("query", "")
        if query.startswith("entry:"):
            stored = ARCHIVE[int(query.removeprefix("entry:")) - 1]
            return present_entry.present_entry(stored, languages=languages, say=say, detailed=True)
        found = [s for s in ARCHIVE if query.removeprefix("#") in s.entry.tags or not query]
        if not found:
            return present_lookup.present_nothing(query, ("reasoning",), say)
        page = int(command.options.get("page", "1"))
        return present_lookup.present_results(
            query,
            found[(page - 1) * 10 : page * 10],
            page=page,
            per_page=10,
            more=len(found) > page * 10,
            total=len(found),
            languages=languages,
            say=say,
        )

    async def complete(self, command: Command, option: str, typed: str) -> tuple[Choice, ...]:
        if (command.name, option) != ("paper", "query"):
            return ()
        tags = ("optimizer", "reasoning", "reward-model", "rl", "강화-학습")
        return tuple(Choice(f"#{tag}", tag) for tag in tags if tag.startswith(typed))

    async def on_message(self, said: ThreadMessage) -> None:
        self.received.append(said)

    async def on_message_deleted(self, message: MessageRef) -> None:
        self.deleted.append(message)

    async def on_reaction(self, reaction: Reaction) -> None:
        self.reactions.append(reaction)

    async def on_reactions_read(self, read: ReactionsRead) -> bool:
        self.reactions_read.append(read)
        return False

    async def on_channel_read(
        self,
        channel: ChannelRef,
        _papers: Collection[MessageRef],
        _reads: Collection[ReactionsRead],
        at: datetime,
    ) -> None:
        self.channels_read.append((channel, at))


class FakeLibrary:
    """A library over `ARCHIVE`."""

    async def find_entry(
        self, entry_id: EntryId, *, all_discussions: bool, channels: Collection[str] = ()
    ) -> EntryPage | None:
        if not 1 <= entry_id <= len(ARCHIVE):
            return None
        stored = ARCHIVE[entry_id - 1]
        here = Reply(1, "web:general", "7", "민지", "Said here", NOON, link="/c/general/t/7")
        elsewhere = Reply(2, "slack:T1/C1", "1.2", "Ada", "Said elsewhere", NOON)
        return EntryPage(
            stored,
            mentions=tuple(Mention(reference) for reference in stored.entry.references),
            cited_by=(Related(EntryId(2), "A paper that cites it", DAY),),
            replies=(here, elsewhere) if all_discussions or "slack:T1/C1" in channels else (here,),
            linked_in_replies=(Mention(Reference(ArxivId("2501.00009"), title="Also on waiting")),),
            threads=(
                ThreadPlace("web:general", "/c/general/t/7"),
                *((ThreadPlace("slack:T1/C1", "https://slack.example/p1"),) * all_discussions),
            ),
        )

    async def read_graph(self) -> Graph:
        papers = tuple(
            GraphPaper(s.id, s.entry.paper.title, s.entry.date, s.entry.tags) for s in ARCHIVE
        )
        return Graph(papers, ((1, 0), (2, 1), (3, 1), (4, 1)), len(papers))

    async def list_similar(self, paper: StoredEntry, *, limit: int) -> tuple[StoredEntry, ...]:
        others = [s for s in ARCHIVE if s.id != paper.id and s.entry.tags == paper.entry.tags]
        return tuple(others)[:limit]

    async def list_channels(self) -> tuple[str, ...]:
        return ("discord:1/11", "slack:T1/C1", "slack:T1/C2", "slack:T2/C1", "web:general")

    async def search(
        self,
        query: str,
        *,
        page: int,
        per_page: int,
        all_discussions: bool,
        channels: Collection[str] = (),
    ) -> Found:
        wanted = parse(query)  # raises as the real one does
        if InDiscussion() in wanted.terms:
            sees_both = all_discussions or "slack:T1/C1" in channels
            return Found(ARCHIVE[: 2 if sees_both else 1], more=False, total=2)
        tag = query.removeprefix("#")
        found = [s for s in ARCHIVE if tag in s.entry.tags or tag in s.entry.paper.title]
        if not found:
            return Found((), more=False, total=0, suggestions=("#reasoning",))
        shown = found[(page - 1) * per_page : page * per_page]
        return Found(tuple(shown), more=len(found) > page * per_page, total=len(found))

    async def every(
        self, query: str, *, all_discussions: bool, channels: Collection[str] = ()
    ) -> AsyncIterator[StoredEntry]:
        found = await self.search(
            query, page=1, per_page=len(ARCHIVE), all_discussions=all_discussions, channels=channels
        )
        for stored in found.entries:
            yield stored

    async def complete(self, typed: str, *, limit: int) -> tuple[Suggestion, ...]:
        tags = ("optimizer", "reasoning", "reward-model", "rl", "강화-학습")
        choices = [
            Suggestion(f"#{tag}", f"#{tag}") for tag in tags if tag.startswith(typed.strip("#"))
        ]
        titled = [Suggestion(s.entry.paper.title, f"entry:{s.id}") for s in ARCHIVE]
        choices += [choice for choice in titled if typed in choice.label]
        return tuple(choices[:limit])

    async def is_subscribed(self, channel: str) -> bool:
        return channel == "general"

    async def list_on(self, day: date) -> tuple[StoredEntry, ...]:
        return tuple(stored for stored in ARCHIVE if stored.entry.date == day)

    async def list_days(self, *, before: date | None = None, limit: int) -> tuple[Day, ...]:
        days: dict[date, int] = {}
        for stored in ARCHIVE:
            day = stored.entry.date
            if day is not None and (before is None or day < before):
                days[day] = days.get(day, 0) + 1
        return tuple(Day(on, count) for on, count in sorted(days.items(), reverse=True))[:limit]

    async def list_between(self, first: date, last: date) -> tuple[StoredEntry, ...]:
        return tuple(s for s in ARCHIVE if s.entry.date and first <= s.entry.date <= last)

    async def day_after(self, day: date) -> date | None:
        later = [s.entry.date for s in ARCHIVE if s.entry.date and s.entry.date > day]
        return min(later, default=None)

    async def list_tags(self, *, limit: int) -> tuple[TagCount, ...]:
        return (TagCount("reasoning", 15), TagCount("optimizer", 15))[:limit]

    async def list_beside(self, tag: str, *, limit: int) -> tuple[TagCount, ...]:
        found = (s.entry.tags for s in ARCHIVE if tag in s.entry.tags)
        others = Counter(other for tags in found for other in tags if other != tag)
        return tuple(TagCount(other, count) for other, count in others.most_common(limit))

    async def list_tagged(self, tag: str, *, page: int, per_page: int) -> Found:
        tag = tag.casefold()
        found = tuple(stored for stored in ARCHIVE if tag in stored.entry.tags)
        shown = found[(page - 1) * per_page : page * per_page]
        return Found(shown, len(found) > page * per_page, tag=tag)


@dataclass
class Clock:
    """The time as a test sets it."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Stage:
    """A running chat, what stands behind it, and a visitor's client."""

    chat: WebChat
    board: DatabaseBoard
    access: WebAccess
    inbox: FakeInbox
    clock: Clock
    address: str
    client: aiohttp.ClientSession
    health: list[Health]
    db: Database

    def url(self, path: str) -> str:
        return self.address.rstrip("/") + path

    @property
    def own(self) -> Mapping[str, str]:
        """The headers of a page of this server."""
        return {"Origin": self.address.rstrip("/")}

    async def become_operator(self) -> None:
        """Open a one-time address with this visitor's client."""
        address = one_time_address(self.address, await self.access.new_token(at=self.clock()))
        async with self.client.get(address) as response:
            assert response.status == 200

    async def post(self, path: str, **body: object) -> tuple[int, dict[str, object]]:
        """Send what a script of the page sends; the status and the JSON."""
        async with self.client.post(self.url(path), json=body, headers=self.own) as response:
            return response.status, await response.json()


async def _metrics() -> Metrics:
    return Metrics(b"papers 1\n", "text/plain; version=0.0.4")


def make_chat(
    db: Database,
    clock: Clock,
    health: list[Health],
    *,
    sign_in: Callable[[Database, Clock], SignInWays] | None = None,
    assistants: Callable[[Database, Clock], AssistantAccess | None] | None = None,
    library: Library | None = None,
    **more: object,
) -> WebChat:
    """A chat on a free port; `more` replaces what is wanted otherwise. It waits as long as a test does."""
    board, access = DatabaseBoard(db), WebAccess(db)
    wanted: dict[str, object] = {"host": "127.0.0.1", "port": 0, "patience": HANGING} | more
    if sign_in is not None:
        wanted["sign_in"] = sign_in(db, clock)
    if assistants is not None:
        wanted["assistants"] = assistants(db, clock)
    return WebChat(
        board,
        library or FakeLibrary(),
        access,
        voices=Catalogues(),
        now=clock,
        health=lambda: health[-1],
        metrics=_metrics,
        **wanted,  # type: ignore[arg-type]
    )


@asynccontextmanager
async def staged(
    *,
    inbox: FakeInbox | None = None,
    sign_in: Callable[[Database, Clock], SignInWays] | None = None,
    assistants: Callable[[Database, Clock], AssistantAccess | None] | None = None,
    library: Library | None = None,
    **more: object,
) -> AsyncIterator[Stage]:
    """A chat that is running within the block; the bot's `inbox` may be one of a test's own."""
    clock, inbox = Clock(), inbox or FakeInbox()
    health = [Health(ok=True, platforms=(Condition("web", ok=True),))]
    async with throw_away() as db, asyncio.TaskGroup() as tasks:
        board = DatabaseBoard(db)
        access = WebAccess(db)
        chat = make_chat(
            db, clock, health, sign_in=sign_in, assistants=assistants, library=library, **more
        )
        running = tasks.create_task(chat.run(inbox))
        address = await chat.ready()
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address, not of a name
        async with aiohttp.ClientSession(cookie_jar=jar) as client:
            yield Stage(chat, board, access, inbox, clock, address, client, health, db)
        running.cancel()
