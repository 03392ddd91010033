"""A workspace installs the app of a running bot, removes it and installs it again (issue 14)."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import aiohttp
from yarl import URL

from tests.e2e.process import Running, bot, paperbot
from tests.e2e.test_slack import import_notes
from tests.e2e.test_workspaces import connected
from tests.fakes.slack import SIGNING_SECRET, Limits
from tests.fakes.slack.oauth import CLIENT_ID, CLIENT_SECRET, uninstall
from tests.fakes.slack.workspaces import FakeWorkspaces, workspaces

KEY = "k" * 40


def settings(fake: FakeWorkspaces) -> dict[str, str]:
    return {
        "SLACK_API_BASE": fake.url,
        "SLACK_CLIENT_ID": CLIENT_ID,
        "SLACK_CLIENT_SECRET": CLIENT_SECRET,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "PAPERBOT_SECRET_KEY": KEY,
    }


async def install(running: Running, fake: FakeWorkspaces, team: str) -> None:
    """As a browser does; the cookie is sent back by hand, since it is for TLS only."""
    fake.oauth.approves = team
    fake.oauth.redirect_uri = f"{running.address}slack/oauth_redirect"
    async with aiohttp.ClientSession() as browser:
        async with browser.get(f"{running.address}slack/install") as answer:
            [slack] = re.findall(r'href="([^"]*/oauth/v2/authorize[^"]*)"', await answer.text())
            cookies = {name: cookie.value for name, cookie in answer.cookies.items()}
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        async with browser.get(unescape(slack), allow_redirects=False) as answer:
            back = URL(answer.headers["Location"], encoded=True)
        async with browser.get(back, cookies=cookies) as answer:
            assert answer.status == 200


async def test_a_workspace_installs_removes_and_installs_again(tmp_path: Path) -> None:
    await import_notes(tmp_path, papers=2)
    async with workspaces("T1") as fake:
        slack = fake.of["T1"]
        slack.limits = Limits.outside_marketplace(burst=5)
        async with bot(tmp_path, **settings(fake)) as running:
            slack.events_url = f"{running.address}slack/events"
            await install(running, fake, "T1")
            await connected(running, "T1")
            at = datetime.now(UTC) - timedelta(minutes=2)
            await slack.command(f"/digest here at:{at:%H:%M} tz:UTC")
            await slack.until(lambda: len(slack.messages()) == 3, seconds=40)
            status = await slack.command("/digest status")
            await slack.until(lambda: status.answers)

            await uninstall(slack)
            await connected(running)
            code, out, _ = await paperbot(tmp_path, "slack", "list", **settings(fake))
            assert (code, "installed  revoked" in out) == (0, True)

            await install(running, fake, "T1")
            await connected(running, "T1")
            again = await slack.command("/digest status")
            [answer] = await slack.until(lambda: again.answers)
            assert "Resume" not in str(answer)
            await running.ticks("deliver")
            assert len(slack.messages()) == 3
        for path in (tmp_path / "data").iterdir():
            assert slack.bot_token.encode() not in path.read_bytes()
        assert not [line for line in running.log if "xoxb-" in line or "Traceback" in line]
