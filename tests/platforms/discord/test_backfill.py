"""Messages, edits and deletions that the gateway did not deliver are read afterwards."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import discord
import pytest

from bot.core.domain.errors import StorageError
from bot.core.ports import ChannelRef, MessageRef, Platform, ThreadMessage
from bot.platforms.discord.places import read_reference
from tests.fakes.discord import Fault
from tests.fakes.discord.world import APP_ID, FORUM, READ_HISTORY, Json, Person
from tests.platforms.discord.stage import PAPERS, DigestContext, RunningBot, key, paper, running_bot
from tests.platforms.memory import Kept

HEARD = f"discord/{APP_ID}/heard"
"""MessageLocation it is noted how far the bot has heard."""


def heard(bot: RunningBot) -> list[str]:
    return [said.text for said in bot.desk.heard]


def kept(bot: RunningBot) -> list[str]:
    """What is left in the end."""
    return [said.text for said in Kept(bot.desk.heard, bot.desk.taken_back).newest.values()]


def heard_to(bot: RunningBot) -> int:
    return int(bot.notes.kept[HEARD])


async def a_thread(bot: RunningBot, number: int = 1) -> int:
    """The thread of a paper, into which the bot has posted it."""
    await bot.until(lambda: HEARD in bot.notes.kept)
    return int((await bot.chat.post(PAPERS, paper(), key=key(number))).id)


async def some_time(bot: RunningBot) -> None:
    """Several rounds of the bot's retries and notes, in which an unwanted effect would show."""
    rounds = len(bot.pauses) + 15
    await bot.until(lambda: len(bot.pauses) >= rounds)


async def test_a_thread_that_cannot_be_read_is_retried_and_the_note_does_not_pass_it(
    bot: RunningBot,
):
    threads = [await a_thread(bot, number) for number in (1, 2)]
    await bot.stop()
    bot.clock.ahead += timedelta(hours=8)
    messages = [await bot.discord.says(f"in {thread}", at=thread) for thread in threads]
    bot.clock.ahead += timedelta(hours=8)
    faults = [Fault("GET", rf"/{thread}/messages", status=503, times=3) for thread in threads]
    bot.discord.faults += faults
    stuck = Fault("GET", rf"/{threads[1]}/messages", drop=True, times=1000)
    bot.discord.fail(stuck)

    bot.start()
    await bot.until(lambda: heard(bot) == [f"in {threads[0]}"])
    await some_time(bot)
    assert heard_to(bot) < int(messages[1]["id"])
    stuck.times = 0

    await bot.until(lambda: len(bot.desk.heard) == 2)
    await bot.until(lambda: heard_to(bot) > int(messages[1]["id"]))


async def test_a_rate_limit_during_the_backfill_loses_nothing(bot: RunningBot):
    thread = await a_thread(bot)
    await bot.stop()
    await bot.discord.says("meanwhile", at=thread)
    bot.discord.fail(Fault("GET", rf"/{thread}/messages", status=429, retry_after=0.1, times=2))

    bot.start()

    await bot.until(lambda: heard(bot) == ["meanwhile"])


async def test_new_messages_do_not_wait_for_a_thread_that_cannot_be_read(bot: RunningBot):
    thread = await a_thread(bot)
    await bot.stop()
    await bot.discord.says("meanwhile", at=thread)
    broken = Fault("GET", rf"/{thread}/messages", status=503, times=1000)
    bot.discord.fail(broken)
    bot.start()
    await bot.connected()

    await bot.discord.says("now", at=thread)
    await bot.until(lambda: heard(bot) == ["now"])
    broken.times = 0

    await bot.until(lambda: heard(bot) == ["now", "meanwhile"])


async def test_missed_messages_of_a_thread_come_before_new_ones(bot: RunningBot):
    slow, thread = await a_thread(bot, 1), await a_thread(bot, 2)
    await bot.stop()
    await bot.discord.says("slow", at=slow)
    await bot.discord.says("meanwhile", at=thread)
    was_slow = asyncio.Event()
    bot.discord.fail(Fault("GET", rf"/{slow}/messages", until=was_slow))
    bot.start()
    await bot.connected()

    await bot.discord.says("now", at=thread)
    await bot.until(lambda: heard(bot) == ["meanwhile", "now"])
    was_slow.set()

    await bot.until(lambda: heard(bot) == ["meanwhile", "now", "slow"])


async def test_messages_before_a_session_is_ready_wait_for_missed_ones(bot: RunningBot):
    thread = await a_thread(bot)
    await bot.stop()
    await bot.discord.says("meanwhile", at=thread)
    identified = bot.discord.gateway.identifies
    bot.patience = replace(bot.patience, guilds_within=0.5)
    bot.start()
    await bot.until(lambda: bot.discord.gateway.identifies > identified)

    await bot.discord.says("now", at=thread)
    await bot.until(lambda: len(bot.desk.heard) == 2)

    assert heard(bot) == ["meanwhile", "now"]


