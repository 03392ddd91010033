"""Several Slack workspaces in one process, each with an app of its own (issue 14)."""

import json
from pathlib import Path

from tests.e2e.process import Running, bot, paperbot
from tests.e2e.test_slack import import_notes
from tests.fakes.slack import FakeSlack
from tests.fakes.slack.workspaces import FakeWorkspaces, workspaces
from tests.noon import just_passed
from tests.waiting import eventually

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
    at, zone = just_passed()
    status, _, err = await paperbot(
        folder, "channel", "add", channel, "--at", at, "--tz", zone, **settings(fake)
    )
    assert (status, err) == (0, "")


async def connected(running: Running, *teams: str) -> None:
    """Wait until exactly these workspaces are connected."""
    wanted = {f"slack:{team}" for team in teams}

    async def are_connected() -> bool:
        found = await running.workspaces()
        return {name for name, each in found.items() if each["ok"]} == wanted

    await eventually(are_connected)


async def test_workspaces_come_and_go_while_the_bot_runs(tmp_path: Path) -> None:
    await import_notes(tmp_path, papers=2)
    async with workspaces("T1", "T2") as fake:
        one, two = fake.of["T1"], fake.of["T2"]
        async with bot(tmp_path, **settings(fake)) as running:
            await add(tmp_path, fake, "T1", "T2")
            await connected(running, "T1", "T2")
            for channel in ("slack:T1/C1", "slack:T2/C1"):
                await subscribe(tmp_path, fake, channel)
            await one.until(lambda: len(one.messages()) == 3)
            await two.until(lambda: len(two.messages()) == 3)
            await running.ticks("deliver")
            assert [len(slack.messages()) for slack in (one, two)] == [3, 3]

            one.world.add_channel("C9", "shared")
            fake.share("C9", "T1", "T2")
            await subscribe(tmp_path, fake, "slack:T2/C9")
            words = ("channel", "add", "slack:T1/C9", "--at", "09:00", "--tz", "UTC")
            status, _, err = await paperbot(tmp_path, *words, **settings(fake))
            assert (status, "slack:T1/C9 is the same channel as slack:T2/C9" in err) == (2, True)
            await two.until(lambda: len(one.messages("C9")) == 3)

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
        assert not [line for line in running.log if one.bot_token in line]
        assert running.tracebacks == []


async def test_a_key_that_does_not_fit_is_named_at_start(tmp_path: Path) -> None:
    async with workspaces("T1", "T2") as fake:
        await add(tmp_path, fake, "T1")
        wrong = settings(fake) | {"PAPERBOT_SECRET_KEY": "another key of enough characters"}
        status, _, err = await paperbot(tmp_path, "run", **wrong)
        assert status == 2
        assert "T1" in err
        assert "PAPERBOT_SECRET_KEY" in err
        assert err.count("\n") == 1
        status, _, err = await paperbot(tmp_path, "slack", "add", **wrong, **tokens(fake.of["T2"]))
        assert status == 0, err
        status, out, _ = await paperbot(tmp_path, "doctor", **settings(fake))
        assert status == 1
        assert out.count("The stored tokens of T2 cannot be read") == 1
        assert "T1: " in out  # the others are looked at all the same
        status, _, err = await paperbot(tmp_path, "slack", "add", SLACK_API_BASE=fake.url)
        assert status == 2
        assert "PAPERBOT_SECRET_KEY" in err
