"""News of a paper comes into the threads that were there, once, where it is wanted."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.archive.domain.arxiv_record import Change, PaperEventKind
from bot.archive.store import paper_events
from bot.channels.store import channel_preferences
from bot.channels.store.channel_preferences import ChannelPreferences
from bot.discussion.services import paper_updates
from tests.stage import MORNING
from tests.talk_stage import DISCORD, SLACK, TalkStage, talking, today, words

NUMBER = "2310.07831"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        file = opened.stage.write("Paper", today(opened))
        text = file.read_text(encoding="utf-8")
        file.write_text(f"https://arxiv.org/abs/{NUMBER}\n{text}", encoding="utf-8")
        await opened.stage.sync()
        await opened.subscribe(SLACK, DISCORD)
        await opened.post()
        opened.clock.turn(hours=1)
        yield opened


async def happens(stage: TalkStage, change: Change) -> None:
    async with stage.stage.db.transaction() as tx:
        await paper_events.add(tx, [(NUMBER, change)], stage.clock())


async def told(stage: TalkStage) -> list[str]:
    await paper_updates.note_citations(stage.stage.db, stage.clock())
    await paper_updates.pass_on(stage.talk)
    await stage.settle()
    return [words(each.document) for each in stage.thread(stage.root(SLACK))]


NEW_VERSION = Change(PaperEventKind.VERSION, 1, 2)


async def test_a_new_version_is_announced_once(stage):
    await happens(stage, NEW_VERSION)

    first, again = await told(stage), await told(stage)

    assert first == again == [f"This paper has a new version: v2. arXiv:{NUMBER}v2"]
    assert len(stage.thread(stage.root(DISCORD))) == 1


async def test_a_version_that_is_withdrawn_twice_is_announced_twice(stage):
    for kind in (PaperEventKind.WITHDRAWN, PaperEventKind.REINSTATED, PaperEventKind.WITHDRAWN):
        await happens(stage, Change(kind, 2, 2))

    said = await told(stage)

    assert len(said) == 3
    assert said[0] == said[2] != said[1]


async def test_a_withdrawal_is_announced(stage):
    await happens(stage, Change(PaperEventKind.WITHDRAWN, 1, 2))

    assert await told(stage) == [f"This paper was withdrawn from arXiv. arXiv:{NUMBER}"]


async def test_a_later_entry_that_refers_to_the_paper_is_announced(stage):
    later = today(stage) + timedelta(days=1)
    stage.stage.write("Sequel", later, f"It builds on https://arxiv.org/abs/{NUMBER} a lot.")
    await stage.stage.sync()

    assert await told(stage) == ["Taken up again on 4 February 2026 in “Sequel”."]
    assert len(await told(stage)) == 1


async def test_an_entry_imported_days_late_is_announced(stage):
    stage.clock.turn(days=6)
    stage.stage.write("Sequel", today(stage) - timedelta(days=4), f"On arxiv.org/abs/{NUMBER}.")
    await stage.stage.sync()

    assert await told(stage) == ["Taken up again on 5 February 2026 in “Sequel”."]


async def test_a_reference_added_by_an_edit_is_announced(stage):
    later = today(stage) + timedelta(days=1)
    stage.stage.write("Sequel", later, "It refers to nothing.")
    await stage.stage.sync()
    before = await told(stage)
    stage.clock.turn(days=2)
    stage.stage.write("Sequel", later, f"It builds on https://arxiv.org/abs/{NUMBER} a lot.")
    await stage.stage.sync()

    assert before == []
    assert len(await told(stage)) == 1


async def test_importing_an_old_archive_announces_nothing(stage):
    stage.clock.turn(days=60)
    for n in range(1, 50):
        on = today(stage) - timedelta(days=8 + n % 50)
        stage.stage.write(f"Old {n}", on, f"It builds on https://arxiv.org/abs/{NUMBER} too.")
    await stage.stage.sync()

    assert await told(stage) == []


async def test_an_archive_that_is_read_in_for_the_first_time_notes_no_citations(tmp_path: Path):
    async with talking(tmp_path, MORNING) as stage:
        file = stage.stage.write("Paper", today(stage) - timedelta(days=1))
        text = file.read_text(encoding="utf-8")
        file.write_text(f"https://arxiv.org/abs/{NUMBER}\n{text}", encoding="utf-8")
        stage.stage.write("Sequel", today(stage), f"It builds on https://arxiv.org/abs/{NUMBER}.")
        await stage.stage.sync()

        assert await paper_updates.note_citations(stage.stage.db, stage.clock()) == 0


async def test_a_channel_with_notices_off_gets_no_paper_updates(stage):
    async with stage.stage.db.transaction() as tx:
        await channel_preferences.put(tx, str(SLACK), ChannelPreferences(notices=False))
    await happens(stage, NEW_VERSION)

    assert await told(stage) == []
    assert len(stage.thread(stage.root(DISCORD))) == 1


async def test_events_from_before_a_thread_are_not_announced_in_it(stage):
    stage.clock.turn(hours=-2)
    await happens(stage, NEW_VERSION)
    stage.clock.turn(hours=2)

    assert await told(stage) == []


REFERRED = "2301.00007"


async def refer(stage: TalkStage) -> None:
    """Another paper is posted, whose note refers to one that has no note."""
    file = stage.stage.write("Second", today(stage), f"It builds on arXiv:{REFERRED}.")
    assert file.is_file()
    await stage.stage.sync()
    stage.clock.turn(days=1)
    await stage.post()
    stage.clock.turn(hours=1)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (
            PaperEventKind.WITHDRAWN,
            [f"A paper that is referred to here was withdrawn from arXiv: arXiv:{REFERRED}"],
        ),
        (PaperEventKind.VERSION, []),
    ],
)
async def test_a_withdrawal_is_announced_in_referring_threads_and_a_version_is_not(
    stage, kind, told
):
    await refer(stage)
    async with stage.stage.db.transaction() as tx:
        await paper_events.add(tx, [(REFERRED, Change(kind, 1, 2))], stage.clock())

    for _ in range(2):
        await paper_updates.pass_on(stage.talk)
        await stage.settle()

    in_thread = [words(each.document) for each in stage.thread(stage.root(SLACK, "Second"))]
    assert [text for text in in_thread if "referred to here" in text] == told
    assert stage.thread(stage.root(SLACK)) == []
