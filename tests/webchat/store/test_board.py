"""The web chat's messages in a real database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.database.database import opened
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.domain.errors import UsageError
from bot.core.ports import ChannelRef, Platform
from bot.digest.services.channel_check import checker
from bot.webchat.domain.board import Author, BoardMessage
from bot.webchat.store.board import DatabaseBoard
from tests.databases import new_database, throw_away

NOON = datetime(2025, 2, 4, 12, 0, tzinfo=UTC)
MINJI = Author("a1", "민지")


@pytest.fixture
async def board() -> AsyncIterator[DatabaseBoard]:
    async with throw_away() as db:
        yield DatabaseBoard(db)


def document(text: str) -> Document:
    return Document((Paragraph((Text(text),)),), summary=text)


def ids(messages: tuple[BoardMessage, ...]) -> list[int]:
    return [message.id for message in messages]


async def test_a_stored_message_is_returned_unchanged(board: DatabaseBoard):
    kept = await board.add(
        "general", document("답"), at=NOON, author=MINJI, question="/paper rl", key="k"
    )

    assert kept == await board.find(kept.id)
    assert kept.content == document("답")
    assert (kept.author, kept.question, kept.posted_at) == (MINJI, "/paper rl", NOON)
    assert kept.by_bot
    assert not kept.deleted


async def test_a_repeated_key_returns_the_first_message(board: DatabaseBoard):
    first = await board.add("general", "one", at=NOON, author=MINJI, key="same")

    again = await board.add("general", "two", at=NOON, author=MINJI, key="same")

    assert again == first


async def test_general_exists_and_channels_are_added_once(board: DatabaseBoard):
    await board.add_channel("reading", at=NOON)
    await board.add_channel("reading", at=NOON + timedelta(days=1))

    assert await board.list_channels() == ("general", "reading")


async def test_a_channel_is_paged_from_its_newest_message_backwards(board: DatabaseBoard):
    kept = [await board.add("general", f"{n}", at=NOON, author=MINJI) for n in range(7)]
    numbers = [message.id for message in kept]

    newest = await board.list_messages("general", limit=3)
    before = await board.list_messages("general", limit=3, before=newest[0].id)

    assert ids(newest) == numbers[4:]
    assert ids(before) == numbers[1:4]


async def test_replies_are_listed_and_counted_in_their_thread(board: DatabaseBoard):
    root = await board.add("general", document("a paper"), at=NOON)
    late = NOON + timedelta(hours=1)

    reply = await board.add("general", "nice", at=late, author=MINJI, root=root.id)

    assert await board.list_messages("general", limit=9, root=root.id) == (reply,)
    (shown,) = await board.list_messages("general", limit=9)
    assert (shown.replies, shown.last_reply_at) == (1, late)


async def test_changes_after_a_revision_are_listed(board: DatabaseBoard):
    root = await board.add("general", document("a paper"), at=NOON)
    known = await board.newest_revision()

    reply = await board.add("general", "nice", at=NOON, author=MINJI, root=root.id)
    await board.update(reply.id, "very nice", at=NOON)

    changes = await board.list_changes(known, limit=10)
    assert ids(changes) == [root.id, reply.id]
    assert changes[-1].content == "very nice"
    assert changes[-1].revision == await board.newest_revision()
    assert await board.list_changes(changes[-1].revision, limit=10) == ()


async def test_an_equal_update_is_no_change(board: DatabaseBoard):
    kept = await board.add("general", document("as it is"), at=NOON)

    assert await board.update(kept.id, document("as it is"), at=NOON + timedelta(hours=1)) == kept


async def test_a_removed_root_with_replies_stays_listed_without_content(
    board: DatabaseBoard,
):
    root = await board.add("general", "look", at=NOON, author=MINJI)
    reply = await board.add("general", "yes", at=NOON, author=MINJI, root=root.id)

    await board.remove(root.id, at=NOON)
    (tombstone,) = await board.list_messages("general", limit=9)
    await board.remove(reply.id, at=NOON)

    assert (tombstone.deleted, tombstone.content, tombstone.replies) == (True, "", 1)
    assert await board.list_messages("general", limit=9) == ()


async def test_removing_may_be_repeated_and_a_removed_message_is_not_edited(board: DatabaseBoard):
    kept = await board.add("general", "oops", at=NOON, author=MINJI, key="k")
    gone = await board.remove(kept.id, at=NOON)

    assert await board.remove(kept.id, at=NOON + timedelta(hours=1)) == gone
    assert await board.update(kept.id, "back", at=NOON) is None
    assert await board.add("general", "oops", at=NOON, author=MINJI, key="k") == gone
    assert await board.remove(12345, at=NOON) is None


async def test_a_key_is_found_in_its_channel_and_since_an_instant(board: DatabaseBoard):
    await board.add_channel("reading", at=NOON)
    kept = await board.add("general", document("x"), at=NOON, key="k")

    assert await board.find_by_key("general", "k", since=NOON) == kept
    assert await board.find_by_key("reading", "k", since=NOON) is None
    assert await board.find_by_key("general", "k", since=NOON + timedelta(seconds=1)) is None


async def test_subscribing_creates_the_channel(
    board: DatabaseBoard,
):
    check = checker({}, board, clock=lambda: NOON)

    made = await check(ChannelRef(Platform.WEB, "somewhere", "독서-모임"))

    assert made == ChannelRef(Platform.WEB, "", "독서-모임")
    assert await board.list_channels() == ("general", "독서-모임")


@pytest.mark.parametrize("name", ["", "two words", "x" * 41, "a/b", "-x", "<b>"])
async def test_an_invalid_channel_name_is_refused(board: DatabaseBoard, name: str):
    with pytest.raises(UsageError):
        await board.add_channel(name, at=NOON)


async def test_a_message_of_the_bot_that_is_completed_at_once_is_not_marked_as_edited(
    board: DatabaseBoard,
):
    paper, later = document("A paper"), document("A paper with a link")
    ours = await board.add("general", paper, at=NOON)
    theirs = await board.add("general", "A word", at=NOON, author=MINJI)

    completed = await board.update(ours.id, later, at=NOON + timedelta(seconds=5))
    mended = await board.update(theirs.id, "Another word", at=NOON + timedelta(seconds=5))
    assert completed is not None
    assert mended is not None
    assert (completed.is_marked_edited, mended.is_marked_edited) == (False, True)

    edited = await board.update(ours.id, paper, at=NOON + timedelta(hours=1))
    gone = await board.remove(ours.id, at=NOON + timedelta(hours=2))
    assert edited is not None
    assert gone is not None
    assert (edited.is_marked_edited, gone.is_marked_edited) == (True, False)


async def test_two_processes_post_one_message_of_a_key_and_give_each_change_its_revision(
    postgresql: str,
):
    with new_database(postgresql) as address:
        async with opened(address) as one, opened(address) as other:
            boards = DatabaseBoard(one), DatabaseBoard(other)
            async with asyncio.TaskGroup() as group:
                posting = [
                    group.create_task(
                        boards[n % 2].add("general", f"{n}", at=NOON, author=MINJI, key=f"{n // 4}")
                    )
                    for n in range(16)
                ]
            kept = {task.result().key: task.result() for task in posting}
            changes = await boards[0].list_changes(0, limit=100)

    assert all(task.result() == kept[task.result().key] for task in posting)
    assert sorted(each.key or "" for each in changes) == ["0", "1", "2", "3"]
    assert [each.revision for each in changes] == [1, 2, 3, 4]


async def test_inboxes_are_no_channels_for_everybody_and_can_get_a_digest(board: DatabaseBoard):
    name = await board.open_inbox("0123456789abcdef", at=NOON)
    check = checker({}, board, clock=lambda: NOON)

    again = await board.open_inbox("0123456789abcdef", at=NOON)
    checked = await check(ChannelRef(Platform.WEB, "", name))

    assert name == again == checked.id
    assert await board.list_channels() == ("general",)
    with pytest.raises(UsageError, match="cannot be a channel name"):
        await check(ChannelRef(Platform.WEB, "", "@fedcba9876543210"))
    with pytest.raises(UsageError, match="knows nobody"):
        await board.open_inbox("general", at=NOON)
