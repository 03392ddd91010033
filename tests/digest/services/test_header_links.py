"""The titles in a digest's header lead to the papers' messages: one edit, once all are posted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.archive.domain.entry import Language
from bot.archive.store import entries
from bot.channels.domain.digest_options import Layout
from bot.core.catalogue import Catalogues
from bot.core.domain.document import Document, Items, Link, in_locale
from bot.core.domain.extent import Extent
from bot.core.ports import ChatRefusedError, ChatUnavailableError, MessageRef
from bot.digest.domain.digest import Digest
from bot.digest.services import edited_entries, plan, subscribe
from bot.digest.services.presented import present_slot
from bot.outbox.services import operator_actions
from tests.stage import GENERAL, MORNING, NINE_IN_SEOUL, Stage, english, staged

TUESDAY = date(2026, 2, 3)
BOTH = ["https://chat.example/m2", "https://chat.example/m3"]


def address(message: MessageRef, root: MessageRef | None = None) -> str | None:
    return f"https://chat.example/{root.id + '/' if root else ''}{message.id}"


@asynccontextmanager
async def planned(folder: Path, layout: Layout = Layout.PAPERS) -> AsyncIterator[Stage]:
    options = replace(NINE_IN_SEOUL, layout=layout)
    async with staged(folder, MORNING - timedelta(hours=1)) as stage:
        await subscribe.add(stage.db, GENERAL, options, now=stage.clock())
        stage.write("Alpha", TUESDAY, "First words.")
        stage.write("Beta", TUESDAY, "Other words.")
        await stage.sync()
        stage.clock.at = MORNING
        await plan.plan_due(stage.db, now=stage.clock(), voices=english)
        yield stage


@pytest.fixture
async def stage(tmp_path):
    """A stage on which a digest of two papers is planned."""
    async with planned(tmp_path) as stage:
        yield stage


async def post(stage: Stage) -> None:
    await stage.deliverer().drain(asyncio.Event())
    stage.clock.turn(minutes=1)


async def edit(stage: Stage) -> int:
    """One round of the pumps that edit: how many messages were edited."""
    await edited_entries.present_changed(stage.db, now=stage.clock(), voices=english, link=address)
    return await stage.changer().run(asyncio.Event())


def titles(document: Document) -> dict[str, str | None]:
    """The titles of a header, and where they lead."""
    [rows] = [block for block in document.blocks if isinstance(block, Items)]
    found: dict[str, str | None] = {}
    for item in rows.items:
        (inline,) = item.inlines
        found[inline.text] = inline.url if isinstance(inline, Link) else None
    return found


def header(stage: Stage) -> dict[str, str | None]:
    return titles(stage.chat.posted[0].document)


def edits(stage: Stage) -> list[int]:
    return [message.edits for message in stage.chat.posted]


async def test_titles_lead_to_the_papers_messages_with_one_edit(stage):
    before = [await edit(stage)]
    await post(stage)

    after = [await edit(stage) for _ in range(3)]

    assert before + after == [0, 1, 0, 0]
    assert list(header(stage).values()) == BOTH
    assert edits(stage) == [1, 0, 0]


async def test_titles_lead_to_the_replies_of_a_days_thread(tmp_path):
    async with planned(tmp_path, Layout.THREAD) as stage:
        await post(stage)

        rounds = [await edit(stage) for _ in range(2)]

        assert rounds == [1, 0]
        assert list(header(stage).values()) == [
            "https://chat.example/m1/m2",
            "https://chat.example/m1/m3",
        ]


@pytest.mark.parametrize("layout", [Layout.COMPACT, Layout.TITLES])
async def test_a_digest_of_one_message_is_not_edited_for_links(tmp_path, layout: Layout):
    async with planned(tmp_path, layout) as stage:
        await post(stage)

        assert await edit(stage) == 0


async def test_nothing_is_edited_until_every_paper_is_settled(stage):
    stage.chat.errors = [None, None, ChatUnavailableError("away", retry_after=timedelta(hours=1))]
    await post(stage)

    waiting = await edit(stage)
    stage.clock.turn(hours=1)
    await post(stage)
    done = await edit(stage)

    assert (waiting, done) == (0, 1)
    assert list(header(stage).values()) == BOTH


@pytest.mark.parametrize("kept", [1, 2, 3])
async def test_a_kill_after_any_message_leads_to_the_same_header(stage, kept: int):
    class KilledError(Exception):
        """As if the process ended there: the message stands, nothing of it is stored."""

    stage.chat.late_errors = [*[None] * (kept - 1), KilledError()]
    await post(stage)
    between = await edit(stage)
    await post(stage)  # the lease has ended: what may have been posted is searched for

    rounds = [await edit(stage) for _ in range(2)]

    assert [between, *rounds].count(0) == 2
    assert list(header(stage).values()) == BOTH
    assert edits(stage) == [1, 0, 0]
    assert len(stage.said()) == 3


async def test_a_kill_between_decision_and_edit_edits_once(stage):
    await post(stage)
    await edited_entries.present_changed(
        stage.db, now=stage.clock(), voices=english, link=address
    )  # … and the process is killed before the platform is called

    again = [await edit(stage) for _ in range(2)]

    assert again == [1, 0]
    assert list(header(stage).values()) == BOTH


async def test_links_stay_when_a_title_changes(stage):
    await post(stage)
    await edit(stage)

    file = stage.vault / "260203 Alpha.md"
    file.write_text("*Alpha, revised* (Ada Lovelace)\n\nFirst words.\n\n#rl\n")
    await stage.sync()
    number = await edit(stage)

    assert number == 2
    assert header(stage) == {"Alpha, revised": BOTH[0], "Beta": BOTH[1]}


async def test_a_title_that_changes_before_the_papers_are_posted_is_linked_too(stage):
    stage.chat.errors = [None, ChatUnavailableError("away", retry_after=timedelta(hours=1))]
    await post(stage)

    file = stage.vault / "260203 Alpha.md"
    file.write_text("*Alpha, revised* (Ada Lovelace)\n\nFirst words.\n\n#rl\n")
    await stage.sync()
    await edit(stage)
    unlinked = header(stage)
    stage.clock.turn(hours=1)
    await post(stage)
    await edit(stage)

    assert unlinked == {"Alpha, revised": None, "Beta": None}
    assert header(stage) == {"Alpha, revised": BOTH[0], "Beta": BOTH[1]}


async def test_a_paper_that_is_not_posted_has_no_link_until_it_is(stage):
    stage.chat.errors = [None, ChatRefusedError("too odd", Extent.MESSAGE)]
    await post(stage)
    await edit(stage)
    refused = header(stage)
    [dead] = [each for each in await operator_actions.list_deliveries(stage.db) if each.reason]

    await operator_actions.retry(stage.db, dead.id, now=stage.clock())
    await post(stage)
    number = await edit(stage)

    assert refused == {"Alpha": None, "Beta": BOTH[0]}
    assert number == 1
    assert header(stage) == {"Alpha": BOTH[1], "Beta": BOTH[0]}


async def test_a_withdrawn_paper_keeps_its_link_where_it_was_posted(stage):
    await post(stage)
    await edit(stage)

    (stage.vault / "260203 Alpha.md").unlink()
    await stage.sync()
    number = await edit(stage)

    assert number == 1  # the paper's own message says it
    assert list(header(stage).values()) == BOTH


async def test_a_paper_whose_message_turns_out_to_be_deleted_loses_its_link(stage):
    await post(stage)
    await edit(stage)

    del stage.chat.posted[1]
    await stage.note("Alpha", TUESDAY, "Better words.")
    rounds = [await edit(stage) for _ in range(3)]

    assert rounds == [0, 1, 0]
    assert header(stage) == {"Alpha": None, "Beta": BOTH[1]}


async def test_a_paper_that_is_withdrawn_before_it_is_posted_has_no_link(stage):
    (stage.vault / "260203 Alpha.md").unlink()
    await stage.sync()
    await edit(stage)
    await post(stage)

    number = await edit(stage)

    assert number == 1
    assert header(stage) == {"Alpha": None, "Beta": BOTH[0]}


async def test_an_update_of_the_bot_edits_no_message_of_before(stage):
    await post(stage)
    async with stage.db.transaction() as tx:
        # As an earlier version left it: presented otherwise, without links.
        await tx.run("DELETE FROM settled_slot")
        await tx.run("UPDATE delivery SET wanted = 'earlier', shown = 'earlier'")

    none = await edit(stage)
    await stage.note("Alpha", TUESDAY, "Better words.")
    number = await edit(stage)

    assert none == 0
    assert number == 2  # the entry's message, and the header of its day
    assert edits(stage) == [1, 1, 0]


async def test_every_language_of_a_header_in_the_web_chat_is_linked(stage):
    async with stage.db.reading() as tx:
        shown = await entries.between(tx, TUESDAY, TUESDAY)
        header_post, *_ = await present_slot(
            tx,
            Digest(TUESDAY, shown),
            channel="web:general",
            languages=(Language.EN, Language.KO),
            layout=Layout.PAPERS,
            spoken=Language.EN,
            voices=Catalogues(),
            link=address,
            introduced=(),
            messages={stored.id: f"/c/general/t/{stored.id}" for stored in shown},
        )

    korean = in_locale(header_post.document, "ko")
    assert korean.blocks != header_post.document.blocks
    assert list(titles(korean).values()) == [f"/c/general/t/{stored.id}" for stored in shown]
