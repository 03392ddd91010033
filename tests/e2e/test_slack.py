"""The bot in Slack as an operator runs it: a process of its own against the fake Slack."""

import asyncio
import json
import re
import statistics
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from tests.e2e.process import Running, bot, paperbot, ready, starting
from tests.fakes.arxiv import FakeArxiv, Paper, World
from tests.fakes.slack import (
    APP_TOKEN,
    BOT_TOKEN,
    SIGNING_SECRET,
    FakeSlack,
    Fault,
    SentRequest,
    signed,
)
from tests.fakes.slack.world import BOT_USER
from tests.noon import just_passed
from tests.platforms.slack.stage import said_in_blocks
from tests.waiting import HANGING, until

NOTE = """https://arxiv.org/abs/2502.0000{n}

*Paper {n} on reasoning* (Jane Lee, 김예시)

> We show in few words what paper {n} is about.

{n}번째 논문에 대한 생각입니다.

<english>A thought about paper {n}.</english>

#reasoning #rl
"""


def write_notes(folder: Path, *, papers: int = 2, day: datetime | None = None) -> Path:
    vault = folder / "vault"
    vault.mkdir()
    date = f"{day or datetime.now(UTC):%y%m%d}"
    for n in range(1, papers + 1):
        (vault / f"{date} Paper {n}.md").write_text(NOTE.format(n=n), encoding="utf-8")
    return vault


def socket_mode(slack: FakeSlack) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_API_BASE": slack.url,
    }


def http_mode(slack: FakeSlack) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_BASE": slack.url,
    }


@asynccontextmanager
async def running(folder: Path, slack: FakeSlack, *, http: bool = False) -> AsyncIterator[Running]:
    """The bot, connected to the fake."""
    settings = http_mode(slack) if http else socket_mode(slack)
    async with bot(folder, **settings) as process:
        if http:
            slack.events_url = f"{process.address}slack/events"
        await process.until_connected("slack")
        yield process
        slack.events_url = None


async def import_notes(folder: Path, **options: Any) -> None:
    status, _, err = await paperbot(folder, "import", str(write_notes(folder, **options)))
    assert status == 0, err


async def subscribe(folder: Path, slack: FakeSlack, channel: str, *more: str) -> None:
    """From a few minutes ago on, so that today's digest is due."""
    at, zone = just_passed()
    status, _, err = await paperbot(
        folder, "channel", "add", channel, "--at", at, "--tz", zone, *more, **socket_mode(slack)
    )
    assert (status, err) == (0, "")


def said(message: dict[str, Any]) -> str:
    return said_in_blocks(message["blocks"])


def addresses(message: dict[str, Any]) -> list[str]:
    """Where the rows of a message's list lead."""
    lists = [part for block in message["blocks"] for part in block.get("elements", [])]
    rows = [row for part in lists if part["type"] == "rich_text_list" for row in part["elements"]]
    return [run["url"] for row in rows for run in row["elements"] if run["type"] == "link"]


def control(message: dict[str, Any], label: str) -> dict[str, Any]:
    """The button with that label, as Slack tells that it was pressed."""
    for block in message["blocks"]:
        for element in block.get("elements", []):
            if isinstance(element.get("text"), dict) and element["text"]["text"] == label:
                return {**element, "block_id": block.get("block_id", "")}
    raise AssertionError(label)


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_a_slash_command_is_acknowledged_and_answered_with_blocks(tmp_path, http):
    await import_notes(tmp_path)
    async with FakeSlack() as slack, running(tmp_path, slack, http=http) as process:
        asked = await slack.command("/paper reasoning", user="U2")
        (answer,) = await slack.until(lambda: asked.answers)

        assert asked.acknowledged
        assert answer["response_type"] == "in_channel"
        shown = said_in_blocks(answer["blocks"])
        assert "Paper 1 on reasoning" in shown
        assert "1번째 논문에 대한 생각입니다." in shown
        assert await process.stop() == 0


