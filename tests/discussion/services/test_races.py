"""Two processes handle what people say at the same time, on one PostgreSQL database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.arxiv.domain.announcements import Announcement, FeedItem
from bot.arxiv.services import candidates
from bot.arxiv.store import feeds
from bot.channels.store import subscriptions
from bot.core.database.database import Database, Transaction, open_database
from bot.core.domain.errors import UsageError
from bot.core.ports import (
    Identity,
    MessageRef,
    Platform,
    Reaction,
    ReactionsRead,
    parse_channel,
    person_id,
)
from bot.digest.services import plan
from bot.discussion.services import catch_up, discuss, linked_channels
from bot.discussion.services.discuss import DiscussionContext
from bot.reactions.services import react
from bot.webchat.services.tokens import DatabaseAssistantTokens
from tests.databases import new_database
from tests.stage import MORNING, Clock, MemoryChat, Stage, english
from tests.talk_stage import ADA, BO, DISCORD, SLACK, WEB, TalkStage, today, with_a_paper, words
from tests.waiting import until_guarded_out, until_locked_out
from tests.wrapped_database import WrappedDatabase

ROUNDS = 8
NUMBER = "2602.00001"


@dataclass(frozen=True, slots=True)
class Two:
    """The stage, and the discussions of another process."""

    stage: TalkStage
    other: DiscussionContext

    @property
    def db(self) -> Database:
        return self.stage.stage.db


@pytest.fixture
async def two(tmp_path: Path, postgresql: str) -> AsyncIterator[Two]:
    with new_database(postgresql) as address:
        first, second = await open_database(address), await open_database(address)
        clock = Clock(MORNING)
        chats = {platform: MemoryChat(clock, platform) for platform in Platform}
        talk = DiscussionContext(first, clock, english)
        vault = tmp_path / "vault"
        vault.mkdir()
        stage = TalkStage(Stage(first, vault, clock, MemoryChat(clock)), talk, chats)
        try:
            yield Two(stage, replace(talk, db=second))
        finally:
            await second.close()
            await first.close()


async def kept(two: Two) -> list[str]:
    async with two.db.reading() as tx:
        rows = await tx.all("SELECT text FROM reply WHERE gone_at IS NULL ORDER BY id")
    return [row["text"] for row in rows]


async def test_a_message_that_both_get_is_stored_copied_and_answered_once(two):
    stage = two.stage
    await with_a_paper(stage, SLACK, DISCORD, WEB)
    root = stage.root(SLACK)
    said = [stage.utterance(root, f"remark {n}", user=BO) for n in range(ROUNDS)]
    asked = stage.utterance(root, "@paperbot bib", mentions_bot=True)

    for each in (*said, asked):
        await asyncio.gather(
            discuss.on_message(stage.talk, each), discuss.on_message(two.other, each)
        )
    await stage.settle()

    remarks = [f"remark {n}" for n in range(ROUNDS)]
    assert [text for text in await kept(two) if text.startswith("remark")] == remarks
    for channel in (DISCORD, WEB):
        copies = stage.copies(stage.root(channel))
        assert [text for text in copies if text.startswith("remark")] == remarks
    assert len([each for each in stage.thread(root) if each.key]) == 1


async def test_copies_keep_the_order_in_which_two_processes_stored_the_replies(two):
    stage = two.stage
    await with_a_paper(stage, SLACK, DISCORD, WEB)
    said = [
        stage.utterance(stage.root(channel), f"{channel.platform} {n}", user=user)
        for n in range(ROUNDS)
        for channel, user in ((SLACK, ADA), (DISCORD, BO))
    ]

    await asyncio.gather(
        *(
            discuss.on_message(talk, each)
            for each, talk in zip(said, (stage.talk, two.other) * ROUNDS, strict=True)
        )
    )
    await stage.settle()

    stored = await kept(two)
    assert sorted(stored) == sorted(each.text for each in said)
    assert stage.copies(stage.root(WEB)) == stored
    for channel, other in ((SLACK, DISCORD), (DISCORD, SLACK)):
        theirs = [text for text in stored if text.startswith(other.platform)]
        assert stage.copies(stage.root(channel)) == theirs


async def test_what_is_deleted_or_edited_beside_its_first_version_stays_so(two):
    stage = two.stage
    await with_a_paper(stage, SLACK, DISCORD)
    root = stage.root(SLACK)

    for n in range(ROUNDS):
        gone = stage.utterance(root, f"gone {n}", user=BO)
        await asyncio.gather(
            discuss.on_message(stage.talk, gone),
            discuss.on_message_deleted(two.other, gone.message),
        )
        old = stage.utterance(root, f"old {n}", user=ADA)
        new = replace(old, text=f"new {n}", edited_at=stage.clock() + timedelta(seconds=n + 1))
        await asyncio.gather(
            discuss.on_message(stage.talk, old), discuss.on_message(two.other, new)
        )
    await stage.settle()

    newest = [f"new {n}" for n in range(ROUNDS)]
    assert await kept(two) == newest
    assert stage.copies(stage.root(DISCORD)) == newest


async def test_forgetting_a_person_beside_their_words_leaves_no_copy_of_them(two):
    stage = two.stage
    await with_a_paper(stage, SLACK, DISCORD)
    root = stage.root(SLACK)

    for n in range(ROUNDS):
        await discuss.on_message(stage.talk, stage.utterance(root, f"before {n}", user=BO))
        late = stage.utterance(root, f"late {n}", user=BO)
        await asyncio.gather(
            discuss.forget_person(stage.talk, BO, SLACK), discuss.on_message(two.other, late)
        )
    await stage.settle()

    left = await kept(two)
    assert all(text.startswith("late") for text in left)
    assert stage.copies(stage.root(DISCORD)) == left


class CommitsLate(WrappedDatabase):
    """Each transaction has written everything when it waits to be told to commit."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner)
        self.has_written = asyncio.Event()
        self.commits = asyncio.Event()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self.inner.transaction() as tx:
            yield tx
            self.has_written.set()
            await self.commits.wait()


