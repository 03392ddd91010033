"""Reactions are counted as the platforms count them, whatever was missed, repeated or taken back."""

import asyncio
import random
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.archive.domain.entry import EntryId
from bot.channels.store import channel_preferences
from bot.channels.store.channel_preferences import ChannelPreferences
from bot.core.ports import (
    ChannelRef,
    MessageRef,
    Platform,
    Reaction,
    ReactionsRead,
    User,
    person_id,
)
from bot.discussion.inbound.reaction_backfill import ReactionBackfill
from bot.discussion.store.kept_replies import DatabaseReplies
from bot.outbox.store import threads
from bot.reactions.domain.emoji import folded, is_positive
from bot.reactions.services import react
from bot.reactions.store import reactions
from tests.bench.recorded import RecordedDatabase
from tests.stage import MORNING
from tests.talk_stage import DISCORD, SLACK, TalkStage, talking, today, with_a_paper

PEOPLE = tuple(User(f"U{n}", f"Person {n}", can_manage=False) for n in range(5))
ADA, BO = PEOPLE[:2]


@asynccontextmanager
async def posted(folder: Path) -> AsyncIterator[tuple[TalkStage, MessageRef, EntryId]]:
    """A paper whose message stands in Slack and in Discord."""
    async with talking(folder, MORNING) as stage:
        await with_a_paper(stage, SLACK, DISCORD)
        root = stage.root(SLACK, "Paper")
        async with stage.stage.db.reading() as tx:
            entry_id = await threads.find_entry(tx, root)
        assert entry_id is not None
        yield stage, root, entry_id


async def likes(stage: TalkStage, entry_id: EntryId) -> int:
    async with stage.stage.db.reading() as tx:
        return await reactions.count(tx, entry_id)


async def hear(
    stage: TalkStage, root: MessageRef, user: User, emoji: str, *, is_added: bool = True
) -> None:
    stage.clock.turn(seconds=1)
    reaction = Reaction(root, user, emoji, is_added, stage.clock())
    await react.on_reaction(stage.stage.db, reaction, stage.clock())


@pytest.mark.sqlite
async def test_looking_for_what_waits_reads_no_reaction_that_is_counted(tmp_path):
    async with posted(tmp_path) as (stage, root, _):
        await hear(stage, root, ADA, "tada")
        recorded = RecordedDatabase(stage.stage.db)

        await react.place_waiting(recorded, stage.clock())

        ((sql, values),) = recorded.asked
        async with stage.stage.db.reading() as tx:
            (step, *_) = await tx.all(f"EXPLAIN QUERY PLAN {sql}", values)
        assert step["detail"] == "SCAN reaction USING INDEX reaction_unplaced"


async def test_a_person_counts_once_until_the_last_emoji_is_gone(tmp_path):
    async with posted(tmp_path) as (stage, root, entry_id):
        await hear(stage, root, ADA, "+1::skin-tone-2")
        await hear(stage, root, ADA, "tada")
        await hear(stage, root, BO, "eyes")
        assert await likes(stage, entry_id) == 1

        await hear(stage, root, ADA, "+1::skin-tone-2", is_added=False)
        assert await likes(stage, entry_id) == 1

        await hear(stage, root, ADA, "tada", is_added=False)
        assert await likes(stage, entry_id) == 0


async def test_reactions_to_other_messages_are_ignored(tmp_path):
    async with posted(tmp_path) as (stage, root, _):
        await hear(stage, replace(root, id="somebody's"), ADA, "+1")

        async with stage.stage.db.reading() as tx:
            assert await tx.all("SELECT * FROM reaction") == []