async def seconds_to_refuse(slack: FakeSlack, count: int) -> float:
    """How long the bot takes to answer so many requests at once that need no work at all."""
    started = time.monotonic()
    forged = {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=00"}
    await asyncio.gather(*(slack.post_raw(b"{}", forged) for _ in range(count)))
    return time.monotonic() - started


@pytest.mark.parametrize("kind", ["commands", "messages", "presses"])
async def test_a_thousand_requests_at_once_are_all_acknowledged_in_time(tmp_path, kind):
    await import_notes(tmp_path)
    async with FakeSlack() as slack, running(tmp_path, slack, http=True):
        root = await slack.say("A message to press a button of")
        button = {"type": "button", "action_id": "command.0", "block_id": "b"}
        slack.faults.append(Fault("users.info", delay=2, times=1000))

        def ask(n: int) -> Coroutine[Any, Any, SentRequest]:
            if kind == "commands":
                return slack.command(f"/paper reasoning {n}")
            if kind == "presses":
                return slack.press(root, button | {"value": f"/paper reasoning {n}"})
            thread = f"17643{n % 100:05d}.000100"
            message = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1"}
            said = {"text": f"remark {n}", "thread_ts": thread, "parent_user_id": BOT_USER}
            return slack.event({**message, **said, "ts": f"1764400000.{n:06d}"})

        late: list[int | None] = []
        for thousand in range(3):  # a machine that gets busy meanwhile only makes them late
            # Three seconds, unless it is too busy even to refuse so many forged requests.
            slack.ack_seconds = max(slack.ack_seconds, 3 * await seconds_to_refuse(slack, 1000))
            numbers = range(thousand * 1000, (thousand + 1) * 1000)
            asked = await asyncio.gather(*map(ask, numbers))
            late = [one.status for one in asked if not one.acknowledged]
            if not late:
                break
        assert late == []


async def test_the_digest_is_posted_at_its_slot_with_one_message_for_each_paper(tmp_path):
    await import_notes(tmp_path, papers=3)
    async with FakeSlack() as slack:
        await subscribe(tmp_path, slack, "slack:C1")
        async with running(tmp_path, slack) as process:
            await slack.until(lambda: len(slack.messages()) == 4)
            header, *papers = slack.messages()
            await process.ticks("deliver")

            assert len(slack.messages()) == 4
            assert [f"Paper {n} on reasoning" in said(papers[n - 1]) for n in (1, 2, 3)] == [
                True
            ] * 3
            assert "Paper 1 on reasoning" in header["text"]
            assert all(message.get("thread_ts") in {None, message["ts"]} for message in papers)
            links = [
                f"https://papers.slack.com/archives/C1/p{paper['ts'].replace('.', '')}"
                for paper in papers
            ]
            await slack.until(lambda: addresses(slack.messages()[0]) == links)

            root = papers[0]["ts"]
            await slack.until(lambda: slack.replies(root))
            assert "We show in few words what paper 1 is about" in said(slack.replies(root)[0])
            await slack.say(f"<@{BOT_USER}> rl", user="U1", thread=root)
            await slack.until(lambda: len(slack.replies(root)) == 3)
            assert "Paper 3 on reasoning" in said(slack.replies(root)[2])


async def test_killed_between_header_and_papers_the_titles_lead_to_the_papers_in_the_end(tmp_path):
    await import_notes(tmp_path, papers=2)
    vault = tmp_path / "vault"
    async with FakeSlack() as slack:
        await subscribe(tmp_path, slack, "slack:C1")
        slack.chaos = lambda method: (
            Fault(delay=HANGING) if method == "chat.postMessage" and slack.messages() else None
        )
        async with running(tmp_path, slack) as first:
            await slack.until(lambda: len(slack.messages()) == 1)
            await until(lambda: len(slack.calls_of("chat.postMessage")) == 2)
            await first.kill()
        slack.chaos = lambda _: None

        async with running(tmp_path, slack):
            await slack.until(lambda: len(slack.messages()) == 3)
            links = [
                f"https://papers.slack.com/archives/C1/p{paper['ts'].replace('.', '')}"
                for paper in slack.messages()[1:]
            ]
            await slack.until(lambda: addresses(slack.messages()[0]) == links)

            [note] = vault.glob("* Paper 2.md")
            note.write_text(note.read_text().replace("*Paper 2 on", "*Paper Two on"))
            await paperbot(tmp_path, "import", str(vault))
            await slack.until(lambda: "Paper Two" in said(slack.messages()[0]))
            assert addresses(slack.messages()[0]) == links


async def test_a_button_from_before_a_restart_works_and_nothing_is_posted_again(tmp_path):
    await import_notes(tmp_path)
    async with FakeSlack() as slack:
        await subscribe(tmp_path, slack, "slack:C1", "--languages", "en")
        async with running(tmp_path, slack) as first:
            await slack.until(lambda: len(slack.messages()) == 3)
            await first.kill()

        async with running(tmp_path, slack) as process:
            paper = slack.messages()[1]
            pressed = await slack.press(paper, control(paper, "Abstract and references"))
            # In a message that has a thread by now, it comes as a message for one person there.
            (answer,) = await slack.until(
                lambda: [
                    *(each["blocks"] for each in pressed.answers),
                    *(each.blocks for each in slack.world.ephemerals),
                ]
            )
            await process.ticks("deliver")

            assert pressed.acknowledged
            assert all(each["response_type"] == "ephemeral" for each in pressed.answers)
            assert "in few words what paper 1 is about" in said_in_blocks(answer)
            assert len(slack.messages()) == 3


async def test_a_long_commentary_goes_on_in_the_papers_thread(tmp_path):
    vault = write_notes(tmp_path, papers=1)
    note = next(vault.iterdir())
    long = "\n\n".join(f"{n}번째 문단. " + "생각 " * 300 for n in range(20))
    note.write_text(
        NOTE.format(n=1).replace("1번째 논문에 대한 생각입니다.", long), encoding="utf-8"
    )
    await paperbot(tmp_path, "import", str(vault))
    async with FakeSlack() as slack:
        await subscribe(tmp_path, slack, "slack:C1", "--languages", "ko")
        async with running(tmp_path, slack):
            await slack.until(lambda: len(slack.messages()) == 2)
            root = slack.messages()[1]
            await slack.until(
                lambda: "19번째 문단" in " ".join(map(said, slack.replies(root["ts"])))
            )

            whole = " ".join(map(said, [root, *slack.replies(root["ts"])]))
            assert [f"{n}번째 문단" in whole for n in range(20)] == [True] * 20


async def test_the_home_shows_the_newest_digest(tmp_path):
    await import_notes(tmp_path, day=datetime.now(UTC) - timedelta(days=3))
    async with FakeSlack() as slack, running(tmp_path, slack):
        await slack.open_home(user="U2")
        home = await slack.until(lambda: slack.world.homes.get("U2"))

        assert "Paper 1 on reasoning" in said(home)
        assert "Paper 2 on reasoning" in said(home)


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
async def test_a_rejected_token_exits_with_status_2_and_one_line(tmp_path, name):
    async with FakeSlack() as slack:
        slack.tokens[BOT_TOKEN if name == "SLACK_BOT_TOKEN" else APP_TOKEN] = "invalid_auth"
        status, out, err = await paperbot(tmp_path, "run", **socket_mode(slack))

    errors = [line for line in err.splitlines() if not re.match(r"\d{4}-\d\d-\d\d|INFO|WARN", line)]
    assert status == 2
    assert len(errors) == 1, err
    assert name in errors[0]
    assert "Traceback" not in err
    assert BOT_TOKEN not in out + err
    assert APP_TOKEN not in out + err


async def test_slack_that_is_down_at_the_start_is_waited_for_and_nothing_is_lost(tmp_path):
    await import_notes(tmp_path)
    async with FakeSlack() as before:
        await subscribe(tmp_path, before, "slack:C1")
        port = before.port
    async with starting(tmp_path, "run", settings=socket_mode(before)) as process:
        await ready(process)
        assert (await process.get("healthz"))["platforms"]["slack"]["ok"] is False

        async with FakeSlack(port=port) as slack:
            await process.until_connected("slack")
            asked = await slack.command("/paper reasoning")
            await slack.until(lambda: asked.answers)
            assert asked.acknowledged
            # The header, two papers, and the answer to the command.
            await slack.until(lambda: len(slack.messages()) == 4)


async def test_a_channel_that_the_bot_is_not_in_is_refused_at_once_with_what_to_do(tmp_path):
    async with FakeSlack() as slack:
        slack.world.add_channel("C2", "elsewhere", joined=False)
        await import_notes(tmp_path)
        there = ("slack:C2", "--at", "09:00", "--tz", "UTC")
        status, _, err = await paperbot(tmp_path, "channel", "add", *there, **socket_mode(slack))
        listed = await paperbot(tmp_path, "channel", "list", "--json", **socket_mode(slack))

    assert status != 0
    assert "/invite @paperbot" in err
    assert json.loads(listed[1]) == []


@pytest.mark.parametrize("error", ["unknown_method", "missing_scope"])
async def test_a_channel_that_cannot_be_checked_names_the_method_and_the_error(tmp_path, error):
    async with FakeSlack() as slack:
        slack.faults.append(Fault("conversations.info", error=error))
        await import_notes(tmp_path)
        there = ("slack:C1", "--at", "09:00", "--tz", "UTC")
        status, _, err = await paperbot(tmp_path, "channel", "add", *there, **socket_mode(slack))

    assert status != 0
    assert f"conversations.info: {error}" in err
    assert len(err.splitlines()) == 1


async def test_digest_here_asks_to_be_invited(tmp_path):
    await import_notes(tmp_path)
    async with FakeSlack() as slack, running(tmp_path, slack):
        slack.world.add_channel("C2", "elsewhere", joined=False)
        slack.world.add_channel("C3", "다른-곳", creator="U2", joined=False)
        away = await slack.command("/digest here at:09:00 tz:UTC", channel="C2", user="U1")
        korean = await slack.command("/digest here at:09:00 tz:UTC", channel="C3", user="U2")
        here = await slack.command("/digest here at:09:00 tz:UTC", channel="C1")
        stranger = await slack.command("/digest pause", channel="C1", user="U2")

        (asks,) = await slack.until(lambda: away.answers)
        (done,) = await slack.until(lambda: here.answers)
        (refused,) = await slack.until(lambda: stranger.answers)
        (asks_in_korean,) = await slack.until(lambda: korean.answers)
        assert "type /invite @paperbot there" in said_in_blocks(asks["blocks"])
        assert "채널에서 /invite @paperbot" in said_in_blocks(asks_in_korean["blocks"])
        assert "09:00" in said_in_blocks(done["blocks"])
        assert "09:00" not in said_in_blocks(refused["blocks"])


async def test_forged_stale_and_replayed_requests_get_401_and_do_nothing(tmp_path):
    await import_notes(tmp_path)
    async with FakeSlack() as slack, running(tmp_path, slack, http=True):
        body = b"command=%2Fpaper&text=reasoning&user_id=U1&channel_id=C1&trigger_id=forged.1"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        now = datetime.now(UTC).timestamp()
        statuses = [
            (await slack.post_raw(body, form))[0],
            (await slack.post_raw(body, form | signed(body, secret="guessed")))[0],
            (await slack.post_raw(body, form | signed(body, at=now - 400)))[0],
            (await slack.post_raw(body + b"&ssl_check=1", form))[0],
        ]
        genuine = form | signed(body)
        statuses += [(await slack.post_raw(body, genuine))[0] for _ in range(2)]
        async with (
            aiohttp.ClientSession() as session,
            session.get(slack.events_url or "") as answer,
        ):
            assert answer.status == 405

        assert statuses == [401, 401, 401, 401, 200, 401]
        await slack.until(lambda: slack.calls_of("users.info"))


def assert_acknowledged_at_once(waits: list[float | None]) -> None:
    """All within Slack's three seconds, and most in less than one: a busy machine makes a few wait."""
    waited = [wait for wait in waits if wait is not None]
    assert len(waited) == len(waits), waits
    assert statistics.median(waited) < 1.0, waits


@pytest.mark.slow
async def test_commands_are_acknowledged_at_once_while_a_vault_is_imported(tmp_path):
    write_notes(tmp_path, papers=3000)
    async with FakeSlack() as slack:
        settings = socket_mode(slack) | {"PAPERBOT_VAULT": str(tmp_path / "vault")}
        async with bot(tmp_path, **settings) as process:
            await process.until_connected("slack")
            waits = []
            for number in range(40):
                asked = await slack.command(f"/paper reasoning page:{number + 1}")
                waits.append(asked.acknowledged_after)
            last = await slack.command("/paper reasoning")
            await slack.until(lambda: last.answers)

    assert_acknowledged_at_once(waits)


@pytest.mark.slow
async def test_commands_are_acknowledged_while_a_feed_of_2000_papers_is_read(tmp_path):
    today = datetime.now(UTC).astimezone(ZoneInfo("America/New_York")).date()
    abstract = "We say at some length what is new in this paper. " * 20
    write_notes(tmp_path, papers=1000)
    async with FakeArxiv(World(invents=True)) as arxiv, FakeSlack() as slack:
        papers = (
            Paper(f"2699.{n:05}", f"New paper {n}", abstract=abstract) for n in range(1, 2001)
        )
        arxiv.world.announce(today, *papers)
        settings = socket_mode(slack) | {
            "PAPERBOT_VAULT": str(tmp_path / "vault"),
            "ARXIV_API_URL": arxiv.api_url,
            "ARXIV_FEED_URL": arxiv.feed_url,
            "ARXIV_CONTACT": "ops@example.org",
            "ARXIV_CATEGORIES": "cs.LG",
        }
        async with bot(tmp_path, **settings) as process:
            await process.until_connected("slack")
            waits = []
            async with asyncio.timeout(HANGING):
                while not ((await process.get("healthz"))["arxiv"] or {}).get("last_ok_at"):
                    asked = await slack.command("/paper reasoning")
                    waits.append(asked.acknowledged_after)
            for _ in range(20):
                asked = await slack.command("/paper reasoning")
                waits.append(asked.acknowledged_after)

    assert any("cs.LG" in str(request.path) for request in arxiv.log)
    assert_acknowledged_at_once(waits)


async def test_healthz_reports_lost_connections_and_no_secret_is_logged(tmp_path):
    async with FakeSlack() as slack, running(tmp_path, slack) as process:
        slack.sockets.refusing = True
        slack.sockets.abort()
        await process.until_connected("slack", is_ok=False)
        health = await process.get("healthz")

        assert health["ok"] is False
        assert "0 of 2 connections" in json.dumps(health)
        assert not any(token in "".join(process.log) for token in (BOT_TOKEN, APP_TOKEN, "ticket-"))