async def test_missed_edits_and_deletions_are_handed_on_and_nothing_else_changes(bot: RunningBot):
    thread = await a_thread(bot)
    _, edited, gone = [
        await bot.discord.says(text, at=thread) for text in ("kept", "befor", "gone")
    ]
    await bot.until(lambda: len(bot.desk.heard) == 3)
    await bot.stop()
    bot.clock.ahead += timedelta(days=3)
    await bot.discord.edits(edited, "before")
    await bot.discord.takes_back(gone)
    bot.discord.channel(thread).archived = True

    bot.start()
    await bot.until(lambda: bool(bot.desk.taken_back))
    await bot.until(lambda: "before" in heard(bot))

    assert bot.desk.taken_back == [MessageRef(PAPERS, f"{thread}/{gone['id']}")]
    assert sorted(kept(bot)) == ["before", "kept"]


async def test_missed_messages_in_an_archived_thread_are_read(bot: RunningBot):
    await a_thread(bot, 2)
    thread = await a_thread(bot)
    await bot.stop()
    bot.clock.ahead += timedelta(hours=8)
    await bot.discord.says("meanwhile", at=thread)
    bot.clock.ahead += timedelta(days=3)
    bot.discord.channel(thread).archived = True

    bot.start()

    await bot.until(lambda: heard(bot) == ["meanwhile"])


async def asleep(bot: RunningBot) -> tuple[int, Json]:
    """A thread that sleeps, unknown to the bot since its start, and what was said in it."""
    thread = await a_thread(bot)
    message = await bot.discord.says("before", at=thread)
    await bot.until(lambda: len(bot.desk.heard) == 1)
    bot.discord.channel(thread).archived = True
    await bot.restart()
    return thread, message


async def test_a_deletion_in_an_archived_thread_is_handed_on(bot: RunningBot):
    thread, message = await asleep(bot)

    await bot.discord.takes_back(message)

    await bot.until(lambda: bool(bot.desk.taken_back))
    assert bot.desk.taken_back == [MessageRef(PAPERS, f"{thread}/{message['id']}")]


async def test_an_edit_in_an_archived_thread_is_handed_on(bot: RunningBot):
    _, message = await asleep(bot)

    await bot.discord.edits(message, "after")

    await bot.until(lambda: heard(bot) == ["before", "after"])


async def test_a_deletion_in_somebody_elses_archived_thread_is_ignored(bot: RunningBot):
    theirs = await bot.discord.says("somebody's message")
    await bot.discord.opens_thread(theirs, "their thread")
    message = await bot.discord.says("in their thread", at=int(theirs["id"]))
    bot.discord.channel(int(theirs["id"])).archived = True
    await bot.restart()

    await bot.discord.takes_back(message)

    await some_time(bot)
    assert bot.desk.taken_back == []


@pytest.mark.parametrize("harm", ["forbidden", "fails", "breaks off", "gone and hidden"])
async def test_an_unreadable_history_is_not_taken_for_a_deletion(bot: RunningBot, harm: str):
    thread = await a_thread(bot)
    texts = [f"thought {number}" for number in range(130)]  # more than a page
    for text in texts:
        await bot.discord.says(text, at=thread)
    await bot.until(lambda: len(bot.desk.heard) == len(texts))
    await bot.stop()
    bot.clock.ahead += timedelta(hours=8)
    # All was heard, so nothing is read but to be compared.
    bot.notes.kept[HEARD] = str(discord.utils.time_snowflake(bot.clock()))
    path = rf"/channels/{thread}/messages$"
    match harm:
        case "forbidden":
            bot.discord.world.forbid(11, READ_HISTORY)
        case "fails":
            bot.discord.fail(Fault("GET", path, status=503, times=1000))
        case "breaks off":
            bot.discord.fail(Fault("GET", path, drop=True, skip=1, times=1000))
        case "gone and hidden":
            bot.discord.world.delete_thread(bot.discord.channel(thread))
            bot.discord.world.forbid(11, READ_HISTORY)
    asked = len(bot.discord.requests)

    bot.start()
    await bot.connected()
    await bot.until(
        lambda: any(f"/channels/{thread}" in each.path for each in bot.discord.requests[asked:])
    )
    await some_time(bot)

    assert bot.desk.taken_back == []
    assert sorted(kept(bot)) == sorted(texts)


