"""The stream of changes: each once, in order, also after a reconnect."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from bot.core.domain.document import Document, Paragraph, Text
from bot.core.ports import ChannelRef, DeliveryKey, Platform
from bot.platforms.web.change_feed import MOST_MISSED, ChangeFeed, Changes
from bot.webchat.store.board import DatabaseBoard
from tests.databases import throw_away
from tests.platforms.web.stage import NOON, Stage

ADA, BO = "0123456789abcdef", "fedcba9876543210"
GENERAL = ChannelRef(Platform.WEB, "", "general")


def said(text: str) -> Document:
    return Document((Paragraph((Text(text),)),), summary=text)


async def events(
    stage: Stage, *, after: int, headers: dict[str, str] | None = None
) -> AsyncGenerator[tuple[str, str, str], None]:
    """Each event as (name, id, data)."""
    async with stage.client.get(stage.url(f"/events?after={after}"), headers=headers) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        fields: dict[str, str] = {}
        async for raw in response.content:
            line = raw.decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                yield fields.get("event", ""), fields.get("id", ""), fields.get("data", "")
                fields = {}


async def changes(stage: Stage, count: int, *, after: int, **more: Any) -> list[dict[str, Any]]:
    """The first `count` changes of a stream."""
    found: list[dict[str, Any]] = []
    async for name, _, data in events(stage, after=after, **more):
        if name == "change":
            found.append(json.loads(data))
        if len(found) == count:
            return found
    return found


async def test_a_stream_says_hello_and_sends_new_messages(stage: Stage):
    stream = events(stage, after=0)
    assert (await anext(stream))[0] == "hello"

    posted = await stage.chat.post(GENERAL, said("news"), key=DeliveryKey("a"))

    name, revision, data = await anext(stream)
    change = json.loads(data)
    assert name == "change"
    assert revision == str(change["revision"])
    assert change["id"] == int(posted.id)
    assert "news" in change["html"]
    await stream.aclose()


async def test_a_stream_sends_missed_changes_first(stage: Stage):
    await stage.chat.post(GENERAL, said("seen"), key=DeliveryKey("a"))
    known = await stage.board.newest_revision()
    posted = await stage.chat.post(GENERAL, said("missed"), key=DeliveryKey("b"))
    await stage.chat.edit(posted, said("mended"))

    (change,) = await changes(stage, 1, after=known)

    assert "mended" in change["html"]


async def test_last_event_id_goes_before_the_query(stage: Stage):
    for name in "abc":
        await stage.chat.post(GENERAL, said(name), key=DeliveryKey(name))

    (change,) = await changes(stage, 1, after=0, headers={"Last-Event-ID": "2"})

    assert change["revision"] == 3


async def test_a_reply_changes_the_reply_count_of_its_root(stage: Stage):
    root = await stage.chat.post(GENERAL, said("a paper"), key=DeliveryKey("a"))
    known = await stage.board.newest_revision()

    reply = await stage.chat.reply(root, said("a remark"), key=DeliveryKey("b"))

    first, second = await changes(stage, 2, after=known)
    assert (first["id"], first["root"]) == (int(reply.id), int(root.id))
    assert (second["id"], second["version"]) == (int(root.id), "first")
    assert "1 reply" in second["html"]


async def test_a_deleted_message_is_sent_as_gone(stage: Stage):
    posted = await stage.chat.post(GENERAL, said("oops"), key=DeliveryKey("a"))
    known = await stage.board.newest_revision()

    await stage.chat.delete(posted)

    (change,) = await changes(stage, 1, after=known)
    assert change["gone"] is True
    assert "oops" not in change["html"]


async def test_a_page_of_another_database_is_told_to_reload(stage: Stage):
    names = [name async for name, _, _ in events(stage, after=10_000)]

    assert names == ["hello", "reload"]


async def test_each_stream_is_in_its_visitors_language(stage: Stage):
    await stage.chat.post(
        GENERAL, Document((), summary="x", opens_thread=True), key=DeliveryKey("a")
    )

    (english,) = await changes(stage, 1, after=0, headers={"Accept-Language": "en"})
    (korean,) = await changes(stage, 1, after=0, headers={"Accept-Language": "ko"})

    assert "Discuss" in english["html"]
    assert "토론하기" in korean["html"]


async def test_the_feed_returns_each_change_in_order():
    async with throw_away() as db:
        board = DatabaseBoard(db)
        feed = ChangeFeed(board)
        assert await feed.changes(0, ADA) == Changes((), 0)
        for number in range(300):
            await board.add("general", said(f"{number}"), at=NOON)

        from_the_start = await feed.changes(0, ADA)
        from_there = await feed.changes(290, ADA)

    assert from_the_start is not None
    assert [change.revision for change in from_the_start.messages] == list(range(1, 301))
    assert from_there == Changes(from_the_start.messages[290:], 300)


async def test_too_many_missed_changes_are_not_returned():
    async with throw_away() as db:
        board = DatabaseBoard(db)
        for number in range(MOST_MISSED + 1):
            await board.add("general", said(f"{number}"), at=NOON)
        feed = ChangeFeed(board)

        assert await feed.changes(0, ADA) is None
        assert await feed.changes(MOST_MISSED + 1, ADA) == Changes((), MOST_MISSED + 1)
        assert await feed.changes(MOST_MISSED + 2, ADA) is None


@pytest.mark.parametrize("is_late", [False, True])
async def test_what_others_are_told_in_their_inboxes_reloads_no_page(is_late: bool):
    """The daily messages of many readers, before or after a page looks for changes."""
    async with throw_away() as db:
        board = DatabaseBoard(db)
        inboxes = [await board.open_inbox(each, at=NOON) for each in (ADA, BO)]
        feed = ChangeFeed(board)
        if not is_late:
            await feed.changes(0, ADA)
        await board.add("general", said("first"), at=NOON)
        for number in range(MOST_MISSED + 1):
            await board.add(inboxes[1], said(f"{number}"), at=NOON)
        await board.add(inboxes[0], said("hello"), at=NOON)

        found = await feed.changes(0, ADA)
        assert found is not None
        assert [each.channel for each in found.messages] == ["general", inboxes[0]]
        assert found.up_to == MOST_MISSED + 3
        assert await feed.changes(found.up_to, ADA) == Changes((), MOST_MISSED + 3)
        assert await feed.changes(0, BO) is None
