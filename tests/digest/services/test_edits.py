"""Edits: what was posted follows what the curator changes."""

import asyncio
from datetime import date, timedelta

import pytest

from bot.archive.store import title_matches
from bot.archive.store.title_matches import title_key
from bot.core.catalogue import Catalogues
from bot.core.domain.document import Document, dump
from bot.core.domain.extent import Extent
from bot.core.ports import ChatRefusedError, ChatUnavailableError, ChatUncertainError, MessageRef
from bot.digest.services import edited_entries, plan, subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.digest.services.plan import Voices
from bot.outbox.domain.delivery import NOT_EDITED, WITHDRAWN, State
from bot.outbox.services import operator_actions
from bot.outbox.services.changes import UNEDITABLE
from bot.outbox.store import claims
from tests.stage import (
    GENERAL,
    MORNING,
    NINE_IN_SEOUL,
    MemoryChat,
    Posted,
    Stage,
    english,
    staged,
)

TUESDAY = date(2026, 2, 3)


@pytest.fixture
async def stage(tmp_path):
    """A stage on which a digest of two papers is planned."""
    async with staged(tmp_path, MORNING - timedelta(hours=1)) as stage:
        yield stage


async def planned(
    stage: Stage, words: TypedOptions = NINE_IN_SEOUL, voices: Voices = english
) -> None:
    await subscribe.add(stage.db, GENERAL, words, now=stage.clock())
    stage.write("Alpha", TUESDAY, "First words.")
    stage.write("Beta", TUESDAY, "Other words.")
    await stage.sync()
    stage.clock.at = MORNING
    await plan.plan_due(stage.db, now=stage.clock(), voices=voices)


async def delivered(
    stage: Stage, words: TypedOptions = NINE_IN_SEOUL, voices: Voices = english
) -> None:
    await planned(stage, words, voices)
    await stage.deliverer().drain(asyncio.Event())
    stage.clock.turn(minutes=1)


async def edited(stage: Stage, voices: Voices = english) -> int:
    await edited_entries.present_changed(stage.db, now=stage.clock(), voices=voices)
    return await stage.changer().run(asyncio.Event())


def shown(stage: Stage, place: int) -> str:
    return dump(stage.chat.posted[place].document)


async def test_a_changed_note_changes_its_message_and_no_other(stage):
    await delivered(stage)

    await stage.note("Alpha", TUESDAY, "Better words.")
    number = await edited(stage)

    assert number == 1
    assert "Better words." in shown(stage, 1)
    assert [message.edits for message in stage.chat.posted] == [0, 1, 0]


async def test_a_changed_title_changes_the_header_too(stage):
    await delivered(stage)

    file = stage.vault / "260203 Alpha.md"
    file.write_text("*Alpha, revised* (Ada Lovelace)\n\nFirst words.\n\n#rl\n")
    await stage.sync()
    number = await edited(stage)

    assert number == 2
    assert "Alpha, revised" in shown(stage, 0)


async def test_a_message_says_which_paper_was_found_and_no_longer_if_that_was_wrong(stage):
    await delivered(stage)

    async with stage.db.transaction() as tx:
        await title_matches.decide(tx, title_key("Alpha"), "2501.00002", stage.clock())
    await edited(stage)
    found = shown(stage, 1)
    stage.clock.turn(minutes=1)
    async with stage.db.transaction() as tx:
        await title_matches.decide(tx, title_key("Alpha"), None, stage.clock())
    await edited(stage)

    assert "arxiv.org/abs/2501.00002" in found
    assert "2501.00002" not in shown(stage, 1)


async def test_nothing_changed_edits_nothing(stage):
    await delivered(stage)

    await stage.sync()
    (stage.vault / "260203 Alpha.md").touch()
    await stage.sync()

    assert await edited(stage) == 0


async def test_a_withdrawn_entry_is_marked_and_can_come_back(stage):
    await delivered(stage)

    (stage.vault / "260203 Alpha.md").unlink()
    await stage.sync()
    await edited(stage)
    gone = shown(stage, 1)
    stage.clock.turn(minutes=1)
    await stage.note("Alpha", TUESDAY, "First words.")
    await edited(stage)

    assert "withdrawn" in gone
    assert "withdrawn" not in shown(stage, 1)
    assert len(stage.chat.posted) == 3


async def test_a_compact_digest_is_edited_as_a_whole(stage):
    await delivered(stage, TypedOptions(at="09:00", zone="Asia/Seoul", layout="compact"))

    await stage.note("Alpha", TUESDAY, "Better words.")
    number = await edited(stage)

    assert number == 1
    assert "Better words." in shown(stage, 0)


async def test_a_channel_is_spoken_to_in_its_interface_language_also_in_edits(stage):
    voices = Catalogues()
    words = TypedOptions(at="09:00", zone="Asia/Seoul", languages="ko,en", interface="en")
    await delivered(stage, words, voices)
    header = shown(stage, 0)
    await subscribe.change(stage.db, GENERAL, TypedOptions(interface="ko"), now=stage.clock())

    await stage.note("Alpha", TUESDAY, "Better words.")
    await edited(stage, voices)

    assert "3 February 2026" in header
    # A message is edited in the language in which it was posted.
    assert "Better words." in shown(stage, 1)
    assert "Abstract and references" in shown(stage, 1)


