"""Several Slack workspaces in one process, each with an app of its own (issue 14)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bot.core.database.database import opened
from bot.core.ports import ChannelRef, Platform
from bot.digest.services import subscribe as digest
from bot.digest.services.subscribe import TypedOptions
from bot.workspaces.domain.slack_app import SlackApp, Tokens
from bot.workspaces.services import slack_apps
from tests.e2e.process import Running, bot, paperbot
from tests.e2e.test_slack import import_notes
from tests.fakes.slack import FakeSlack, Fault
from tests.fakes.slack.workspaces import FakeWorkspaces, workspaces

KEY = "k" * 40


def settings(fake: FakeWorkspaces) -> dict[str, str]:
    return {"SLACK_API_BASE": fake.url, "PAPERBOT_SECRET_KEY": KEY}


def tokens(slack: FakeSlack) -> dict[str, str]:
    return {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}


async def add(folder: Path, fake: FakeWorkspaces, *teams: str) -> None:
    for team in teams:
        status, _, err = await paperbot(
            folder, "slack", "add", **settings(fake), **tokens(fake.of[team])
        )
        assert status == 0, err
        assert team in err


async def subscribe(folder: Path, fake: FakeWorkspaces, channel: str) -> None:
    at = f"{datetime.now(UTC) - timedelta(minutes=2):%H:%M}"
    status, _, err = await paperbot(
        folder, "channel", "add", channel, "--at", at, "--tz", "UTC", **settings(fake)
    )
    assert (status, err) == (0, "")


async def connected(running: Running, *teams: str) -> None:
    """Wait until exactly these workspaces are connected."""
    async with asyncio.timeout(40):
        while True:
            found = (await running.get("healthz"))["workspaces"]
            if {name for name, each in found.items() if each["ok"]} == {
                f"slack:{team}" for team in teams
            }:
                return
            await asyncio.sleep(0.1)


async def test_workspaces_come_and_go_while_the_bot_runs(tmp_path: Path) -> None:
    await import_notes(tmp_path, papers=2)
    async with workspaces("T1", "T2") as fake:
        one, two = fake.of["T1"], fake.of["T2"]
        async with bot(tmp_path, **settings(fake)) as running:
            await add(tmp_path, fake, "T1", "T2")
            await connected(running, "T1", "T2")
            for channel in ("slack:T1/C1", "slack:T2/C1"):
                await subscribe(tmp_path, fake, channel)
            await one.until(lambda: len(one.messages()) == 3, seconds=40)
            await two.until(lambda: len(two.messages()) == 3, seconds=40)
            await running.ticks("deliver")
            assert [len(slack.messages()) for slack in (one, two)] == [3, 3]

            answer = await two.command("/paper reasoning")
            await two.until(lambda: answer.answers)
            assert one.world.ephemerals == []

            one.tokens[one.bot_token] = one.tokens[one.app_token] = "token_revoked"
            status, out, _ = await paperbot(tmp_path, "slack", "list", "--json", **settings(fake))
            assert (status, [each["workspace"] for each in json.loads(out)]) == (0, ["T1", "T2"])

            status, out, _ = await paperbot(tmp_path, "slack", "remove", "T1", **settings(fake))
            assert (status, out) == (0, "Removed T1; one digest was stopped.\n")
            await connected(running, "T2")
            again = await two.command("/paper rl")
            await two.until(lambda: again.answers)
        for path in (tmp_path / "data").iterdir():
            assert one.bot_token.encode() not in path.read_bytes()
        assert not [line for line in running.log if one.bot_token in line or "Traceback" in line]


async def test_a_key_that_does_not_fit_is_named_at_start(tmp_path: Path) -> None:
    async with workspaces("T1") as fake:
        await add(tmp_path, fake, "T1")
        wrong = settings(fake) | {"PAPERBOT_SECRET_KEY": "another key of enough characters"}
        status, _, err = await paperbot(tmp_path, "run", **wrong)
        assert status == 2
        assert "T1" in err
        assert "PAPERBOT_SECRET_KEY" in err
        assert err.count("\n") == 1
        status, _, err = await paperbot(tmp_path, "slack", "add", SLACK_API_BASE=fake.url)
        assert status == 2
        assert "PAPERBOT_SECRET_KEY" in err


async def test_of_a_hundred_workspaces_three_broken_ones_delay_no_other(tmp_path: Path) -> None:
    await import_notes(tmp_path, papers=2)
    teams = [f"T{number}" for number in range(1, 101)]
    async with workspaces(*teams) as fake:
        await store_apps(tmp_path, fake)
        async with bot(tmp_path, **settings(fake)) as running:
            await connected(running, *teams)
            revoked, hanging, limited = (fake.of[team] for team in teams[:3])
            revoked.tokens[revoked.bot_token] = "token_revoked"
            hanging.faults.append(Fault("chat.postMessage", delay=300, times=1000))
            limited.faults.append(
                Fault("chat.postMessage", error="ratelimited", status=429, retry_after=3600)
            )
            await subscribe_all(tmp_path, fake)
            well = [fake.of[team] for team in teams[3:]]
            for slack in well:
                await slack.until(partial(has_posted, slack, 3), seconds=60)

            spans = [posted_at(slack) for slack in well]
            begin = min(first for first, _ in spans)
            # Two papers after the header, at a message a second in a channel, as Slack allows.
            assert max(last for _, last in spans) - begin < 2 + 5
            assert running.resident_megabytes < 400
            assert (await running.get("healthz"))["platforms"]["slack"]["ok"]


def has_posted(slack: FakeSlack, count: int) -> bool:
    return len(slack.messages()) == count


def posted_at(slack: FakeSlack) -> tuple[float, float]:
    """When the first and the last message was posted."""
    at = [float(message["ts"]) for message in slack.messages()]
    return min(at), max(at)


async def store_apps(folder: Path, fake: FakeWorkspaces) -> None:
    async with opened(folder / "data" / "paperbot.db") as db:
        for team, slack in fake.of.items():
            tokens_of_it = Tokens(slack.bot_token, slack.app_token)
            await slack_apps.add(db, SlackApp(team, team, tokens_of_it, datetime.now(UTC)), [KEY])


async def subscribe_all(folder: Path, fake: FakeWorkspaces) -> None:
    """A digest in a channel of each workspace, due since a few minutes."""
    now = datetime.now(UTC)
    words = TypedOptions(at=f"{now - timedelta(minutes=2):%H:%M}", zone="UTC")
    async with opened(folder / "data" / "paperbot.db") as db:
        for team in fake.of:
            await digest.add(db, ChannelRef(Platform.SLACK, team, "C1"), words, now=now)