async def test_nothing_is_stored_where_discussions_are_off(tmp_path):
    async with posted(tmp_path) as (stage, root, entry_id):
        await hear(stage, root, ADA, "+1")
        async with stage.stage.db.transaction() as tx:
            await channel_preferences.put(tx, str(SLACK), ChannelPreferences(discussion=False))

        await hear(stage, root, BO, "+1")
        await read_back(stage, [Truth(root, {(BO, "tada")})])
        assert await likes(stage, entry_id) == 1

        await hear(stage, root, ADA, "+1", is_added=False)
        assert await likes(stage, entry_id) == 0


async def test_what_is_forgotten_is_not_counted_again_when_the_platform_is_read(tmp_path):
    async with posted(tmp_path) as (stage, root, entry_id):
        await hear(stage, root, ADA, "+1")
        stage.clock.turn(hours=1)
        async with stage.stage.db.transaction() as tx:
            assert await reactions.forget(tx, person_id(SLACK, ADA.id), stage.clock()) == (root,)
        stage.clock.turn(hours=1)

        read = ReactionsRead(root, frozenset({(ADA, "+1"), (BO, "+1")}), stage.clock())
        await react.on_channel_read(stage.stage.db, SLACK, [root], [read], stage.clock())

        assert await likes(stage, entry_id) == 1
        async with stage.stage.db.reading() as tx:
            rows = await tx.all("SELECT person FROM reaction")
        assert not any(person_id(SLACK, ADA.id) in row["person"] for row in rows)
        await hear(stage, root, ADA, "+1", is_added=False)
        await hear(stage, root, ADA, "+1")
        assert await likes(stage, entry_id) == 2


@dataclass
class Reading:
    """Reads that nobody likes the messages, and hears late that somebody did before, who no longer does."""

    stage: TalkStage
    given_at: datetime

    async def reactions(
        self, channel: ChannelRef, papers: Collection[MessageRef]
    ) -> AsyncIterator[ReactionsRead]:
        assert channel == SLACK
        for paper in papers:
            yield ReactionsRead(paper, frozenset(), self.stage.clock())
            late = Reaction(paper, ADA, "+1", is_added=True, at=self.given_at)
            await react.on_reaction(self.stage.stage.db, late, self.stage.clock())


async def test_what_was_taken_back_stays_so_when_it_is_heard_while_reactions_are_read(tmp_path):
    async with posted(tmp_path) as (stage, _, entry_id):
        reader = Reading(stage, stage.clock())
        stage.clock.turn(hours=1)
        backfill = ReactionBackfill(
            Platform.SLACK,
            stage.bot(),
            serves=lambda _: True,
            replies=DatabaseReplies(stage.stage.db),
            clock=stage.clock,
            sleep=asyncio.sleep,
        )

        assert await backfill.catch_up(reader)

        assert await likes(stage, entry_id) == 0


async def test_a_late_event_counts_for_a_paper_that_is_too_old_to_be_read(tmp_path):
    async with posted(tmp_path) as (stage, old, entry_id):
        stage.clock.turn(days=20)
        await stage.stage.note("New", today(stage))
        await stage.post()
        new = stage.root(SLACK, "New")
        async with stage.stage.db.reading() as tx:
            new_id = await threads.find_entry(tx, new)
        assert new_id is not None
        before = stage.clock()
        await hear(stage, old, BO, "+1")
        await hear(stage, old, BO, "+1", is_added=False)
        stage.clock.turn(hours=1)

        read = ReactionsRead(new, frozenset(), stage.clock())
        await react.on_channel_read(stage.stage.db, SLACK, [new], [read], stage.clock())
        stage.clock.turn(hours=1)
        for message in (old, new):
            for person in (ADA, BO):
                late = Reaction(message, person, "+1", is_added=True, at=before)
                await react.on_reaction(stage.stage.db, late, stage.clock())

        assert (await likes(stage, entry_id), await likes(stage, new_id)) == (1, 0)