async def hear(db: Database, root: MessageRef) -> None:
    await react.on_reaction(db, Reaction(root, ADA, "+1", is_added=True, at=MORNING), MORNING)


async def read(db: Database, root: MessageRef) -> None:
    found = frozenset({(ADA, "+1"), (BO, "+1")})
    await react.on_reactions_read(db, ReactionsRead(root, found, MORNING))


async def call_unwanted(db: Database, root: MessageRef) -> None:
    assert await candidates.call_unwanted(db, NUMBER, ADA, root.channel, now=MORNING)


async def make_token(db: Database, root: MessageRef) -> None:
    who = Identity(Platform.SLACK, (root.channel.workspace,), ADA.id, ADA.name)
    await DatabaseAssistantTokens(db).make(who, "laptop", at=MORNING)


@pytest.mark.parametrize("store", [hear, read, call_unwanted, make_token])
async def test_nothing_of_a_person_is_stored_beside_forgetting_them(two, store):
    await with_a_paper(two.stage, SLACK)
    item = FeedItem(ArxivId(NUMBER, 1), Announcement.NEW, "New", (), "", ("cs.LG",))
    async with two.db.transaction() as tx:
        await feeds.add_papers(tx, [item], today(two.stage))
    late = CommitsLate(two.db)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(store(late, two.stage.root(SLACK)))
        await late.has_written.wait()
        tasks.create_task(discuss.forget_person(two.other, ADA, SLACK))
        await until_guarded_out(two.db)
        late.commits.set()

    async with two.db.reading() as tx:
        rows = await tx.all(
            """
            SELECT person FROM reaction UNION SELECT person FROM not_for_us
             UNION SELECT person FROM assistant_token
            """
        )
    assert person_id(SLACK, ADA.id) not in [row["person"] for row in rows]


async def test_a_like_that_was_taken_back_stays_so_beside_the_end_of_reading(two):
    await with_a_paper(two.stage, SLACK)
    root = two.stage.root(SLACK)
    given = Reaction(root, ADA, "+1", is_added=True, at=MORNING)
    back = replace(given, is_added=False, at=MORNING + timedelta(minutes=1))
    now = MORNING + timedelta(hours=1)
    await react.on_reaction(two.db, back, now)
    late = CommitsLate(two.db)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(react.on_channel_read(late, SLACK, [root], [], now))
        await late.has_written.wait()
        tasks.create_task(react.on_reaction(two.other.db, given, now))
        await until_locked_out(two.db)
        late.commits.set()

    async with two.db.reading() as tx:
        assert await tx.all("SELECT person FROM reaction WHERE is_there") == []


