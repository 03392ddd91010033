"""Signing in on the web page of a bot that runs, with accounts of both platforms."""

import os
from pathlib import Path

import aiohttp

from tests.e2e.process import bot, starting
from tests.e2e.test_discord import settings as of_discord
from tests.e2e.test_slack import socket_mode
from tests.fakes.accounts import CLIENT_ID, CLIENT_SECRET, FakeAccounts
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack
from tests.ports import free_port


async def test_people_manage_from_the_web_what_they_manage_on_their_platform(tmp_path):
    at_slack, at_discord = FakeAccounts(), FakeAccounts()
    slack, discord = FakeSlack(), FakeDiscord()
    slack.extra_routes = at_slack.slack_routes()
    discord.extra_routes = at_discord.discord_routes(discord._serve)
    port = free_port()
    async with slack, discord:
        at_slack.port, at_discord.port = slack.port, discord.port
        # U1 is an admin of the workspace, 102 a member of the server without rights
        at_discord.user, at_discord.name = "102", "하늘"
        chosen = {
            "PAPERBOT_WEB_PORT": str(port),
            "PAPERBOT_WEB_URL": f"http://127.0.0.1:{port}",
            "PAPERBOT_WEB_SIGN_IN": "slack,discord",
            "SLACK_CLIENT_ID": CLIENT_ID,
            "SLACK_CLIENT_SECRET": CLIENT_SECRET,
            "DISCORD_CLIENT_ID": CLIENT_ID,
            "DISCORD_CLIENT_SECRET": CLIENT_SECRET,
        }
        async with bot(tmp_path, **socket_mode(slack), **of_discord(discord), **chosen) as process:
            await process.until_connected("slack", "discord")
            asked = await slack.command("/digest here", user="U1")
            await slack.until(lambda: asked.answers)
            await (await discord.types("digest", {"what": "here"}, by=101)).answer()
            managed = await _signed_in_answer(process.address, "slack", "slack:T1/C1")
            refused = await _signed_in_answer(process.address, "discord", "discord:1/11")
            stranger = await _signed_in_answer(process.address, "slack", "discord:1/11")

    assert "The digest of this channel is paused." in managed
    assert "Only people who may manage this channel can do that" in refused
    assert stranger == "There is no such channel."
    log = "".join(process.log)
    assert "slack:T1/U1 signed in on the web" in log
    assert CLIENT_SECRET not in log


async def _signed_in_answer(address: str, platform: str, channel: str) -> str:
    """What `/digest pause` from the web says to a person who has just signed in."""
    jar = aiohttp.CookieJar(unsafe=True)
    own = {"Origin": address.rstrip("/")}
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        async with client.get(f"{address}sign-in/{platform}") as response:
            assert response.status == 200, await response.text()
        body = {"channel": channel, "line": "/digest pause"}
        async with client.post(f"{address}api/manage", json=body, headers=own) as response:
            answer = await response.json()
        return str(answer.get("private") or answer["error"])


async def test_half_set_up_the_bot_does_not_start(tmp_path):
    async with starting(
        tmp_path, "run", settings={"PAPERBOT_WEB_USER_HEADER": "X-Forwarded-User"}
    ) as running:
        assert await running.process.wait() == 2

    assert len(running.log) == 1
    assert "PAPERBOT_WEB_PROXY_SECRET" in running.log[0]


async def test_without_its_libraries_signing_in_with_slack_says_what_to_install(tmp_path):
    missing = tmp_path / "packages" / "joserfc"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ImportError\n")
    path = os.pathsep.join((str(missing.parent), str(Path(__file__).parents[2])))
    chosen = {
        "PYTHONPATH": path,
        "PAPERBOT_WEB_URL": "https://papers.example.org",
        "PAPERBOT_WEB_SIGN_IN": "slack",
        "SLACK_CLIENT_ID": CLIENT_ID,
        "SLACK_CLIENT_SECRET": CLIENT_SECRET,
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "SLACK_API_BASE": "http://127.0.0.1:1/api/",
    }
    async with starting(tmp_path, "run", settings=chosen) as running:
        assert await running.process.wait() == 2

    assert "pip install 'paper-digest-bot[workspaces]'" in running.log[-1]
    assert "Traceback" not in "".join(running.log)