async def test_an_entry_that_is_withdrawn_in_time_is_not_posted(stage):
    await planned(stage)

    (stage.vault / "260203 Alpha.md").unlink()
    await stage.sync()
    await edited(stage)
    await stage.deliverer().drain(asyncio.Event())

    assert stage.said()[1:] == ["Beta"]
    [dead] = await operator_actions.list_deliveries(stage.db, states=[State.DEAD])
    assert dead.reason == WITHDRAWN


async def test_a_change_before_posting_is_posted_and_needs_no_edit(stage):
    await planned(stage)

    await stage.note("Alpha", TUESDAY, "Better words.")
    await edited(stage)
    await stage.deliverer().drain(asyncio.Event())

    assert "Better words." in shown(stage, 1)
    assert await edited(stage) == 0


async def test_a_change_while_a_message_is_under_way_is_edited_afterwards(stage):
    await planned(stage)
    await stage.deliverer().drain(stopped_after_header(stage))
    async with stage.db.transaction() as tx:
        [claimed] = await claims.claim(
            tx,
            [GENERAL],
            owner="me",
            now=stage.clock(),
            lease_until=stage.clock() + timedelta(seconds=1),
        )
    assert claimed.document is not None
    await stage.chat.post(GENERAL, claimed.document, key=claimed.key)

    stage.clock.turn(seconds=5)
    await stage.note("Alpha", TUESDAY, "Better words.")
    await edited(stage)
    before = shown(stage, 1)
    await stage.deliverer().drain(asyncio.Event())  # finds it
    await edited(stage)

    assert "First words." in before
    assert "Better words." in shown(stage, 1)
    assert stage.said()[1:] == ["Alpha", "Beta"]


def stopped_after_header(stage: Stage) -> asyncio.Event:
    """Stops as soon as one message is kept."""
    stop = asyncio.Event()

    class Watched(list[Posted]):
        def append(self, message: Posted) -> None:
            super().append(message)
            stop.set()

    stage.chat.posted = Watched()
    return stop


async def test_an_edit_that_fails_is_made_later_and_stops_no_other(stage):
    await delivered(stage)
    stage.chat.edit_errors = [
        ChatUnavailableError("limit", retry_after=timedelta(seconds=30)),
        None,
        ChatUncertainError("reset"),
    ]

    stage.write("Alpha", TUESDAY, "Better words.")
    stage.write("Beta", TUESDAY, "Better, too.")
    await stage.sync()
    numbers = [await edited(stage)]
    for seconds in (29, 1, 10):
        stage.clock.turn(seconds=seconds)
        numbers.append(await edited(stage))

    assert numbers == [1, 0, 0, 1]
    assert "Better words." in shown(stage, 1)


@pytest.mark.parametrize(
    "error",
    [
        ChatUnavailableError("down"),
        ChatUncertainError("no answer"),
        ChatRefusedError("the bot is not in that channel"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_edit_that_fails_for_three_days_is_made_in_the_end(stage, error):
    await delivered(stage)
    stage.chat.trouble = lambda *_: error

    await stage.note("Alpha", TUESDAY, "Better words.")
    for _ in range(72):
        await edited(stage)
        stage.clock.turn(hours=1)
    [late] = [each for each in await operator_actions.list_deliveries(stage.db) if each.reason]
    stage.chat.trouble = None
    number = await edited(stage)

    assert (late.reason, late.detail) == (NOT_EDITED, str(error))
    assert number == 1
    assert "Better words." in shown(stage, 1)
    assert [each.reason for each in await operator_actions.list_deliveries(stage.db)] == [
        "",
        "",
        "",
    ]


async def test_a_channel_that_refuses_edits_is_tried_once_an_hour_for_all_of_them(stage):
    await delivered(stage)
    stage.chat.trouble = lambda *_: ChatRefusedError("the bot is not in that channel")
    before = stage.chat.calls

    stage.write("Alpha", TUESDAY, "Better words.")
    stage.write("Beta", TUESDAY, "Better, too.")
    await stage.sync()
    for _ in range(10):
        await edited(stage)
        stage.clock.turn(minutes=30)

    assert stage.chat.calls - before == 5


async def test_a_platform_that_hangs_ends_its_round_after_a_while(stage):
    await delivered(stage)
    stage.write("Alpha", TUESDAY, "Better words.")
    stage.write("Beta", TUESDAY, "Better, too.")
    await stage.sync()

    class Hanging(MemoryChat):
        async def edit(self, message: MessageRef, document: Document) -> None:
            self.calls += 1
            await asyncio.Event().wait()
            await super().edit(message, document)

    hanging = Hanging(stage.clock)
    await edited_entries.present_changed(stage.db, now=stage.clock(), voices=english)
    changer = stage.changer(
        {hanging.platform: hanging},
        within=timedelta(seconds=0.05),
        lasting=timedelta(seconds=0.04),
    )
    await changer.run(asyncio.Event())

    assert hanging.calls == 1


async def test_a_message_that_cannot_be_edited_is_left_and_said_so(stage):
    await delivered(stage)
    stage.chat.edit_errors = [ChatRefusedError("the message is gone", Extent.GONE)]

    await stage.note("Alpha", TUESDAY, "Better words.")
    first, second = await edited(stage), await edited(stage)

    assert (first, second) == (0, 0)
    found = await operator_actions.list_deliveries(stage.db)
    assert [(each.reason, each.detail) for each in found if each.reason] == [
        (UNEDITABLE, "the message is gone")
    ]