async def test_all_that_was_said_in_a_deleted_post_of_a_forum_is_forgotten(bot: RunningBot):
    bot.discord.world.add_channel(20, "forum", type=FORUM)
    await bot.restart()
    forum = ChannelRef(Platform.DISCORD, "1", "20")
    thread = read_reference(await bot.chat.post(forum, paper(), key=key())).discussion
    said = await bot.discord.says("one", at=thread)
    await bot.until(lambda: len(bot.desk.heard) == 1)

    await bot.discord.deletes_thread(thread)

    await bot.until(lambda: bool(bot.desk.taken_back))
    assert bot.desk.taken_back == [MessageRef(forum, f"{thread}/{said['id']}")]


@pytest.mark.parametrize("is_archived", [False, True])
async def test_all_that_was_said_in_a_deleted_thread_is_forgotten(
    bot: RunningBot, is_archived: bool
):
    thread, other = await a_thread(bot), await a_thread(bot, 2)
    said = [await bot.discord.says(text, at=thread) for text in ("one", "two")]
    await bot.discord.says("elsewhere", at=other)
    await bot.until(lambda: len(bot.desk.heard) == 3)
    if is_archived:
        bot.discord.channel(thread).archived = True
        await bot.restart()

    await bot.discord.deletes_thread(thread)

    await bot.until(lambda: len(bot.desk.taken_back) == 2)
    assert bot.desk.taken_back == [MessageRef(PAPERS, f"{thread}/{each['id']}") for each in said]
    assert kept(bot) == ["elsewhere"]


async def test_a_thread_that_was_deleted_meanwhile_is_forgotten_after_the_outage(bot: RunningBot):
    thread = await a_thread(bot)
    said = [await bot.discord.says(text, at=thread) for text in ("one", "two")]
    await bot.until(lambda: len(bot.desk.heard) == 2)
    await bot.stop()
    bot.clock.ahead += timedelta(hours=8)
    await bot.discord.deletes_thread(thread)

    bot.start()

    await bot.until(lambda: len(bot.desk.taken_back) == 2)
    assert bot.desk.taken_back == [MessageRef(PAPERS, f"{thread}/{each['id']}") for each in said]


async def test_messages_in_an_unavailable_server_are_read_when_it_is_back(bot: RunningBot):
    thread = await a_thread(bot)
    await bot.stop()
    bot.discord.gateway.away.add(1)
    bot.start()
    await bot.connected()
    message = await bot.discord.says("meanwhile", at=thread)
    bot.clock.ahead += timedelta(hours=1)
    await some_time(bot)
    assert heard_to(bot) < int(message["id"])
    assert bot.chat.condition.ok
    assert [(each.name, each.ok) for each in bot.chat.conditions] == [("discord:1", False)]

    await bot.discord.gateway.bring_back(1)

    await bot.until(lambda: heard(bot) == ["meanwhile"])
    await bot.until(lambda: heard_to(bot) > int(message["id"]))
    assert bot.chat.conditions == ()


async def test_without_the_content_intent_nothing_hidden_is_taken_for_empty(bot: RunningBot):
    thread, sticker = await a_thread(bot), {"id": "7", "name": "wave", "format_type": 1}
    first = await bot.discord.says("stays", at=thread, mentions_bot=True)
    second = await bot.discord.says("goes", at=thread)
    await bot.until(lambda: heard(bot) == ["stays", "goes"])
    await bot.stop()
    bot.discord.world.content_intent = False
    bot.clock.ahead += timedelta(hours=1)
    await bot.discord.says("hidden", at=thread, fields={"sticker_items": [sticker]})
    await bot.discord.takes_back(second)
    first["mentions"] = []
    await bot.discord.edits(first, "hidden by an edit")
    await bot.discord.says("read", at=thread, mentions_bot=True)

    bot.start()
    await bot.until(lambda: kept(bot) == ["stays", "read"])
    edited = await bot.discord.says("hidden at first", at=thread)
    edited["mentions"] = [bot.discord.world.bot.json()]
    await bot.discord.edits(edited, "told to the bot")
    await bot.until(lambda: "told to the bot" in heard(bot))

    assert heard(bot) == ["stays", "goes", "read", "told to the bot"]


async def test_a_file_is_a_link_to_its_message(bot: RunningBot):
    thread = await a_thread(bot)

    message = await bot.discord.says("look", at=thread, files=("figure.png",))

    await bot.until(lambda: bool(bot.desk.heard))
    address = f"https://discord.com/channels/1/{thread}/{message['id']}"
    assert heard(bot) == [f"look\nfigure.png {address}"]


