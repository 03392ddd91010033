"""The bot in Discord as an operator runs it: a process of its own against the fake Discord."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.e2e.process import Running, bot, paperbot, ready, starting
from tests.e2e.test_slack import import_notes, socket_mode
from tests.fakes.discord import TOKEN, FakeDiscord, text_of
from tests.fakes.discord import world as rights
from tests.fakes.discord.gateway import Harm
from tests.fakes.discord.world import BOT_ID, FORUM, Json
from tests.fakes.slack import FakeSlack
from tests.noon import just_passed
from tests.waiting import eventually

"""Seconds: an import, a start and a digest may be slow on a busy machine."""


def settings(discord: FakeDiscord) -> dict[str, str]:
    return {
        "DISCORD_TOKEN": TOKEN,
        "DISCORD_API_BASE": discord.api_base,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
    }


@asynccontextmanager
async def running(folder: Path, discord: FakeDiscord, **more: str) -> AsyncIterator[Running]:
    """The bot, connected to the fake."""
    async with bot(folder, **settings(discord), **more) as process:
        await process.until_connected("discord")
        yield process


async def subscribe(folder: Path, discord: FakeDiscord, channel: str, *more: str) -> None:
    """From a few minutes ago on, so that today's digest is due."""
    at, zone = just_passed()
    status, _, err = await paperbot(
        folder, "channel", "add", channel, "--at", at, "--tz", zone, *more, **settings(discord)
    )
    assert (status, err) == (0, "")


def posts(discord: FakeDiscord, channel: int = 11) -> list[Json]:
    return discord.messages(channel)


def shown(discord: FakeDiscord, channel: int) -> str:
    return "\n".join(text_of(message) for message in discord.messages(channel))


async def test_a_typed_command_is_deferred_in_time_and_answered(tmp_path):
    await import_notes(tmp_path)
    async with FakeDiscord() as discord, running(tmp_path, discord) as process:
        suggested = await discord.completes("paper", "query", "reas", by=102)
        asked = await discord.types("paper", {"query": "reasoning"}, by=102)
        answer = await asked.answer()

        assert asked.acked_after is not None
        assert asked.acked_after < 3
        assert not asked.private
        assert "Paper 1 on reasoning" in text_of(answer)
        assert "1번째 논문에 대한 생각입니다." in text_of(answer)
        assert "reasoning" in [choice["value"] for choice in await suggested.suggestions()]
        assert await process.stop() == 0
        assert discord.complaints == []
        assert not any(TOKEN in line for line in process.log)


async def test_the_days_digest_comes_at_its_slot_with_a_thread_a_paper(tmp_path):
    await import_notes(tmp_path, papers=3)
    async with FakeDiscord() as discord:
        await subscribe(tmp_path, discord, "discord:11")
        async with running(tmp_path, discord) as process:
            await discord.until(lambda: len(posts(discord)) == 4)
            await discord.until(lambda: len(discord.world.threads_of(1)) == 3)
            header, *papers = posts(discord)

            assert "Paper 1 on reasoning" in text_of(header)
            names = [discord.channel(int(paper["id"])).name for paper in papers]
            assert names == [f"Paper {n} on reasoning" for n in (1, 2, 3)]

            thread = int(papers[0]["id"])
            mention = f"<@{BOT_ID}> rl"
            await discord.says(mention, at=thread, mentions_bot=True)
            await discord.until(lambda: "Paper 3 on reasoning" in shown(discord, thread))
            await process.ticks("deliver")

            links = [f"https://discord.com/channels/1/11/{paper['id']}" for paper in papers]
            await discord.until(lambda: all(link in str(posts(discord)[0]) for link in links))
            assert len(posts(discord)) == 4
            assert shown(discord, thread).count("Paper 3 on reasoning") == 1
            assert discord.complaints == []


async def test_a_forum_gets_a_post_a_paper(tmp_path):
    await import_notes(tmp_path)
    async with FakeDiscord() as discord:
        discord.world.add_channel(20, "papers", type=FORUM, tags=["rl"])
        await subscribe(tmp_path, discord, "discord:20")
        async with running(tmp_path, discord):
            await discord.until(lambda: len(discord.world.threads_of(1)) == 3)

        _, *papers = discord.world.threads_of(1)
        assert [paper.name for paper in papers] == [f"Paper {n} on reasoning" for n in (1, 2)]
        assert all(len(paper.applied_tags) == 1 for paper in papers)


