"""Reviews: what is posted is what was approved, once, whoever decides what and when (issue 17, item 3)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.archive.domain.entry import EntryId
from bot.channels.domain.managers import Manager
from bot.channels.store import channel_managers
from bot.core.domain.document import Buttons, Document, Items
from bot.core.domain.errors import NotFoundError
from bot.core.ports import ChannelRef, ChatRefusedError, ChatUnavailableError, DeliveryKey, User
from bot.digest.domain.review import (
    Act,
    Approve,
    Decision,
    Hold,
    Move,
    Release,
    Reopen,
    ReviewedSlot,
    Reviewer,
    Skip,
)
from bot.digest.services import plan, subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.digest.services.review import review, review_cards
from bot.digest.services.review.review import Decided
from bot.digest.services.review.review_cards import Asking
from bot.outbox.store import deliveries
from tests.stage import GENERAL, NINE_IN_SEOUL, Stage, english, staged

MONDAY, TUESDAY, WEDNESDAY = date(2026, 2, 2), date(2026, 2, 3), date(2026, 2, 4)
EVENING = datetime(2026, 2, 2, 9, tzinfo=UTC)
"""Six in the evening in Seoul, on Monday."""
TUESDAY_AT_NINE = datetime(2026, 2, 3, tzinfo=UTC)
DAY = timedelta(days=1)
HOLDING = TypedOptions(at="09:00", zone="Asia/Seoul", unapproved="hold")
CURATOR = "slack:T1/U1"


@dataclass
class Reviewing:
    """A stage with a subscription and notes of Tuesday."""

    stage: Stage
    id: int
    refused: dict[str, Exception] = field(default_factory=dict)
    seen: review_cards.Seen = field(default_factory=review_cards.Seen)

    async def show(self, on: date | None = None) -> ReviewedSlot:
        return await review.show(self.stage.db, self.id, on, now=self.stage.clock())

    async def titles(self, on: date | None = None) -> list[str]:
        return titles(await self.show(on))

    async def entry(self, title: str) -> EntryId:
        choice = (await self.show()).choice
        found = (*choice.shown, *choice.counted, *choice.held, *choice.left)
        return next(each.id for each in found if each.entry.paper.title == title)

    async def decide(
        self, act: Act, code: str | None = None, on: date = TUESDAY, by: str = "Ada"
    ) -> Decided:
        code = code if code is not None else (await self.show(on)).code
        now = self.stage.clock()
        return await review.decide(
            self.stage.db,
            self.id,
            on,
            act,
            code=code,
            by=Reviewer(by, f"slack:T1/{by}"),
            now=now,
            voices=english,
        )

    async def plan(self, at: datetime | None = None) -> None:
        self.stage.clock.at = at or self.stage.clock.at
        await plan.plan_due(self.stage.db, now=self.stage.clock(), voices=english)

    async def posted(self, at: datetime | None = None) -> list[str]:
        """What is posted in the channel by then, without the headers."""
        await self.plan(at)
        await self.send()
        documents = [each for each in self.stage.chat.posted if each.channel == GENERAL]
        return [each.document.summary for each in documents if "paper" not in each.document.summary]

    async def send(self) -> None:
        await self.stage.deliverer().drain(asyncio.Event())
        changer = self.stage.changer()
        while await changer.run(asyncio.Event()):
            pass

    async def _open_inbox(self, channel: ChannelRef, user: User) -> ChannelRef:
        if user.id in self.refused:
            raise self.refused[user.id]
        return await self.stage.chat.direct_channel(channel.workspace, user.id)

    async def ask(self, *people: str, is_habit: bool = True) -> tuple[int, int]:
        """Plan and post the cards, and edit those that are there; how many of each."""
        asking = Asking(people or (CURATOR,), is_habit, self._open_inbox)
        done = await review_cards.plan_cards(
            self.stage.db, asking, now=self.stage.clock(), voices=english, seen=self.seen
        )
        await self.send()
        return done

    def cards(self, person: str = "U1") -> list[Document]:
        found = [each for each in self.stage.chat.posted if each.channel.id == f"direct-{person}"]
        return [each.document for each in found]


def titles(shown: ReviewedSlot) -> list[str]:
    return [each.entry.paper.title for each in shown.choice.shown]


def lines(card: Document) -> dict[str, str]:
    """The command lines of a card's buttons, by label; those of rows with their number."""
    found: dict[str, str] = {}
    for block in card.blocks:
        if isinstance(block, Buttons):
            found |= {button.label: button.command or "" for button in block.buttons}
        if isinstance(block, Items):
            for item in block.items:
                if item.button is not None:
                    found[f"{item.number}. {item.button.label}"] = item.button.command or ""
    return found


