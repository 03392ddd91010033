"""Slack and Discord meet in one bot: a process of its own between both fakes."""

import asyncio
import itertools
import json
import random
import re
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.e2e.process import Running, bot, paperbot
from tests.e2e.test_slack import socket_mode, write_notes
from tests.fakes.discord import TOKEN, FakeDiscord, Fault, text_of
from tests.fakes.slack import FakeSlack
from tests.noon import just_passed, noon
from tests.platforms.slack.stage import said_in_blocks
from tests.waiting import until

PAPERS = 11
"""Discord's channel of papers."""
OTHERS = "C2"
"""Another channel of Slack."""
TITLE = "Paper 1 on reasoning"
DATABASE = Path("data/paperbot.db")

Json = dict[str, Any]


@dataclass(slots=True)
class Meeting:
    """Both platforms, and the folder that the bot runs in with `more` settings."""

    folder: Path
    slack: FakeSlack
    discord: FakeDiscord
    more: Mapping[str, str]

    @property
    def settings(self) -> dict[str, str]:
        return (
            socket_mode(self.slack)
            | dict(self.more)
            | {
                "DISCORD_TOKEN": TOKEN,
                "DISCORD_API_BASE": self.discord.api_base,
                "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            }
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Running]:
        """The bot, connected to both."""
        async with bot(self.folder, **self.settings) as process:
            await process.until_connected("slack", "discord")
            yield process

    async def subscribe(self) -> None:
        at, zone = just_passed()
        for channel in ("slack:C1", f"discord:{PAPERS}"):
            status, _, err = await paperbot(
                self.folder,
                *("channel", "add", channel, "--at", at, "--tz", zone, "--languages", "en"),
                **self.settings,
            )
            assert (status, err) == (0, "")

    async def link(self) -> None:
        """As people do: a code is made in Slack and entered in Discord."""
        found = re.search(r"/digest link ([A-Z0-9]{8,})", await self.types("/digest link"))
        assert found is not None
        entered = await self.discord.types("digest", {"what": f"link {found[1]}"}, by=101)
        assert "Linked with slack:" in text_of(await entered.answer())

    async def types(self, line: str, channel: str = "C1") -> str:
        """The answer to what Ada types in Slack."""
        asked = await self.slack.command(line, channel=channel)
        (answer,) = await self.slack.until(lambda: asked.answers)
        return said_in_blocks(answer["blocks"])

    async def roots(self) -> tuple[str, int]:
        """The paper's message in Slack, and its thread in Discord."""
        await until(lambda: any(TITLE in _shown(one) for one in self.slack.messages()[1:]))
        root = next(one for one in self.slack.messages()[1:] if TITLE in _shown(one))
        await until(lambda: self._thread() is not None)
        thread = self._thread()
        assert thread is not None
        return root["ts"], thread

    def _thread(self) -> int | None:
        return next(
            (
                channel.id
                for channel in self.discord.world.channels.values()
                if channel.is_thread and TITLE in channel.name
            ),
            None,
        )

    def in_slack(self, root: str) -> list[str]:
        return [
            said_in_blocks(one["blocks"]) for one in self.slack.replies(root) if "blocks" in one
        ]

    def in_discord(self, thread: int) -> list[str]:
        return [text_of(one) for one in self.discord.messages(thread)]

    def likes(self) -> int:
        """How many people like the paper, as the bot has counted."""
        with sqlite3.connect(f"file:{self.folder / DATABASE}?mode=ro", uri=True) as reader:
            statement = (
                "SELECT count(DISTINCT person) FROM reaction WHERE is_there AND entry_id = 1"
            )
            ((number,),) = reader.execute(statement)
            return int(number)

    def kept(self) -> list[str]:
        """What the bot has in its memory."""
        with sqlite3.connect(f"file:{self.folder / DATABASE}?mode=ro", uri=True) as reader:
            rows = reader.execute("SELECT text FROM reply WHERE gone_at IS NULL ORDER BY id")
            return [text for (text,) in rows]


def _shown(message: Json) -> str:
    return said_in_blocks(message["blocks"]) if "blocks" in message else ""


def times(texts: list[str], words: str) -> int:
    return sum(words in text for text in texts)


@asynccontextmanager
async def meeting(
    folder: Path, more: Mapping[str, str] = MappingProxyType({}), papers: int = 1
) -> AsyncIterator[Meeting]:
    """Both platforms, their channels subscribed; the bot runs with `more` settings."""
    notes = write_notes(folder, papers=papers)
    status, _, err = await paperbot(folder, "import", str(notes), **more)
    assert status == 0, err
    async with FakeSlack() as slack, FakeDiscord() as discord:
        opened = Meeting(folder, slack, discord, more)
        await opened.subscribe()
        yield opened


async def test_what_is_said_on_one_side_is_read_on_the_other_and_found(tmp_path):
    async with meeting(tmp_path) as here, here.running() as process:
        root, thread = await here.roots()
        await here.link()

        await here.slack.say("Is <https://arxiv.org/abs/2502.00001> new? @everyone", thread=root)
        await until(lambda: times(here.in_discord(thread), "new?") == 1)
        answer = await here.discord.says("네, <!channel> 그렇습니다", by=102, at=thread)
        await until(lambda: times(here.in_slack(root), "그렇습니다") == 1)
        copy = next(text for text in here.in_discord(thread) if "new?" in text)
        assert "Ada" in copy
        assert "Slack" in copy

        await here.discord.edits(answer, "아니요, 아직입니다")
        await until(lambda: times(here.in_slack(root), "아직입니다") == 1)
        assert times(here.in_slack(root), "그렇습니다") == 0

        assert "아직입니다" not in await process.text("entry/1")
        page = await process.text_for_operator("entry/1")
        assert "아직입니다" in page
        status, out, _ = await paperbot(tmp_path, "lookup", "in:discussion", "아직", "--json")
        assert status == 0
        assert [each["title"] for each in json.loads(out)] == [TITLE]
        status, out, _ = await paperbot(tmp_path, "show", "1")
        assert "아직입니다" in out

        await here.discord.takes_back(answer)
        await until(lambda: times(here.in_slack(root), "아직입니다") == 0)
        assert await process.stop() == 0


async def test_a_side_that_is_down_catches_up_also_when_the_bot_is_killed_meanwhile(tmp_path):
    async with meeting(tmp_path) as here:
        thoughts = [f"thought number {n}." for n in range(6)]
        async with here.running() as process:
            root, thread = await here.roots()
            await here.link()
            # Discord takes the first copies and loses its answers; then it takes nothing.
            place = rf"/channels/{thread}/messages$"
            here.discord.fail(Fault("POST", place, when="after", drop=True, times=2))
            here.discord.fail(Fault("POST", place, status=503, times=100_000))
            for thought in thoughts:
                await here.slack.say(thought, thread=root)
                await until(lambda: here.kept()[-1:] == [thought])  # noqa: B023
            await process.kill()

        here.discord.faults.clear()
        async with here.running() as process:
            await until(lambda: times(here.in_discord(thread), "thought number") == len(thoughts))
            await process.ticks("deliver")

            copies = [text for text in here.in_discord(thread) if "thought number" in text]
            assert [thought in copy for thought, copy in zip(thoughts, copies, strict=True)] == [
                True
            ] * len(thoughts)
            assert times(here.in_slack(root), "thought number") == 0
            assert await process.stop() == 0


async def test_what_is_said_while_the_bot_is_away_is_heard_when_it_is_back(tmp_path):
    """And what a channel does not want to hear at night waits, also while the bot is killed."""
    night = [f"{noon()[0] + timedelta(hours=hours):%H:%M}" for hours in (-1, 2)]
    async with meeting(tmp_path, papers=2) as here:
        here.slack.world.add_channel(OTHERS, "others")
        async with here.running() as process:
            root, thread = await here.roots()
            await here.link()
            await here.slack.say("Before it went", thread=root)
            await until(lambda: times(here.in_discord(thread), "Before it went") == 1)
            await here.slack.react({"ts": root, "user": "UBOT"}, "+1::skin-tone-4", user="U1")
            await until(lambda: here.likes() == 1)

            at, zone = just_passed()
            line = f'/digest here at:{at} tz:{zone} only:"paper 2"'
            assert "paper 2" in await here.types(line, OTHERS)
            await until(lambda: len(here.slack.messages(OTHERS)) == 2)
            assert "-".join(night) in await here.types(f"/digest settings quiet:{'-'.join(night)}")
            await here.discord.says("Good night", by=101, at=thread)
            await until(lambda: here.kept()[-1:] == ["Good night"])
            await process.kill()
        await here.slack.say("Anybody there?", thread=root)
        await here.discord.says("Nobody but us", by=102, at=thread)
        paper = here.discord.channel(PAPERS).messages[thread]
        await here.slack.react({"ts": root, "user": "UBOT"}, "tada", user="U2")
        for person in (101, 102):
            await here.discord.reacts(paper, "❤️", by=person)

        async with here.running() as process:
            await until(lambda: times(here.in_discord(thread), "Anybody there?") == 1)
            await until(lambda: "Nobody but us" in here.kept())
            await process.ticks("deliver")
            assert _at_night(here.in_slack(root)) == []
            await here.types("/digest settings quiet:off")
            await until(lambda: "Nobody but us" in _at_night(here.in_slack(root)))
            await process.ticks("deliver")
            assert _at_night(here.in_slack(root)) == ["Good night", "Nobody but us"]
            assert [TITLE in _shown(each) for each in here.slack.messages(OTHERS)] == [False] * 2
            assert times(here.in_discord(thread), "Before it went") == 1
            assert times(here.in_discord(thread), "Anybody there?") == 1
            await until(lambda: here.likes() == 4)
            _, out, _ = await paperbot(tmp_path, "lookup", "popular:week", "--json")
            assert [each["title"] for each in json.loads(out)] == [TITLE]
            assert "4 people like this" in await process.text("entry/1")
            assert await process.stop() == 0


def _at_night(texts: list[str]) -> list[str]:
    return [said for text in texts for said in ("Good night", "Nobody but us") if said in text]


async def test_a_question_in_a_thread_is_answered_there_alone(tmp_path):
    async with meeting(tmp_path) as here, here.running() as process:
        root, thread = await here.roots()

        await here.slack.say("<@UBOT> abstract", thread=root)
        await here.discord.says("@paperbot bib", at=thread, mentions_bot=True)

        shows = "We show in few words"
        await until(lambda: times(here.in_slack(root), shows) >= 2)
        await until(lambda: times(here.in_discord(thread), "@misc") == 1)
        await process.ticks("deliver")
        assert times(here.in_slack(root), shows) == 2  # the opening reply, and the answer
        assert times(here.in_slack(root), "@misc") == 0
        assert await process.stop() == 0


@pytest.mark.chaos
async def test_killed_again_and_again_while_people_talk_nothing_is_missing_or_doubled(tmp_path):
    dice = random.Random(7)
    numbers = itertools.count(1)
    said: dict[str, dict[int, str]] = {"slack": {}, "discord": {}}

    async with meeting(tmp_path) as here:
        async with here.running() as process:
            root, thread = await here.roots()
            await here.link()
            await process.kill()

        async def talk() -> None:
            """Somebody says something on each side; now and then it is mended or taken back."""
            for side in ("slack", "discord"):
                number = next(numbers)
                text = f"thought {number}."
                message = (
                    await here.slack.say(text, thread=root)
                    if side == "slack"
                    else await here.discord.says(text, by=102, at=thread)
                )
                said[side][number] = text
                if number % 5 == 0:
                    said[side][number] = text = f"thought {number}. mended"
                    await (
                        here.slack.edit(message, text)
                        if side == "slack"
                        else here.discord.edits(message, text)
                    )
                if number % 6 == 0:
                    del said[side][number]
                    await (
                        here.slack.take_back(message)
                        if side == "slack"
                        else here.discord.takes_back(message)
                    )

        for _ in range(4):
            await talk()  # while the bot is away
            async with here.running() as process:
                for _ in range(3):
                    await talk()
                    await asyncio.sleep(dice.uniform(0.0, 1.0))
                await process.kill()

        def shown() -> tuple[list[str], list[str]]:
            copies = (here.in_slack(root), [t for t in here.in_discord(thread) if "Ada" in t])
            return tuple(
                [found[0] for text in texts if (found := _THOUGHT.search(text))] for texts in copies
            )  # type: ignore[return-value]

        wanted = (list(said["discord"].values()), list(said["slack"].values()))
        async with here.running() as process:
            await until(lambda: shown() == wanted)
            await process.ticks("deliver")
            assert shown() == wanted
            assert await process.stop() == 0


_THOUGHT = re.compile(r"thought \d+\.(?: mended)?")
