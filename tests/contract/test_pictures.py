"""A chart in a message: a picture with alternative text, else bars of text; never a second message."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.domain.chart import bars
from bot.core.domain.document import Chart, Document, Heading, Paragraph, run
from bot.core.picture import MOST_BYTES, draw, find_lack
from bot.core.ports import ChannelRef, Chat, ChatError, DeliveryKey
from bot.platforms.web.addresses import channel_ref
from tests.fakes.discord import Fault as DiscordFault
from tests.fakes.discord import text_of
from tests.fakes.discord.world import ATTACH_FILES
from tests.fakes.slack import Fault as SlackFault
from tests.platforms.discord.stage import PAPERS, posting_alone
from tests.platforms.slack.stage import CHANNEL as SLACK_CHANNEL
from tests.platforms.slack.stage import said_in_blocks
from tests.platforms.slack.stage import staged as staged_slack
from tests.platforms.web.stage import staged

KEY = DeliveryKey("recap1")
STAGE_BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
CHART = Chart(
    ("2026-W47", "2026-W48"), (("#rl", (2, 5)), ("#moe", (4, 1))), "In W48: #rl 5, #moe 1"
)
RECAP = Document((Heading(run("Recap")), CHART, Paragraph(run("And more"))), "Recap")


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as readers see it; `picture` is its alternative text, if it has one."""

    text: str
    picture: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """A chat; `forbid` forbids files, `lose` loses the next answer to a post."""

    chat: Chat
    channel: ChannelRef
    seen: Callable[[], list[Seen]]
    forbid: Callable[[], None]
    lose: Callable[[], None]


@asynccontextmanager
async def slack() -> AsyncIterator[Case]:
    async with staged_slack() as stage:

        def of(message: dict[str, Any]) -> Seen:
            images = [block for block in message["blocks"] if block["type"] == "image"]
            others = [block for block in message["blocks"] if block["type"] != "image"]
            for image in images:
                file = stage.slack.world.files[image["slack_file"]["id"]]
                assert (file.channel, file.text) == ("", image["alt_text"])
            return Seen(said_in_blocks(others), images[0]["alt_text"] if images else None)

        def forbid() -> None:
            stage.slack.world.scopes.discard("files:write")

        def lose() -> None:
            stage.slack.faults.append(SlackFault("chat.postMessage", status=500, when="after"))

        def seen() -> list[Seen]:
            return [of(each) for each in stage.slack.channel("C1").messages.values()]

        yield Case(stage.chat, SLACK_CHANNEL, seen, forbid, lose)


@asynccontextmanager
async def discord() -> AsyncIterator[Case]:
    async with posting_alone() as stage:
        world = stage.discord.world

        def of(message: dict[str, Any]) -> Seen:
            files = message["attachments"]
            return Seen(text_of(message), files[0]["description"] if files else None)

        def forbid() -> None:
            for guild in world.guilds.values():
                guild.bot_permissions &= ~ATTACH_FILES

        def lose() -> None:
            stage.discord.fail(
                DiscordFault("POST", "^/channels/[0-9]+/messages", "after", drop=True)
            )

        def seen() -> list[Seen]:
            return [of(each) for each in world.channels[int(PAPERS.id)].messages.values()]

        yield Case(stage.chat, PAPERS, seen, forbid, lose)


PLATFORMS: dict[str, Callable[[], AbstractAsyncContextManager[Case]]] = {
    "discord": discord,
    "slack": slack,
}


@pytest.fixture(params=sorted(PLATFORMS))
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    async with PLATFORMS[request.param]() as opened:
        yield opened


needs_font = pytest.mark.skipif(find_lack() is not None, reason="no picture can be drawn here")


@needs_font
async def test_a_chart_is_a_picture_with_alternative_text(case: Case):
    message = await case.chat.post(case.channel, RECAP, key=KEY)

    (seen,) = case.seen()
    assert seen.picture == CHART.text
    assert "And more" in seen.text
    assert "\u2588" not in seen.text
    assert await case.chat.find(case.channel, KEY, since=STAGE_BEGAN) == message


@needs_font
async def test_where_files_are_forbidden_the_chart_is_bars_of_text(case: Case):
    case.forbid()

    await case.chat.post(case.channel, RECAP, key=KEY)

    (seen,) = case.seen()
    assert seen.picture is None
    assert bars(CHART).splitlines()[0] in seen.text


@needs_font
async def test_an_edited_chart_stays_one_picture(case: Case):
    message = await case.chat.post(case.channel, RECAP, key=KEY)
    newer = replace(CHART, text="In W48: #rl 6")

    await case.chat.edit(message, replace(RECAP, blocks=(newer, Paragraph(run("And less")))))
    (with_picture,) = case.seen()
    case.forbid()
    await case.chat.edit(message, RECAP)
    (forbidden,) = case.seen()

    assert with_picture == Seen("And less", newer.text)
    assert forbidden.picture is None
    assert bars(CHART).splitlines()[0] in forbidden.text


@needs_font
async def test_a_lost_answer_makes_no_second_message(case: Case):
    case.lose()

    for _ in range(2):
        try:
            await case.chat.post(case.channel, RECAP, key=KEY)
        except ChatError:
            if await case.chat.find(case.channel, KEY, since=STAGE_BEGAN) is not None:
                break

    assert len(case.seen()) == 1


@needs_font
async def test_slack_posts_bars_while_it_cannot_take_or_show_the_file():
    async with staged_slack() as stage:
        stage.slack.faults.append(SlackFault("upload", status=500))
        await stage.chat.post(SLACK_CHANNEL, RECAP, key=DeliveryKey("a"))
        stage.slack.world.unseen = 1
        await stage.chat.post(SLACK_CHANNEL, RECAP, key=DeliveryKey("b"))
        stage.slack.world.unseen = 2
        await stage.chat.post(SLACK_CHANNEL, RECAP, key=DeliveryKey("c"))

        messages = stage.slack.channel("C1").messages.values()
        kinds = ["image" in [block["type"] for block in each["blocks"]] for each in messages]

    assert kinds == [False, True, False]


async def test_the_web_chat_shows_it_as_svg():
    async with staged() as stage:
        await stage.chat.post(channel_ref("general"), RECAP, key=KEY)
        async with stage.client.get(stage.url("/")) as response:
            page = await response.text()

    assert f'aria-label="{CHART.text}"' in page


@needs_font
async def test_the_picture_is_small_also_with_hangul():
    korean = Chart(CHART.periods * 6, tuple((f"#강화학습-{n}", (3, n) * 6) for n in range(6)), "말")

    data = await draw(korean)

    assert data is not None
    assert data.startswith(b"\x89PNG")
    assert 5_000 < len(data) < MOST_BYTES