@asynccontextmanager
async def reviewing(
    folder: Path, words: TypedOptions = NINE_IN_SEOUL, notes: tuple[str, ...] = ("A", "B", "C")
) -> AsyncIterator[Reviewing]:
    async with staged(folder, EVENING) as stage:
        subscription = await subscribe.add(stage.db, GENERAL, words, now=stage.clock())
        for name in notes:
            stage.write(name, TUESDAY)
        await stage.sync()
        desk = Reviewing(stage, subscription.id)
        await desk.plan()  # Monday's
        yield desk


async def test_the_next_digest_is_shown_and_posted_as_it_was_approved(tmp_path: Path):
    async with reviewing(tmp_path) as desk:
        await desk.decide(Move(await desk.entry("C"), 0))
        await desk.decide(Hold(await desk.entry("A"), WEDNESDAY))
        before = await desk.show()
        approved = await desk.decide(Approve())
        posted = await desk.posted(TUESDAY_AT_NINE)
        again = await desk.posted(TUESDAY_AT_NINE + timedelta(minutes=1))
        next_day = await desk.posted(TUESDAY_AT_NINE + DAY)

    assert before.slot.on == TUESDAY
    assert titles(before) == titles(approved.slot) == posted == again == ["C", "B"]
    assert next_day == ["C", "B", "A"]


async def test_what_is_written_or_changed_after_the_approval_is_in_the_next_digest(tmp_path: Path):
    async with reviewing(tmp_path) as desk:
        await desk.decide(Approve())
        desk.stage.clock.turn(hours=1)
        desk.stage.write("B", TUESDAY, "Better words.")
        await desk.stage.note("D", TUESDAY)
        shown = await desk.show()
        posted = await desk.posted(TUESDAY_AT_NINE)
        next_day = await desk.posted(TUESDAY_AT_NINE + DAY)

    assert shown.review.decision is Decision.APPROVED
    assert titles(shown) == posted == ["A", "C"]
    assert [each.entry.paper.title for each in shown.choice.left] == ["B", "D"]
    assert next_day == ["A", "C", "B", "D"]


async def test_what_was_withdrawn_after_the_approval_is_not_posted(tmp_path: Path):
    async with reviewing(tmp_path) as desk:
        await desk.decide(Approve())
        (desk.stage.vault / "260203 B.md").unlink()
        await desk.stage.sync()
        posted = await desk.posted(TUESDAY_AT_NINE)

    assert posted == ["A", "C"]


async def test_a_press_on_an_old_card_changes_nothing_and_shows_the_new_state(tmp_path: Path):
    async with reviewing(tmp_path) as desk:
        old = (await desk.show()).code
        await desk.stage.note("D", TUESDAY)
        acts = (Approve(), Skip(), Hold(await desk.entry("A"), WEDNESDAY), Move(EntryId(1), 2))
        answers = [await desk.decide(act, old) for act in acts]
        shown = await desk.show()

    assert [each.is_done for each in answers] == [False] * 4
    assert [titles(each.slot) for each in answers] == [["A", "B", "C", "D"]] * 4
    assert shown.review.decision is Decision.OPEN


async def test_of_two_people_at_once_the_second_sees_what_the_first_has_decided(tmp_path: Path):
    async with reviewing(tmp_path) as desk:
        code = (await desk.show()).code
        held = Hold(await desk.entry("B"), WEDNESDAY)
        decided = await asyncio.gather(
            desk.decide(Approve(), code, by="Ada"), desk.decide(held, code, by="Grace")
        )
        shown = await desk.show()
        posted = await desk.posted(TUESDAY_AT_NINE)

    assert sorted(each.is_done for each in decided) == [False, True]
    assert titles(decided[0].slot) == titles(decided[1].slot) == titles(shown)
    if decided[0].is_done:
        assert (shown.review.by.name, posted) == ("Ada", ["A", "B", "C"])
    else:
        assert (shown.review.by.name, posted) == ("Grace", ["A", "C"])


async def test_the_same_press_twice_is_done_once_and_said_twice(tmp_path: Path):
    async with reviewing(tmp_path) as desk:
        code = (await desk.show()).code
        first, second = [await desk.decide(Approve(), code, by=each) for each in ("Ada", "Grace")]

    assert (first.is_done, second.is_done) == (True, True)
    assert second.slot.review.by.name == "Ada"


