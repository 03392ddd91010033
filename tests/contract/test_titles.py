"""The layout `titles`: one message with a line per paper and buttons, as each platform has it."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bot.archive.services.import_files import import_files
from bot.channels.domain.digest_options import Layout
from bot.core.ports import ChannelRef, Chat
from bot.digest.services import plan, subscribe
from tests.contract.test_layouts import SEED_DAY, VOICES, deliver, options, seed
from tests.databases import throw_away
from tests.platforms.discord import stage as discord_stage
from tests.platforms.slack import stage as slack_stage
from tests.platforms.web.stage import staged as staged_web

TITLES = ["A Paper on Reasoning", "A Paper on Embeddings"]
ROWS = [f"{number}. {title}" for number, title in enumerate(TITLES, start=1)]
BUTTONS = ["1. Discuss", "2. Discuss"]


async def post(chat: Chat, channel: ChannelRef, clock: Callable[[], datetime], page: Path) -> None:
    """Post the two papers of that page."""
    async with throw_away() as db:
        await import_files(db, [page], now=clock())
        english = options(Layout.TITLES, interface="en")
        subscription = await subscribe.add(db, channel, english, now=clock())
        await plan.plan_by_hand(db, subscription, SEED_DAY, now=clock(), voices=VOICES)
        await deliver(db, chat, clock)


async def test_on_slack(tmp_path: Path) -> None:
    async with slack_stage.staged() as stage:
        await post(stage.chat, slack_stage.CHANNEL, stage.clock, seed(tmp_path))
        [message] = stage.slack.messages()

    header, count, rows, read, discuss = message["blocks"]
    assert [header["text"]["text"], count["elements"][0]["text"]] == [
        "Tuesday, 4 February 2025",
        "2 papers",
    ]
    lines = [section["elements"] for section in rows["elements"][0]["elements"]]
    assert [[part["text"] for part in line] for line in lines] == [[title] for title in TITLES]
    [menu] = read["elements"]
    assert [each["text"]["text"] for each in menu["options"]] == ROWS
    assert [each["text"]["text"] for each in discuss["elements"]] == BUTTONS


async def test_on_discord(tmp_path: Path) -> None:
    async with discord_stage.posting_alone() as stage:
        await post(stage.chat, discord_stage.PAPERS, stage.clock, seed(tmp_path))
        [message] = stage.discord.messages(int(discord_stage.PAPERS.id))

    [embed] = message["embeds"]
    lines = [re.sub(r"\*\*|\[|\]\(.*", "", line) for line in embed["description"].splitlines()]
    assert lines == ROWS
    [menu], discuss = [row["components"] for row in message["components"]]
    assert [each["label"] for each in menu["options"]] == ROWS
    assert [each["label"] for each in discuss] == BUTTONS


async def test_on_the_web(tmp_path: Path) -> None:
    async with staged_web() as stage:
        channel = ChannelRef(stage.chat.platform, "", "general")
        await post(stage.chat, channel, stage.clock, seed(tmp_path))
        async with stage.client.get(stage.url("/")) as response:
            html = await response.text()

    message = html[html.index("<article") : html.index("</article>")]
    rows = re.findall(r"<li\b.*?</li>", message, re.DOTALL)
    assert [title in row for row, title in zip(rows, TITLES, strict=True)] == [True, True]
    pressed = re.compile(r'class="button"[^>]*>([^<]*)<')
    assert [pressed.findall(row) for row in rows] == [["Read"], ["Read"]]
    assert pressed.findall(message) == ["Read", "Read", *BUTTONS]
    assert "The abstract of" not in message
