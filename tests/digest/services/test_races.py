"""Two processes plan, subscribe and answer presses at one PostgreSQL database (issue 15, item 3)."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from bot.archive.services.import_files import import_files
from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.store import channel_preferences, subscriptions
from bot.channels.store.channel_preferences import ChannelPreferences
from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, Transaction, opened
from bot.core.domain.errors import NotFoundError, UsageError
from bot.core.domain.i18n import ENGLISH, Translate
from bot.core.ports import ChannelRef, Command, User, parse_channel
from bot.digest.services import discussion_request, edited_entries, plan, subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.discussion.services import preferences
from bot.discussion.services.discuss import DiscussionContext
from bot.discussion.services.preferences import TypedPreferences
from bot.workspaces.domain.slack_app import SlackApp, Tokens
from bot.workspaces.services import slack_apps
from tests.databases import new_database
from tests.stage import GENERAL, MORNING, NINE_IN_SEOUL, Stage, english, staged
from tests.waiting import until_guarded_out

TUESDAY = date(2026, 2, 3)
CHANNELS = tuple(parse_channel(f"slack:T{n}/C{n}") for n in range(1, 9))


@dataclass(frozen=True)
class Two:
    """A stage, and its database as another process has it open."""

    stage: Stage
    other: Database

    @property
    def one(self) -> Database:
        return self.stage.db

    async def planned(self, channel: ChannelRef | None = None) -> list[tuple[str, str]]:
        """The channels and parts of the messages in the outbox."""
        async with self.one.reading() as tx:
            rows = await tx.all("SELECT channel, part FROM delivery ORDER BY id")
        where = None if channel is None else str(channel)
        return [(row[0], row[1]) for row in rows if where in (None, row[0])]

    async def plan(self, db: Database) -> None:
        await plan.plan_due(db, now=self.stage.clock(), voices=english)


@pytest.fixture
async def two(postgresql: str, tmp_path: Path) -> AsyncIterator[Two]:
    """The evening before a digest."""
    with new_database(postgresql) as address:
        at = MORNING - timedelta(hours=12)
        async with staged(tmp_path, at, address) as stage, opened(address) as db:
            yield Two(stage, db)


async def subscribed(
    two: Two, channels: Collection[ChannelRef], options: TypedOptions = NINE_IN_SEOUL
) -> None:
    for channel in channels:
        await subscribe.add(two.one, channel, options, now=two.stage.clock())


async def test_each_digest_is_planned_once_and_none_after_it_was_stopped(two):
    await subscribed(two, CHANNELS)
    await two.stage.note("Paper", TUESDAY)
    two.stage.clock.at = MORNING
    answered: dict[ChannelRef, list[tuple[str, str]]] = {}

    async def stop(channel: ChannelRef, after: ChannelRef) -> None:
        while not await two.planned(after):
            pass  # then this one's turn comes
        if channel != CHANNELS[5]:
            await subscribe.pause(two.other, channel, now=MORNING)
        else:
            async with two.other.transaction() as tx:
                await slack_apps.stop(tx, {channel.workspace}, "removed", MORNING)
        answered[channel] = await two.planned(channel)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(two.plan(two.one))
        tasks.create_task(two.plan(two.other))
        for after, channel in zip(CHANNELS[::2], CHANNELS[1::2], strict=True):
            tasks.create_task(stop(channel, after))

    for channel in CHANNELS:
        messages = [(str(channel), "header"), (str(channel), "entry-1")]
        planned = await two.planned(channel)
        assert planned == answered.get(channel, messages)
        assert planned in (messages, [])


async def test_what_is_planned_by_hand_beside_the_digest_is_posted_once(two):
    await subscribed(two, [GENERAL])
    for n in range(4):
        await two.stage.note(f"Paper {n}", TUESDAY)
    two.stage.clock.at = MORNING
    subscription = await subscribe.get(two.one, GENERAL)

    async def by_hand() -> None:
        with suppress(NotFoundError):  # the digest was first
            await plan.plan_by_hand(two.other, subscription, None, now=MORNING, voices=english)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(two.plan(two.one))
        for _ in range(3):
            tasks.create_task(by_hand())

    parts = [part for _, part in await two.planned()]
    assert sorted(parts) == ["entry-1", "entry-2", "entry-3", "entry-4", "header"]


async def test_a_note_that_changes_while_it_is_planned_is_shown_as_it_is(two):
    await subscribed(two, CHANNELS[:3])
    for n in range(3):
        two.stage.clock.at = MORNING + timedelta(days=n)
        day = TUESDAY + timedelta(days=n)
        await two.stage.note(f"Paper {n}", day, "First words.")
        two.stage.write(f"Paper {n}", day, "Better words.")

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(two.plan(two.one))
            imported = import_files(two.other, [two.stage.vault], now=two.stage.clock())
            tasks.create_task(imported)
            for db in (two.one, two.other):
                now = two.stage.clock()
                tasks.create_task(edited_entries.present_changed(db, now=now, voices=english))
        await edited_entries.present_changed(two.one, now=two.stage.clock(), voices=english)

    async with two.one.reading() as tx:
        rows = await tx.all("SELECT document FROM delivery WHERE part LIKE 'entry-%'")
    assert ["Better words." in row["document"] for row in rows] == [True] * 9


async def test_a_channel_is_subscribed_once_also_in_two_workspaces_that_share_it(two):
    here, there = parse_channel("slack:T1/C7"), parse_channel("slack:T2/C7")

    async def workspaces(channel: ChannelRef) -> frozenset[str]:
        return frozenset({"T1", "T2"} - {channel.workspace})

    # Removed, so that the platform is asked whether the two are one channel.
    for channel in (here, there):
        await subscribed(two, [channel])
        await subscribe.remove(two.one, channel, now=MORNING)

    async def add(db: Database, channel: ChannelRef) -> bool:
        try:
            await subscribe.add(db, channel, NINE_IN_SEOUL, now=MORNING, connected=workspaces)
        except UsageError:
            return False
        return True

    added = await asyncio.gather(
        *(add(db, channel) for db in (two.one, two.other) for channel in (here, there, here))
    )

    assert sum(added) == 1
    async with two.one.reading() as tx:
        assert len(await subscriptions.list_all(tx)) == 1


async def test_a_channel_that_is_subscribed_while_its_workspace_is_removed_stops_with_it(two):
    app = SlackApp("T1", "One", Tokens("xoxb-1"), MORNING)
    await slack_apps.add(two.one, app, ["k" * 40])

    async def remove_meanwhile(tx: Transaction, added: Subscription) -> None:
        removing = tasks.create_task(slack_apps.remove(two.other, "T1", now=MORNING))
        waiting = tasks.create_task(until_guarded_out(two.other))
        await asyncio.wait([removing, waiting], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async with asyncio.TaskGroup() as tasks:
        added = await subscribe.add(
            two.one, CHANNELS[0], NINE_IN_SEOUL, now=MORNING, also=remove_meanwhile
        )

    after = await subscribe.get(two.one, CHANNELS[0])
    assert (added.standing, after.standing) == (Standing.ACTIVE, Standing.REFUSED)
    assert after.reason == slack_apps.REMOVED


async def test_nothing_is_public_again_after_the_digest_was_removed(two):
    await subscribed(two, [GENERAL])
    talk = DiscussionContext(two.one, two.stage.clock, english)
    await preferences.change(talk, GENERAL, TypedPreferences(public="on"))

    async with asyncio.TaskGroup() as tasks, two.other.transaction() as tx:
        await subscriptions.guard(tx, str(GENERAL))
        await channel_preferences.end_public(tx, str(GENERAL))  # as `subscribe.remove` does
        tasks.create_task(preferences.change(talk, GENERAL, TypedPreferences(notices="off")))
        await until_guarded_out(two.other)

    async with two.one.reading() as tx:
        after = await channel_preferences.get(tx, str(GENERAL))
    assert after == ChannelPreferences(notices=False, public_since=None)


async def test_a_paper_that_is_withdrawn_while_it_is_posted_is_marked_after_that(two):
    await subscribed(two, [GENERAL])
    two.stage.write("Other", TUESDAY)
    await two.stage.note("Paper", TUESDAY)
    two.stage.clock.at = MORNING
    await two.plan(two.one)
    (two.stage.vault / "260203 Other.md").unlink()
    await two.stage.sync()
    assert isinstance(two.one.location, PostgresAddress)
    address = two.one.location.secret.get_secret_value()

    def claiming(locale: str) -> Translate:
        """Another process begins to post what is presented here."""
        with psycopg.connect(address) as connection:
            connection.execute("UPDATE delivery SET state = 'sending', sending = wanted")
        return english(locale)

    await edited_entries.present_changed(two.one, now=two.stage.clock(), voices=claiming)

    async with two.one.reading() as tx:
        rows = await tx.all("SELECT * FROM delivery WHERE part LIKE 'entry-%' ORDER BY id")
    assert ["withdrawn" in row["document"] for row in rows] == [True, False]
    assert [row["wanted"] != row["sending"] for row in rows] == [True, False]


async def test_nothing_is_posted_by_hand_into_a_channel_that_was_removed_meanwhile(two):
    await subscribed(two, [GENERAL])
    await two.stage.note("Paper", TUESDAY)
    subscription = await subscribe.get(two.one, GENERAL)
    await subscribe.remove(two.other, GENERAL, now=MORNING)

    with pytest.raises(NotFoundError, match="was removed meanwhile"):
        await plan.plan_by_hand(two.one, subscription, TUESDAY, now=MORNING, voices=english)

    assert await two.planned() == []


async def test_the_first_presses_of_discuss_plan_one_message_with_one_name(two):
    await subscribed(two, [GENERAL], TypedOptions("09:00", "Asia/Seoul", layout="compact"))
    await two.stage.note("Paper", TUESDAY)
    two.stage.clock.at = MORNING
    await two.plan(two.one)
    people = [User(f"U{n}", f"Person {n}", can_manage=False) for n in range(6)]

    async def press(n: int, person: User) -> str:
        db = two.other if n % 2 else two.one
        talk = DiscussionContext(db, two.stage.clock, english)
        command = Command("digest", {}, person, GENERAL, "en")
        answer = await discussion_request.ask(talk, command, "entry:1", ENGLISH)
        return answer.summary

    answers = await asyncio.gather(*(press(n, person) for n, person in enumerate(people)))

    assert set(answers) == {
        "The paper is being posted in the channel: it is discussed in its thread there."
    }
    async with two.one.reading() as tx:
        [request] = await tx.all("SELECT author FROM discussion_request")
        [message] = await tx.all(
            "SELECT document FROM delivery WHERE entry_id = 1 AND root_id IS NULL"
        )
    assert f"{request['author']} would like to discuss" in message["document"]