async def test_buttons_from_before_a_restart_work_and_nothing_is_done_again(tmp_path):
    await import_notes(tmp_path)
    async with FakeDiscord() as discord:
        await subscribe(tmp_path, discord, "discord:11", "--languages", "en")
        async with running(tmp_path, discord) as first:
            await discord.until(lambda: len(posts(discord)) == 3)
            await first.kill()

        async with running(tmp_path, discord) as process:
            pressed = await discord.presses(posts(discord)[1], "Abstract and references")
            answer = await pressed.answer()
            await process.ticks("deliver")

            assert pressed.private
            assert "in few words what paper 1 is about" in text_of(answer)
            assert len(posts(discord)) == 3
            assert len(discord.sent("commands")) == 1


async def types_until_answered(discord: FakeDiscord) -> None:
    """A command, and again as people do: one that a dying connection was told is told to no other."""
    for _ in range(3):
        asked = await discord.types("paper", {"query": "rl"})
        with suppress(TimeoutError):
            await asked.answer(within=15)
            return
    raise AssertionError("no command is answered")


@pytest.mark.parametrize("harm", ["dropped", "invalidated", "malformed", "closed", "down"])
async def test_the_bot_reconnects_by_itself_after_any_gateway_failure(tmp_path, harm):
    await import_notes(tmp_path)
    async with FakeDiscord() as discord:
        await subscribe(tmp_path, discord, "discord:11")
        async with running(tmp_path, discord) as process:
            await discord.until(lambda: len(discord.world.threads_of(1)) == 2)
            thread = discord.world.threads_of(1)[0].id
            gateway = discord.gateway
            match harm:
                case "dropped":
                    gateway.drop()
                case "invalidated":
                    await gateway.invalidate()
                case "malformed":
                    await gateway.send_malformed("MESSAGE_CREATE", {"content": "no id"})
                case "closed":
                    await gateway.close(4000)
                case "down":
                    gateway.refusing = True
                    gateway.forget_sessions()
                    gateway.drop()
            await discord.says(f"<@{BOT_ID}> reasoning", at=thread, mentions_bot=True)
            if harm == "down":
                await discord.until(lambda: gateway.refused >= 2)
                gateway.refusing = False

            await discord.until(lambda: "Paper 2 on reasoning" in shown(discord, thread))
            await types_until_answered(discord)
            await process.ticks("deliver")

            assert len(discord.sent("commands")) == 1
            assert shown(discord, thread).count("Paper 2 on reasoning") == 1
            assert len(posts(discord)) == 4  # the digest, and the answer to the command
            assert await process.stop() == 0
            assert process.tracebacks == [] or harm == "malformed"


async def test_a_gateway_that_closes_every_connection_is_not_stormed(tmp_path):
    async with FakeDiscord() as discord:
        discord.gateway.harm = Harm("hello", closes=4000)
        async with starting(tmp_path, "run", settings=settings(discord)) as process:
            await ready(process)
            await discord.until(lambda: discord.gateway.connected >= 1)
            began = asyncio.get_running_loop().time()
            await discord.until(lambda: discord.gateway.connected >= 3)
            took = asyncio.get_running_loop().time() - began
            assert await process.stop() == 0

            assert took > 5
            assert sum("4000" in line for line in process.log) == 1


async def test_with_discord_down_at_the_start_the_digest_is_posted_later(tmp_path):
    await import_notes(tmp_path)
    async with FakeDiscord() as discord:
        await subscribe(tmp_path, discord, "discord:11")
        port = discord.port
        await discord.stop()
        async with starting(tmp_path, "run", settings=settings(discord)) as process:
            await ready(process)

            async def has_tried() -> bool:
                state = (await process.get("healthz"))["platforms"]["discord"]
                assert state["ok"] is False
                return bool(state["detail"] != "not connected yet")

            await eventually(has_tried)

            await discord.start(port)

            await process.until_connected("discord")
            await discord.until(lambda: len(posts(discord)) == 3)