async def test_without_an_approval_it_is_posted_or_waits_as_the_channel_wants(tmp_path: Path):
    async with reviewing(tmp_path) as desk:
        posted = await desk.posted(TUESDAY_AT_NINE)
    (tmp_path / "other").mkdir()
    async with reviewing(tmp_path / "other", HOLDING) as desk:
        at_nine = await desk.posted(TUESDAY_AT_NINE)
        desk.stage.clock.turn(hours=3)
        shown = await desk.show()
        await desk.decide(Hold(await desk.entry("A"), WEDNESDAY))
        await desk.decide(Approve())
        after = await desk.posted()
        (row,) = await subscribe.list_all(desk.stage.db)

    assert posted == ["A", "B", "C"]
    assert (at_nine, shown.stage.value, shown.slot.on) == ([], "waiting", TUESDAY)
    assert after == ["B", "C"]
    assert row.options.unapproved.value == "hold"


async def test_what_nobody_approved_in_time_is_in_the_next_digest_however_late(tmp_path: Path):
    async with reviewing(tmp_path, HOLDING) as desk:
        for days in range(20):
            await desk.plan(TUESDAY_AT_NINE + DAY * days)
        passed = await desk.show(TUESDAY)
        stale = await desk.decide(Approve(), passed.code)
        on = TUESDAY + DAY * 20
        await desk.decide(Approve(), on=on)
        posted = await desk.posted(TUESDAY_AT_NINE + DAY * 20)

    assert (passed.stage.value, stale.is_done) == ("passed", False)
    assert posted == ["A", "B", "C"]


async def test_a_skipped_day_posts_nothing_and_loses_nothing(tmp_path: Path):
    nothing: list[str] = ["never planned"]
    async with reviewing(tmp_path) as desk:
        for days in range(10):
            await desk.decide(Skip(), on=TUESDAY + DAY * days)
            nothing = await desk.posted(TUESDAY_AT_NINE + DAY * days)
        closed = await desk.show(TUESDAY)
        posted = await desk.posted(TUESDAY_AT_NINE + DAY * 10)

    assert nothing == []
    assert closed.stage.value == "closed"
    assert posted == ["A", "B", "C"]


async def test_a_decision_can_be_taken_back(tmp_path: Path):
    async with reviewing(tmp_path) as desk:
        await desk.decide(Approve())
        refused = await desk.decide(Hold(await desk.entry("A"), WEDNESDAY))
        await desk.decide(Reopen())
        await desk.decide(Hold(await desk.entry("A"), WEDNESDAY))
        await desk.decide(Hold(await desk.entry("B"), WEDNESDAY))
        await desk.decide(Release(await desk.entry("A")))
        await desk.decide(Approve())
        posted = await desk.posted(TUESDAY_AT_NINE)

    assert not refused.is_done
    assert posted == ["A", "C"]


async def test_a_decision_of_before_a_kill_holds_after_it(tmp_path: Path):
    """The press is stored with what it decides; another process plans what it says."""
    async with reviewing(tmp_path) as desk:
        await desk.decide(Hold(await desk.entry("B"), WEDNESDAY))
        await desk.decide(Approve())
        await desk.plan(TUESDAY_AT_NINE)  # and is killed before anything is posted
        await desk.plan(TUESDAY_AT_NINE + timedelta(minutes=1))
        posted = await desk.posted()

    assert posted == ["A", "C"]


async def test_a_card_asks_once_and_edits_itself_to_the_outcome(tmp_path: Path):
    async with reviewing(tmp_path) as desk:
        desk.stage.clock.turn(hours=-1)
        await desk.ask(CURATOR, "slack:T1/U2")
        too_early = desk.cards()
        desk.stage.clock.turn(hours=1)
        await desk.ask(CURATOR, "slack:T1/U2")
        [first] = desk.cards()
        await desk.stage.note("D", TUESDAY)
        await desk.ask(CURATOR, "slack:T1/U2")
        [second] = desk.cards()
        await desk.decide(Approve())
        await desk.send()
        [approved], [others] = desk.cards(), desk.cards("U2")
        await desk.posted(TUESDAY_AT_NINE)
        await desk.ask(CURATOR, "slack:T1/U2")
        [posted] = desk.cards()

    assert too_early == []
    assert [*lines(first)] == ["1. Look", "2. Look", "3. Look", "Approve", "Skip this day"]
    assert "4. Look" in lines(second)
    assert lines(second)["Approve"] != lines(first)["Approve"]
    assert approved == others
    assert "Approved by: Ada" in approved.summary
    assert [*lines(approved)][-1] == "Review again"
    assert [*lines(posted)] == ["1. Read", "2. Read", "3. Read", "4. Read"]
    assert "Posted. Approved by: Ada" in posted.summary


