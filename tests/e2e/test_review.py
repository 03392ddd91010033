"""A digest is reviewed in Slack before it is posted, by the cards that the running bot sends."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.faked_clock import faked_clock
from tests.e2e.process import bot, paperbot
from tests.e2e.test_slack import said
from tests.fakes.slack import FakeSlack
from tests.fakes.slack.world import BOT_USER
from tests.platforms.slack.stage import controls, said_in_blocks
from tests.waiting import until

pytestmark = pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is missing")

EVENING = datetime(2025, 3, 3, 18, 1, tzinfo=UTC)
"""A minute after the card of the next morning at nine is due."""
NOTE = "https://arxiv.org/abs/2502.000{n:02}\n\n*Paper {n}* (Jane Lee)\n\n{n}번째 생각입니다.\n\n#moe\n"
TEAM, ADA = "T001", "U001"
DAY = timedelta(days=1)
NIGHT = timedelta(hours=15)
seen = partial(until, every=0.1)


@dataclass(frozen=True, slots=True)
class Curator:
    """Ada, who reads the bot's direct messages and presses what is under them."""

    slack: FakeSlack

    def cards(self) -> list[Any]:
        found = self.slack.world.channels.get(f"D{ADA}")
        return [] if found is None else list(found.messages.values())

    def says(self, number: int) -> str:
        cards = self.cards()
        return said_in_blocks(cards[number]["blocks"]) if len(cards) > number else ""

    async def press(self, message: Any, label: str) -> Any:
        """The answer to a button of a message, or to a row of its menu."""
        asked = await self.slack.press(
            dict(message), controls(message)[label], channel=f"D{ADA}", user=ADA
        )
        (answer, *_) = await self.slack.until(lambda: asked.answers)
        return answer

    def posted(self) -> list[str]:
        return [said(each) for each in self.slack.messages() if each["user"] == BOT_USER]

    def papers(self) -> list[str]:
        """The papers in the order in which they were posted, each with a message of its own."""
        return [each[: len("Paper 1")] for each in self.posted() if each.startswith("Paper ")]


async def test_what_is_approved_by_the_card_is_posted_once_and_without_an_approval_nothing(
    tmp_path: Path,
):
    clock = faked_clock(tmp_path)
    clock.set_to(EVENING - DAY / 8)
    notes = [tmp_path / f"{EVENING + DAY:%y%m%d} Paper {n}.md" for n in (1, 2, 3)]
    for n, note in enumerate(notes, start=1):
        note.write_text(NOTE.format(n=n), encoding="utf-8")
    async with FakeSlack(clock=clock.timestamp, team=TEAM) as slack:
        slack.world.add_person(ADA, "Ada")
        settings = clock.settings | {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_BASE": slack.url,
        }
        settings |= {"PAPERBOT_REVIEW": "on", "PAPERBOT_CURATORS": f"slack:{TEAM}/{ADA}"}
        adding = ("--at", "09:00", "--tz", "UTC", "--unapproved", "hold", "--interface", "en")
        for command in (
            ("import", *map(str, notes)),
            ("channel", "add", "slack:C1", *adding),
        ):
            done = await paperbot(tmp_path, *command, **settings)
            assert done[0] == 0, done
        ada = Curator(slack)

        async with bot(tmp_path, **settings) as running:
            await running.until_connected("slack")
            assert ada.cards() == []
            clock.set_to(EVENING)
            await seen(lambda: "Review of the digest" in ada.says(0))
            assert "It is not posted before somebody approves it." in ada.says(0)

            look = await ada.press(ada.cards()[0], "Paper 2")
            await ada.press(look, "Hold for another day")
            await seen(lambda: "2 papers" in ada.says(0))
            look = await ada.press(ada.cards()[0], "Paper 3")
            await ada.press(look, "Move up")
            await seen(lambda: ada.says(0).index("Paper 3") < ada.says(0).index("Paper 1"))
            approved = await ada.press(ada.cards()[0], "Approve")
            assert "Approved by: Ada" in said_in_blocks(approved["blocks"])
            await running.kill()

        # Another process knows what was decided before the kill, and posts it once.
        async with bot(tmp_path, **settings) as running:
            await running.until_connected("slack")
            await seen(lambda: "Exactly this is posted. Approved by: Ada" in ada.says(0))
            clock.set_to(EVENING + NIGHT)
            await seen(lambda: len(ada.papers()) == 2)

            # The paper that was held waits the next day for an approval.
            clock.set_to(EVENING + DAY)
            await seen(lambda: "Posted. Approved by: Ada" in ada.says(0))
            await seen(lambda: "1 paper" in ada.says(1))
            assert "Paper 2" in ada.says(1)
            clock.set_to(EVENING + DAY + NIGHT)
            await seen(lambda: "It waits" in ada.says(1))
            await running.ticks("deliver", 1)
            assert ada.papers() == ["Paper 3", "Paper 1"]
            await ada.press(ada.cards()[1], "Approve")
            await seen(lambda: len(ada.papers()) == 3)
            assert await running.stop() == 0

        assert ada.papers() == ["Paper 3", "Paper 1", "Paper 2"]
        assert len(ada.cards()) == 2
        assert running.tracebacks == []
