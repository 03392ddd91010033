"""What `export --format jsonl --with discussion` says, and what it no longer says."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.archive.services.export import entry_json
from bot.core.ports import Command, Reaction, person_id
from bot.discussion.services.full_export import export_lines
from bot.lookup.services.selection import chosen
from tests.stage import MORNING
from tests.talk_stage import ADA, BO, DISCORD, SLACK, TalkStage, talking, with_a_paper


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        yield opened


async def export(stage: TalkStage) -> list[dict[str, Any]]:
    db = stage.stage.db
    pieces = [piece async for piece in export_lines(db, chosen(db, "", as_written=False))]
    return [json.loads(line) for line in "".join(pieces).split("\n") if line]


async def test_replies_and_reactions_are_in_it_until_they_are_taken_back(stage: TalkStage):
    await with_a_paper(stage, SLACK, DISCORD)
    bot, root = stage.bot(), stage.root(SLACK)
    hers = stage.utterance(root, 'Great. "}\u2028', user=ADA)
    mistake = stage.utterance(stage.root(DISCORD), "Mistake.", user=ADA)
    for said in (
        hers,
        stage.utterance(root, "Is it?", user=BO),
        mistake,
        stage.utterance(root, "@paperbot refs", user=ADA, mentions_bot=True),
    ):
        await bot.on_message(said)
    for user in (ADA, BO):
        await bot.on_reaction(Reaction(root, user, "+1", is_added=True, at=stage.clock()))
    await bot.on_message_deleted(mistake.message)

    [before] = await export(stage)
    [stored] = [each async for each in chosen(stage.stage.db, "", as_written=False)]
    await bot.command(Command("paper", {"query": "forget-me confirm"}, ADA, SLACK, "en"))
    [after] = await export(stage)

    beside = ("arxiv", "as_written", "replies", "reactions")
    assert before == entry_json(stored) | {key: before[key] for key in beside}
    assert before["replies"][0] == {
        "id": 1,
        "channel": str(SLACK),
        "person": person_id(SLACK, ADA.id),
        "author": ADA.name,
        "text": hers.text.strip(),
        "url": None,
        "said_at": stage.clock().isoformat(timespec="seconds"),
        "edited_at": None,
    }
    assert before["reactions"][0] == {
        "channel": str(SLACK),
        "person": person_id(SLACK, ADA.id),
        "emoji": "+1",
        "given_at": stage.clock().isoformat(timespec="seconds"),
    }
    assert [(len(each["replies"]), len(each["reactions"])) for each in (before, after)] == [
        (2, 2),
        (1, 1),
    ]
    for each in (*after["replies"], *after["reactions"]):
        assert each["person"] == person_id(SLACK, BO.id)