async def test_a_day_that_is_dropped_after_its_card_stops_no_other_card(tmp_path: Path):
    """Nor does it keep anybody from being forgotten; until its time, it may come back."""
    friday, saturday = EVENING + 4 * DAY, date(2026, 2, 7)
    async with reviewing(tmp_path) as desk:
        db, stage = desk.stage.db, desk.stage
        other = ChannelRef(GENERAL.platform, GENERAL.workspace, "other")
        await subscribe.add(db, other, NINE_IN_SEOUL, now=stage.clock())
        await desk.posted(TUESDAY_AT_NINE + 3 * DAY)
        stage.clock.at = friday
        await stage.note("Late", saturday)
        await desk.ask()
        await desk.decide(Approve(), on=saturday, by="Ada")
        states = []
        for weekdays in ("mon-fri", "mon-sun", "mon-fri"):
            stage.clock.turn(minutes=1)
            words = TypedOptions(weekdays=weekdays)
            await subscribe.change(db, GENERAL, words, now=stage.clock())
            await desk.ask()
            states.append([each.summary.partition(": ")[2] for each in desk.cards()])
        stage.clock.at = friday + 3 * DAY
        await stage.note("Later", date(2026, 2, 10))
        await desk.ask()
        ada = User("Ada", "Ada", can_manage=False)
        await review.forget_person(db, GENERAL, ada, now=stage.clock(), voices=english)
        await desk.send()
        async with db.reading() as tx:
            cards = await tx.all("SELECT document FROM delivery WHERE part = 'review'")

    dropped = "It was not posted: its papers are in the next digest."
    others = "Nobody has approved it yet. Without an approval it is posted all the same."
    approved = "Exactly this is posted. Approved by: Ada"
    assert states == [[dropped, others], [approved, others], [dropped, others]]
    assert not any("Ada" in each["document"] for each in cards)


async def test_a_filter_that_cannot_be_read_keeps_nobody_from_being_forgotten(tmp_path: Path):
    """Its cards name the forgotten until it can be read again."""
    ada = User("Ada", "Ada", can_manage=False)
    unreadable = "UPDATE subscription SET only_query = :query"  # of a version with other fields
    async with reviewing(tmp_path) as desk:
        db, now = desk.stage.db, desk.stage.clock
        await desk.ask()
        await desk.send()
        await desk.decide(Approve(), by="Ada")
        await desk.send()
        named = str(desk.cards())
        async with db.transaction() as tx:
            await tx.run(unreadable, {"query": "auhtor:lee"})
        await review.forget_person(db, GENERAL, ada, now=now(), voices=english)
        count = await review.count_of(db, GENERAL, ada)
        async with db.transaction() as tx:
            await tx.run(unreadable, {"query": ""})
        await desk.ask()
        await desk.send()
        unnamed = str(desk.cards())

    assert count == 0
    assert "Ada" in named
    assert "Ada" not in unnamed


async def test_who_takes_no_direct_messages_is_asked_once_and_stops_nobody(tmp_path: Path, caplog):
    async with reviewing(tmp_path) as desk:
        desk.refused = {
            "U2": ChatRefusedError("no direct messages"),
            "U3": ChatUnavailableError("not now"),
        }
        people = (CURATOR, "slack:T1/U2", "slack:T1/U3")
        await desk.ask(*people)
        del desk.refused["U3"]
        await desk.ask(*people)

    assert [len(desk.cards(each)) for each in ("U1", "U2", "U3")] == [1, 0, 1]
    assert [each for each in caplog.messages if "U2" in each] == [
        "slack:T1/U2 cannot be asked to review a digest: no direct messages"
    ]