async def test_a_bad_token_ends_the_bot_with_status_2_and_one_line(tmp_path):
    async with FakeDiscord() as discord:
        discord.world.token = "reset by its owner"
        status, out, err = await paperbot(tmp_path, "run", **settings(discord))

    errors = [line for line in err.splitlines() if not re.match(r"\d{4}-\d\d-\d\d|INFO|WARN", line)]
    assert status == 2
    assert len(errors) == 1, err
    assert "DISCORD_TOKEN" in errors[0]
    assert "Traceback" not in err
    assert TOKEN not in out + err


async def test_with_a_refused_intent_the_bot_runs_and_reports_it(tmp_path):
    async with FakeDiscord() as discord:
        discord.gateway.refuses_content = True
        async with running(tmp_path, discord) as process:
            health = await process.get("healthz")
            asked = await discord.types("paper", {"query": "rl"})
            await asked.answer()

    assert health["platforms"]["discord"]["ok"] is True
    assert "Message Content Intent is off" in json.dumps(health)
    assert process.tracebacks == []


async def test_a_channel_without_permissions_is_refused_with_their_names(tmp_path):
    async with FakeDiscord() as discord:
        discord.world.forbid(11, rights.EMBED_LINKS | rights.READ_HISTORY)
        there = ("discord:11", "--at", "09:00", "--tz", "UTC")
        status, _, err = await paperbot(tmp_path, "channel", "add", *there, **settings(discord))

    assert status != 0
    assert "Embed Links, Read Message History" in err


async def test_the_doctor_names_what_is_wrong_and_gives_the_invite_link(tmp_path):
    async with FakeDiscord() as discord:
        await import_notes(tmp_path)
        await subscribe(tmp_path, discord, "discord:11")
        discord.world.forbid(11, rights.SEND)
        discord.world.content_intent = False
        status, out, _ = await paperbot(tmp_path, "doctor", **settings(discord))
        discord.world.token = "reset by its owner"
        _, with_bad_token, _ = await paperbot(tmp_path, "doctor", **settings(discord))

    needed = (
        rights.VIEW
        | rights.SEND
        | rights.EMBED_LINKS
        | rights.ATTACH_FILES
        | rights.READ_HISTORY
        | rights.CREATE_THREADS
        | rights.SEND_IN_THREADS
    )
    assert status == 1
    assert f"permissions={needed}" in out
    assert "Send Messages" in out
    assert "Turn it on at https://discord.com/developers/applications/" in out
    assert "reset it in the developer portal" in with_bad_token


async def test_with_slack_down_discord_works(tmp_path):
    await import_notes(tmp_path)
    async with FakeDiscord() as discord:
        async with FakeSlack() as slack:
            both = settings(discord) | socket_mode(slack)
            await subscribe_both(tmp_path, both)
        async with starting(tmp_path, "run", settings=both) as process:
            await ready(process)
            await process.until_connected("discord")
            asked = await discord.types("paper", {"query": "reasoning"})

            assert "Paper 1" in text_of(await asked.answer())
            await discord.until(lambda: len(posts(discord)) == 4)
            assert (await process.get("healthz"))["platforms"]["slack"]["ok"] is False
            assert await process.stop() == 0


async def test_with_discord_down_slack_works(tmp_path):
    await import_notes(tmp_path)
    async with FakeSlack() as slack:
        async with FakeDiscord() as discord:
            both = settings(discord) | socket_mode(slack)
            await subscribe_both(tmp_path, both)
        async with starting(tmp_path, "run", settings=both) as process:
            await ready(process)
            await process.until_connected("slack")
            command = await slack.command("/paper reasoning")

            await slack.until(lambda: command.answers)
            await slack.until(lambda: len(slack.messages()) >= 3)
            assert (await process.get("healthz"))["platforms"]["discord"]["ok"] is False
            assert await process.stop() == 0


async def subscribe_both(folder: Path, both: dict[str, str]) -> None:
    at, zone = just_passed()
    for channel in ("slack:C1", "discord:11"):
        status, _, err = await paperbot(
            folder, "channel", "add", channel, "--at", at, "--tz", zone, **both
        )
        assert status == 0, err