async def test_messages_carry_when_they_were_sent_and_edited(bot: RunningBot):
    thread = await a_thread(bot)
    message = await bot.discord.says("befor", at=thread)
    await bot.until(lambda: len(bot.desk.heard) == 1)
    bot.clock.ahead += timedelta(hours=1)
    await bot.discord.edits(message, "before")
    await bot.until(lambda: len(bot.desk.heard) == 2)

    first, second = bot.desk.heard
    assert first.at == second.at == discord.utils.snowflake_time(int(message["id"]))
    assert first.edited_at is None
    assert second.edited_at is not None
    assert second.edited_at > bot.clock() - timedelta(minutes=1)


@dataclass
class BrokenDesk(DigestContext):
    """Cannot keep the next `failures` things, or ever what is in `poison`."""

    failures: int = 0
    poison: str = ""
    tries: int = 0

    async def on_message(self, said: ThreadMessage) -> None:
        self.tries += 1
        if said.text == self.poison:
            raise ValueError(said.text)
        self._may_fail()
        await super().on_message(said)

    async def on_message_deleted(self, message: MessageRef) -> None:
        self._may_fail()
        await super().on_message_deleted(message)

    def _may_fail(self) -> None:
        if self.failures > 0:
            self.failures -= 1
            raise StorageError("the database is locked")


@pytest.fixture
async def broken() -> AsyncIterator[tuple[RunningBot, BrokenDesk]]:
    """A bot that is connected, and whose inbox breaks."""
    async with running_bot() as opened:
        opened.desk = desk = BrokenDesk()
        opened.start()
        await opened.connected()
        yield opened, desk


async def test_messages_that_could_not_be_stored_are_retried_in_order(broken):
    bot, desk = broken
    thread = await a_thread(bot)
    desk.failures = 14

    messages = [await bot.discord.says(text, at=thread) for text in ("first", "second", "third")]
    await bot.until(lambda: len(desk.heard) == 3)
    desk.failures = 7
    await bot.discord.takes_back(messages[1])
    await bot.until(lambda: bool(desk.taken_back))

    assert heard(bot) == ["first", "second", "third"]
    assert sorted(kept(bot)) == ["first", "third"]


async def test_the_note_stops_before_a_message_that_is_not_stored_yet(broken):
    bot, desk = broken
    thread = await a_thread(bot)
    desk.failures = 1_000_000
    message = await bot.discord.says("wait for me", at=thread)
    await bot.until(lambda: desk.tries > 0)
    bot.clock.ahead += timedelta(hours=1)

    await some_time(bot)
    stopped_at = heard_to(bot)
    desk.failures = 0
    await bot.until(lambda: heard_to(bot) > int(message["id"]))

    assert stopped_at < int(message["id"])
    assert heard(bot) == ["wait for me"]


async def test_a_message_that_always_fails_lets_the_others_pass(broken):
    bot, desk = broken
    thread = await a_thread(bot)
    desk.poison = "poison"

    await bot.discord.says("poison", at=thread)
    await bot.discord.says("food", at=thread)

    await bot.until(lambda: heard(bot) == ["food"])


async def test_reactions_are_told_and_after_an_absence_they_are_read(bot: RunningBot):
    discord_, desk = bot.discord, bot.desk
    await bot.until(lambda: HEARD in bot.notes.kept)
    papers = [await bot.chat.post(PAPERS, paper(), key=key(number)) for number in (1, 2)]
    desk.shown += papers
    first, second = (discord_.channel(11).messages[int(each.id)] for each in papers)
    await discord_.reacts(first, "👍🏽")
    await discord_.reacts(first, "👍🏽", is_added=False)
    await discord_.reacts(first, "👀")
    await discord_.reacts(first, "❤️", by=discord_.world.bot.id)
    await bot.until(lambda: len(desk.reactions) == 2)
    await discord_.clears(first, "👍🏽")
    await discord_.clears(first)
    await bot.until(lambda: len(desk.reactions_read) == 2)
    assert [(each.message, each.user.id, each.emoji, each.is_added) for each in desk.reactions] == [
        (papers[0], "101", "👍🏽", True),
        (papers[0], "101", "👍🏽", False),
    ]
    assert [each.emoji for each in desk.reactions_read] == ["👍🏽", None]
    await bot.stop()
    desk.reactions_read.clear()
    bot.clock.ahead += timedelta(days=1)
    for number in range(500, 620):
        person = Person(number, f"Person {number}")
        discord_.world.people[number] = person
        await discord_.reacts(second, "party_parrot:77", by=number)
    await discord_.reacts(second, "👎")
    discord_.world.drop_account(discord_.person(500))

    bot.start()
    await bot.until(lambda: bool(desk.channels_read))

    read = {each.message: each.found for each in desk.reactions_read}
    fans = {str(number) for number in range(501, 620)}
    assert read[papers[0]] == frozenset()
    assert {(user.id, emoji) for user, emoji in read[papers[1]]} == {
        (fan, "party_parrot:77") for fan in fans
    }