async def test_no_card_waits_for_ever_in_an_inbox_that_refused_another(tmp_path: Path):
    async with reviewing(tmp_path) as desk:
        inbox = await desk.stage.chat.direct_channel("T1", "U1")
        other = deliveries.Draft(
            DeliveryKey("another card"), inbox, review_cards.PART, Document((), "A card")
        )
        in_channel = replace(other, key=DeliveryKey("digest"), channel=GENERAL, part="header")
        refused = ChatRefusedError("they take no direct messages")
        desk.stage.chat.trouble = lambda _channel, _root: refused
        async with desk.stage.db.transaction() as tx:
            await deliveries.add(tx, [other], desk.stage.clock())
            await deliveries.add(tx, [in_channel], desk.stage.clock())
            await deliveries.add(
                tx, [replace(in_channel, key=DeliveryKey("next"))], desk.stage.clock()
            )
        await desk.ask()
        desk.stage.chat.trouble = None
        await desk.ask()
        async with desk.stage.db.reading() as tx:
            rows = await tx.all("SELECT state, part FROM delivery")

    states = {part: [row["state"] for row in rows if row["part"] == part] for part in PARTS}
    assert states == {"review": ["dead", "dead"], "header": ["dead", "held"]}
    assert desk.cards() == []


PARTS = ("review", "header")


@pytest.mark.parametrize(
    ("words", "is_habit", "asked"),
    [(NINE_IN_SEOUL, True, 1), (NINE_IN_SEOUL, False, 0), (HOLDING, False, 1)],
)
async def test_curators_are_asked_by_habit_or_where_a_digest_waits_for_them(
    tmp_path: Path, words: TypedOptions, is_habit: bool, asked: int
):
    async with reviewing(tmp_path, words) as desk:
        await desk.ask(is_habit=is_habit)

    assert len(desk.cards()) == asked


async def test_who_is_forgotten_is_named_in_no_review_and_on_no_card(tmp_path: Path):
    people = (CURATOR, "slack:T1/Ada")
    ada, grace = (User(name, name, can_manage=False) for name in ("Ada", "Grace"))
    async with reviewing(tmp_path) as desk:
        db, now = desk.stage.db, desk.stage.clock
        await desk.ask(*people)
        await desk.decide(Approve(), by="Ada")
        await desk.posted(TUESDAY_AT_NINE)
        await desk.ask(*people)
        desk.stage.clock.turn(hours=12)
        await desk.stage.note("D", WEDNESDAY)
        await desk.ask(*people)
        await desk.decide(Approve(), on=WEDNESDAY, by="Ada")
        await desk.send()
        named = desk.cards()
        counts = [await review.count_of(db, GENERAL, each) for each in (ada, grace)]
        for each in (grace, ada, ada):
            await review.forget_person(db, GENERAL, each, now=now(), voices=english)
        await desk.send()
        await desk.ask(*people)
        unnamed = desk.cards()
        async with db.reading() as tx:
            reviews = await tx.all("SELECT decided_by, person FROM review")
            cards = await tx.all("SELECT document FROM delivery WHERE part = 'review'")
        counts.append(await review.count_of(db, GENERAL, grace))
        posted = await desk.posted(TUESDAY_AT_NINE + DAY)

    assert ["Approved by: Ada" in each.summary for each in named] == [True, True]
    assert ["Approved by: somebody" in each.summary for each in unnamed] == [True, True]
    assert counts == [2, 0, 0]
    assert [tuple(each) for each in reviews] == [("", "?")] * 2
    assert not any("Ada" in each["document"] for each in cards)
    assert desk.cards("Ada") == []
    assert posted == ["A", "B", "C", "D"]


async def test_a_day_without_papers_asks_nobody_and_waits_for_nobody(tmp_path: Path):
    async with reviewing(tmp_path, HOLDING, notes=()) as desk:
        await desk.ask()
        await desk.plan(TUESDAY_AT_NINE)
        shown = await desk.show(TUESDAY)

    assert desk.cards() == []
    assert shown.stage.value == "closed"


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("later"), st.sampled_from([1, 60, 9 * 60, 15 * 60])),
        st.tuples(st.just("write"), st.integers(0, 4)),
        st.tuples(st.just("remove"), st.integers(0, 2)),
        st.tuples(st.just("set"), st.sampled_from(["hold", "post"])),
        st.tuples(st.just("most"), st.integers(1, 3)),
        st.tuples(st.just("name"), st.sampled_from(["U3", "U4"])),
        st.tuples(st.just("by hand"), st.just(0)),
        st.tuples(st.just("plan"), st.just(0)),
    ),
    max_size=8,
)