async def test_a_thread_that_opens_beside_a_reply_gets_it_once(two):
    stage = two.stage
    late = [parse_channel(f"discord:G1/{n}") for n in range(30, 30 + ROUNDS)]
    await with_a_paper(stage, SLACK, DISCORD)
    await stage.subscribe(*late)
    for channel in late:
        await stage.link(SLACK, channel)

    for n, channel in enumerate(late):
        async with two.db.reading() as tx:
            found = await subscriptions.find(tx, str(channel))
        assert found is not None
        remark = stage.utterance(stage.root(SLACK), f"remark {n}", user=ADA)
        await asyncio.gather(
            discuss.on_message(stage.talk, remark),
            plan.plan_by_hand(two.other.db, found, today(stage), now=stage.clock(), voices=english),
            catch_up.catch_up(two.other),
            catch_up.catch_up(stage.talk),
        )
    await stage.settle()

    remarks = [f"remark {n}" for n in range(ROUNDS)]
    for channel in (DISCORD, *late):
        assert stage.copies(stage.root(channel)) == remarks


async def test_a_code_that_is_entered_twice_at_once_links_one_channel(two):
    say = english("en")
    for n in range(ROUNDS):
        made_in, *entered_in = (parse_channel(f"web:{name}{n}") for name in ("a", "b", "c"))
        made = words(await linked_channels.make_code(two.stage.talk, made_in, say))
        code = made.partition("/digest link ")[2].split()[0]
        results = await asyncio.gather(
            *(
                linked_channels.enter_code(talk, channel, code, say)
                for talk, channel in zip((two.stage.talk, two.other), entered_in, strict=True)
            ),
            return_exceptions=True,
        )

        assert sorted(isinstance(each, UsageError) for each in results) == [False, True]
    async with two.db.reading() as tx:
        groups = await tx.all("SELECT count(*) AS n FROM linked_channel GROUP BY link_group")
    assert [row["n"] for row in groups] == [2] * ROUNDS


async def test_channels_that_two_processes_link_at_once_get_groups_of_their_own(two):
    say = english("en")
    pairs = [(parse_channel(f"web:a{n}"), parse_channel(f"web:b{n}")) for n in range(ROUNDS)]
    made = [words(await linked_channels.make_code(two.other, first, say)) for first, _ in pairs]

    await asyncio.gather(
        *(
            linked_channels.enter_code(
                talk, second, text.partition("/digest link ")[2].split()[0], say
            )
            for (_, second), text, talk in zip(
                pairs, made, (two.stage.talk, two.other) * (ROUNDS // 2), strict=True
            )
        )
    )

    async with two.db.reading() as tx:
        groups = await tx.all(
            "SELECT min(channel) AS a, max(channel) AS b FROM linked_channel GROUP BY link_group"
        )
    assert sorted(map(tuple, groups)) == [(str(first), str(second)) for first, second in pairs]


async def test_an_edit_beside_forgetting_leaves_its_words_nowhere(two):
    stage = two.stage
    await with_a_paper(stage, SLACK, DISCORD, WEB)
    roots = (stage.root(SLACK), stage.root(DISCORD))
    said = [await stage.say(roots[n % 2], f"secret {n}") for n in range(ROUNDS)]
    await stage.say(roots[0], "What somebody else said.", user=BO)

    await asyncio.gather(
        *(discuss.on_message(two.other, stage.edited(each, f"{each.text} again")) for each in said),
        *(discuss.forget_person(stage.talk, ADA, channel) for channel in (SLACK, DISCORD)),
        *(discuss.on_message_deleted(two.other, each.message) for each in said[::3]),
    )
    await stage.settle()

    async with two.db.reading() as tx:
        words_of_any = await tx.all(
            """
            SELECT text FROM reply UNION ALL SELECT text FROM reply_search
            UNION ALL SELECT document FROM delivery
            """
        )
    assert await kept(two) == stage.copies(stage.root(WEB)) == ["What somebody else said."]
    assert not [row["text"] for row in words_of_any if "secret" in row["text"]]
