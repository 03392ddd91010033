"""What is said in one workspace is shown in another only if channels are linked: every cell.

Who asks (by channel; strangers and the operator on the web) × where it was said × whether it is
linked there × by which way. Ids of people, of channels on Slack and of messages are the same in all
workspaces on purpose (issue 14, items 3 and 4).
"""

from collections.abc import AsyncIterator
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from bot.archive.domain.entry import EntryId
from bot.archive.domain.export_format import Format
from bot.archive.services.export import export_text
from bot.commands.services.inbox import Bot
from bot.core.domain.document import dump
from bot.core.ports import ChannelRef, Command, Platform, ThreadMessage, parse_channel
from bot.discussion.services import discuss
from bot.discussion.services.library import DatabaseLibrary
from bot.discussion.store import replies
from bot.feeds.services.feed_library import DatabaseFeeds
from bot.lookup.services.selection import chosen
from tests.stage import MORNING
from tests.talk_stage import ADA, BO, TalkStage, talking, today

SECRET, WORD = "zirconium ablation", "zirconium"
CHANNELS = tuple(
    map(
        parse_channel,
        ("slack:T1/C1", "slack:T2/C1", "discord:G1/22", "discord:G2/23", "web:general"),
    )
)
OUTSIDE = parse_channel("slack:T1/C9")
"""A channel of the first workspace in which nothing is posted."""
CELLS = [
    pytest.param(said_in, linked, id=f"{said_in} linked to {linked}" if linked else f"{said_in}")
    for said_in, linked in product(CHANNELS, (None, *CHANNELS))
    if said_in != linked
]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        await opened.subscribe(*CHANNELS)
        await opened.stage.note("Paper", today(opened))
        await opened.post()
        yield opened


@pytest.fixture
def bot(stage: TalkStage) -> Bot:
    return stage.bot()


@pytest.mark.parametrize(("said_in", "linked"), CELLS)
async def test_what_is_said_is_shown_only_where_it_was_said_and_in_linked_channels(
    stage: TalkStage, bot: Bot, said_in: ChannelRef, linked: ChannelRef | None
) -> None:
    if linked is not None:
        await stage.link(said_in, linked)
    for channel in CHANNELS:
        if channel != said_in:
            await say(stage, channel, f"decoy of {channel}")
    said = await say(stage, said_in, SECRET)
    seen = {asked_in: await ways(stage, bot, asked_in) for asked_in in CHANNELS}

    readers = {said_in, linked}
    assert seen == {
        asked_in: {
            "command": asked_in in readers,
            "thread": asked_in in readers,
            "copy": asked_in == linked,
            "paper": False,
            "suggestions": False,
            "forget-me": 2 if asked_in.platform is Platform.DISCORD else 1,
        }
        for asked_in in CHANNELS
    }
    assert "Paper" not in await answer(bot, OUTSIDE, f"in:discussion {WORD}")
    is_for_strangers = any(each is not None and each.platform is Platform.WEB for each in readers)
    assert await pages(stage, all_discussions=False) == (is_for_strangers, is_for_strangers)
    assert await pages(stage, all_discussions=True) == (True, True)
    assert [each async for each in exported(stage) if WORD in each] == []
    assert WORD not in await in_feeds(stage)

    await stage.unsay(said)
    assert not any([(await ways(stage, bot, each))["command"] for each in CHANNELS])
    assert not any(SECRET in stage.copies(stage.root(each)) for each in CHANNELS)
    await discuss.forget_person(stage.talk, ADA, said_in)
    await stage.settle()
    assert set(await stored(stage)) == {
        f"decoy of {each}" for each in CHANNELS if not is_same_person(each, said_in)
    }


def is_same_person(one: ChannelRef, other: ChannelRef) -> bool:
    """Ids of Slack repeat in other workspaces; those of Discord do not."""
    same_workspace = one.workspace == other.workspace or one.platform is Platform.DISCORD
    return one.platform == other.platform and same_workspace


async def say(stage: TalkStage, channel: ChannelRef, text: str) -> ThreadMessage:
    """The person U1 of that workspace says it, in a message of the same id everywhere."""
    stage.said = 0
    return await stage.say(stage.root(channel), text, user=ADA)


async def ways(stage: TalkStage, bot: Bot, asked_in: ChannelRef) -> dict[str, bool | int]:
    """By which ways somebody in that channel comes upon the secret, or its paper through it.

    With `forget-me`, of how many messages the bot says that they are U1's there.
    """
    root = stage.root(asked_in)
    stage.said = 100
    call = f"@paperbot in:discussion {WORD}"
    await bot.on_message(stage.utterance(root, call, user=BO, mentions_bot=True))
    await stage.settle()
    told = dump(stage.thread(root)[-1].document)
    typed = await bot.complete(Command("paper", {}, ADA, asked_in, "en"), "query", WORD[:4])
    counted, _ = await discuss.count_of_person(stage.talk, ADA, asked_in)
    return {
        "command": "Paper" in await answer(bot, asked_in, f"in:discussion {WORD}"),
        "thread": '"Paper"' in told,
        "copy": SECRET in stage.copies(root),
        "paper": WORD in await answer(bot, asked_in, "entry:1"),
        "suggestions": any(WORD in choice.value for choice in typed),
        "forget-me": counted,
    }


async def answer(bot: Bot, asked_in: ChannelRef, query: str) -> str:
    return dump(await bot.command(Command("paper", {"query": query}, ADA, asked_in, "en")))


async def pages(stage: TalkStage, *, all_discussions: bool) -> tuple[bool, bool]:
    """Whether the entry's page has the secret, and the search on the web finds it."""
    library = DatabaseLibrary(stage.stage.db)
    page = await library.find_entry(EntryId(1), all_discussions=all_discussions)
    found = await library.search(
        f"in:discussion {WORD}", page=1, per_page=5, all_discussions=all_discussions
    )
    assert page is not None
    return any(SECRET in reply.text for reply in page.replies), bool(found.entries)


async def exported(stage: TalkStage) -> AsyncIterator[str]:
    """Every text that `paperbot export` writes of the paper that was discussed."""
    for form in (Format.JSONL, Format.DIGEST, Format.BIBTEX):
        found = chosen(stage.stage.db, f"in:discussion {WORD}", as_written=True)
        async for piece in export_text(found, form):
            yield piece


async def in_feeds(stage: TalkStage) -> str:
    """All that feeds are made from."""
    feeds = DatabaseFeeds(stage.stage.db)
    every = await feeds.newest(today=date.max, page=1)
    found = await feeds.found(WORD, today=date.max, page=1)
    assert (len(every.entries), found.entries) == (1, ())
    return repr(every)


async def stored(stage: TalkStage) -> list[str]:
    async with stage.stage.db.reading() as tx:
        found = [reply.text for reply in await replies.list_of(tx, EntryId(1))]
    return [text for text in found if not text.startswith("@paperbot")]