@settings(max_examples=6)
@given(changes=CHANGES)
@example(changes=[("write", 0)])
async def test_whatever_changes_the_cards_show_it_although_nothing_else_is_looked_at(
    tmp_path_factory, changes
):
    """A process that remembers what it saw leaves nothing to do to one that remembers nothing."""
    async with reviewing(tmp_path_factory.mktemp("v"), notes=NAMES[:2]) as desk:
        db, clock = desk.stage.db, desk.stage.clock
        idle = [await desk.ask() for _ in range(2)][-1]
        for word, value in changes:
            clock.turn(seconds=1)
            on = clock().date() + timedelta(days=1)
            match word, value:
                case "later", minutes:
                    clock.turn(minutes=minutes)
                case "write", number:
                    words = f"Words of {clock():%H:%M:%S}."
                    await desk.stage.note(NAMES[number], on, words)
                case "remove", number:
                    for file in desk.stage.vault.glob(f"* {NAMES[number]}.md"):
                        file.unlink()
                    await desk.stage.sync()
                case "set", unapproved:
                    await subscribe.change(
                        db, GENERAL, TypedOptions(unapproved=unapproved), now=clock()
                    )
                case "most", most:
                    await subscribe.change(db, GENERAL, TypedOptions(most=str(most)), now=clock())
                case "name", user:
                    async with db.transaction() as tx:
                        manager = Manager(f"slack:T1/{user}", user)
                        await channel_managers.put(
                            tx, str(GENERAL), manager, named_by="", now=clock()
                        )
                case "by hand", _:
                    subscription = await review.find(db, desk.id)
                    with suppress(NotFoundError):
                        await plan.plan_by_hand(db, subscription, on, now=clock(), voices=english)
                case _:
                    await desk.plan()
            await desk.ask()
            desk.seen, known = review_cards.Seen(), desk.seen
            assert await desk.ask() == (0, 0), word
            desk.seen = known

    assert idle == (0, 0)


NAMES = ("A", "B", "C", "D", "E")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), st.integers(0, 4)),
        st.tuples(st.just("back"), st.integers(0, 4)),
        st.tuples(st.just("move"), st.integers(0, 4), st.integers(0, 4)),
        st.tuples(st.sampled_from(["approve", "skip", "reopen", "remember"])),
        st.tuples(st.just("write"), st.integers(0, 4)),
        st.tuples(st.just("plan")),
    ),
    max_size=14,
)


@settings(max_examples=15)
@given(steps=STEPS)
async def test_whatever_is_pressed_the_digest_is_what_was_approved_last(tmp_path_factory, steps):
    """Old codes, notes that change meanwhile, several days: nothing is posted twice, nothing is lost."""
    async with reviewing(tmp_path_factory.mktemp("v"), HOLDING, NAMES[:3]) as desk:
        on, remembered = TUESDAY, ""
        ids = {"?": EntryId(0)} | {name: await desk.entry(name) for name in NAMES[:3]}
        posted: list[str] = []
        days = dict.fromkeys(NAMES[:3], TUESDAY)
        for word, *numbers in steps:
            shown = await desk.show(on)
            entry = ids.get(NAMES[numbers[0]], EntryId(0)) if numbers else EntryId(0)
            acts: dict[str, Act] = {
                "hold": Hold(entry, on + DAY),
                "back": Release(entry),
                "move": Move(entry, numbers[-1] if numbers else 0),
                "approve": Approve(),
                "skip": Skip(),
                "reopen": Reopen(),
            }
            if word == "remember":
                remembered = shown.code
            elif word == "write":
                words = f"Words of {desk.stage.clock():%H:%M:%S}."
                name = NAMES[numbers[0]]
                await desk.stage.note(name, days.setdefault(name, on), words)
                desk.stage.clock.turn(seconds=1)
            elif word == "plan":
                expected = titles(shown) if shown.review.decision is Decision.APPROVED else []
                now = await desk.posted(datetime(on.year, on.month, on.day, tzinfo=UTC))
                assert now[len(posted) :] == expected
                posted = now
                on += DAY
            else:
                code = remembered or shown.code
                done = await desk.decide(acts[word], code, on)
                if code != shown.code and done.is_done:
                    assert done.slot == shown
                remembered = ""
        on += DAY
        last = await desk.show(on)
        left = {*titles(last), *(each.entry.paper.title for each in last.choice.held)}
        left |= {each.entry.paper.title for each in last.choice.left}
        written = {each.stem.split(" ", 1)[1] for each in desk.stage.vault.glob("*.md")}

    assert len(posted) == len(set(posted))
    assert {*posted, *left} == written