async def test_a_reaction_that_comes_before_its_message_is_known_is_counted(tmp_path):
    async with posted(tmp_path) as (stage, root, entry_id):
        async with stage.stage.db.transaction() as tx:
            await tx.run(
                "UPDATE delivery SET state = 'sending', message_id = NULL, sent_at = NULL"
                " WHERE message_id = :id",
                {"id": root.id},
            )
        await hear(stage, root, ADA, "+1")
        assert await likes(stage, entry_id) == 0
        async with stage.stage.db.transaction() as tx:
            await tx.run(
                "UPDATE delivery SET state = 'sent', message_id = :id WHERE state = 'sending'",
                {"id": root.id},
            )

        await react.place_waiting(stage.stage.db, stage.clock())

        assert await likes(stage, entry_id) == 1


@dataclass
class Truth:
    """What a platform has: who gave what; and the events that told of it."""

    message: MessageRef
    there: set[tuple[User, str]] = field(default_factory=set)
    events: list[Reaction] = field(default_factory=list)

    def happen(self, chance: random.Random, at: datetime) -> Reaction | None:
        user = chance.choice(PEOPLE)
        if chance.random() < 0.1:  # an account is deleted: no event says so
            self.there = {each for each in self.there if each[0] != user}
            return None
        emoji = chance.choice(("+1", "+1::skin-tone-3", "tada", "eyes", "-1"))
        is_added = (user, emoji) not in self.there
        self.there ^= {(user, emoji)}
        event = Reaction(self.message, user, emoji, is_added, at)
        self.events.append(event)
        return event


def counted(truths: Iterator[Truth]) -> int:
    """The people of the platforms' own lists, counted plainly."""
    return len(
        {
            person_id(truth.message.channel, user.id)
            for truth in truths
            for user, emoji in truth.there
            if is_positive(emoji) and folded(emoji)
        }
    )


async def read_back(stage: TalkStage, truths: list[Truth]) -> None:
    for truth in truths:
        at = stage.clock()
        read = ReactionsRead(truth.message, frozenset(truth.there), at)
        papers = [truth.message]
        await react.on_channel_read(stage.stage.db, truth.message.channel, papers, [read], at)


async def test_counts_are_the_platforms_own_after_a_day_offline(tmp_path):
    async with posted(tmp_path) as (stage, root, entry_id):
        for seed in range(20):
            chance = random.Random(seed)
            async with stage.stage.db.transaction() as tx:
                await tx.run("DELETE FROM reaction")
                await tx.run("DELETE FROM reaction_read")
            truths = [Truth(root), Truth(stage.root(DISCORD, "Paper"))]
            for is_offline in (False, True, False):
                for _ in range(15):
                    stage.clock.turn(minutes=chance.randint(1, 90))
                    truth = chance.choice(truths)
                    event = truth.happen(chance, stage.clock())
                    if event is None or is_offline:
                        continue
                    later = [event, *chance.sample(truth.events, min(2, len(truth.events)))]
                    for each in chance.sample(later, len(later)):  # redelivered, in any order
                        await react.on_reaction(stage.stage.db, each, stage.clock())
                stage.clock.turn(minutes=1)
                await read_back(stage, truths)
                for each in chance.sample(truths[0].events, min(3, len(truths[0].events))):
                    await react.on_reaction(stage.stage.db, each, stage.clock())

                assert await likes(stage, entry_id) == counted(iter(truths)), f"seed {seed}"


@pytest.mark.parametrize("at_once", ["removed first", "added first"])
async def test_the_later_of_two_events_wins(tmp_path, at_once):
    async with posted(tmp_path) as (stage, root, entry_id):
        added = Reaction(root, ADA, "+1", is_added=True, at=stage.clock())
        removed = Reaction(root, ADA, "+1", is_added=False, at=stage.clock() + timedelta(seconds=1))
        stage.clock.turn(minutes=1)
        both = [removed, added] if at_once == "removed first" else [added, removed]

        for event in both:
            await react.on_reaction(stage.stage.db, event, stage.clock())

        assert await likes(stage, entry_id) == 0
