"""What people follow and are told of, on every platform: typed, planned, posted and read."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.archive.services.import_files import import_files
from bot.core.catalogue import Catalogues
from bot.core.ports import ChannelRef, parse_channel
from bot.follow.services import closed_inbox, plan
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.services.deliver import Deliverer
from tests.contract.test_commands import NOW, PAGE, PLATFORMS, Room
from tests.databases import throw_away

NEXT_MORNING = datetime(2025, 2, 5, 0, tzinfo=UTC)
"""Nine o'clock in Seoul, after the messages of half past eight."""


@pytest.fixture(params=sorted(PLATFORMS))
async def room(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Room]:
    page = tmp_path / "page.txt"
    page.write_text(PAGE, encoding="utf-8")
    async with throw_away() as db:
        await import_files(db, [page], now=NOW)
        async with PLATFORMS[request.param](db) as opened_room:
            yield opened_room


async def morning(room: Room, at: datetime = NEXT_MORNING) -> None:
    """The direct messages of that morning go out."""
    voices = Catalogues()
    await plan.plan_due(room.db, now=at, voices=voices, link=lambda _: None)
    deliverer = Deliverer(
        room.db,
        {room.chat.platform: room.chat},
        owner="me",
        clock=lambda: at,
        rate_limits=RateLimits({}),
        jitter=lambda: 0.5,
    )
    await deliverer.drain(asyncio.Event())
    await closed_inbox.look(room.db, now=at, voices=voices)
    await deliverer.drain(asyncio.Event())


async def inbox(room: Room) -> list[str]:
    async with room.db.reading() as tx:
        row = await tx.one("SELECT inbox FROM reader")
    assert row is not None
    channel: ChannelRef = parse_channel(row["inbox"])
    return await room.inbox(channel)


async def test_a_person_follows_is_told_once_in_private_and_ends_it(room: Room):
    nothing = await room.types("/follow")
    wrong = await room.types("/follow date:soon")
    followed = await room.types("/follow #reasoning")
    await room.types("/follow 2502.00001")
    settings = await room.types("/follow settings at:07:30 days:daily")
    await morning(room)
    await morning(room)
    told = await inbox(room)
    listed = await room.types("/follow")
    ended = await room.types("/unfollow #reasoning")
    forgotten = await room.types("/paper forget-me")
    await room.presses(forgotten, "Delete it")
    nothing_left = await room.types("/follow")

    assert "You follow nothing." in nothing.text
    assert "is not a date" in wrong.text
    assert "You follow #reasoning now." in followed.text.replace("\\", "")
    assert "07:30 Asia/Seoul" in settings.text
    (message,) = told
    assert "A Paper on Reasoning" in message
    assert "about arXiv:2502.00001, which you follow" in message
    assert "#reasoning" in message.replace("\\", "")
    assert "A Paper on Embeddings" not in message
    assert "2502.00001" in listed.text
    assert "You follow #reasoning no longer." in ended.text.replace("\\", "")
    assert "It ends 1 follow." in forgotten.text
    assert "You follow nothing." in nothing_left.text
    answers = (nothing, wrong, followed, settings, listed, ended, forgotten)
    assert all(each.is_private for each in answers)


async def test_a_button_under_a_paper_follows_its_tag_and_all_of_it_can_be_forgotten(room: Room):
    shown = await room.types("/paper 2502.00001")

    followed = await room.presses(shown, "Follow #reasoning")
    paper = await room.presses(shown, "Follow this paper")
    await room.types("/unfollow all")
    forgettable = await room.types("/paper forget-me")
    forgotten = await room.presses(forgettable, "Delete it")
    again = await room.types("/paper forget-me")

    assert "You follow #reasoning now." in followed.text.replace("\\", "")
    assert "You follow 2502.00001 now." in paper.text
    assert "It deletes when you wanted your direct messages" in forgettable.text
    assert "What was stored of you is deleted." in forgotten.text
    assert "Nothing that you wrote is stored." in again.text
    assert followed.is_private


END = ("End", "all")
"""The button of a follow is read with its query on the web."""


async def test_the_word_all_is_followed_in_quotes_and_everything_is_ended_without(room: Room):
    refused = await room.types("/follow all")
    in_korean = await room.types("/follow 전체")
    quoted = await room.types('/follow "all"')
    async with room.db.transaction() as tx:  # as versions before stored it
        await tx.run("UPDATE follow SET query = 'all' WHERE query = '\"all\"'")
    listed = await room.types("/follow")
    ended = await room.presses(listed, next(each for each in listed.buttons if each in END))
    await room.types("/follow #reasoning")
    left = await room.types("/unfollow all")
    nothing_left = await room.types("/unfollow all")

    assert 'write /follow "all"' in refused.text
    assert 'write /follow "전체"' in in_korean.text
    assert 'You follow "all" now.' in quoted.text
    assert "You follow nothing." in nothing_left.text
    assert 'You follow "all" no longer.' in ended.text
    assert "1 follow is ended." in left.text
