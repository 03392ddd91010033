"""A workspace installs the app of a running bot, removes it and installs it again (issue 14)."""

import re
import time
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
from tests.fakes.slack.world import BOT_USER
from tests.noon import just_passed
from tests.waiting import until

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
            at, zone = just_passed()
            await slack.command(f"/digest here at:{at} tz:{zone}")
            await slack.until(lambda: len(slack.messages()) == 3)
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
        assert not [line for line in running.log if "xoxb-" in line]
        assert running.tracebacks == []


async def test_nothing_is_posted_five_seconds_after_a_workspace_removed_the_app(
    tmp_path: Path,
) -> None:
    """Judged by the fake's log, from when the bot has acknowledged what it was told.

    The tokens go on working, so that nothing but the bot itself stops what it posts each second.
    """
    await import_notes(tmp_path, papers=60)
    async with workspaces("T1", "T2", "T3", "T4", "T5") as fake:
        whole = fake.organisation("E1", "T3", "T4")
        places = {"T1": "C1", "T2": "C1", "T3": "C1", "T4": "C2", "T5": "C1"}

        def posted_at(team: str) -> list[float]:
            return [call.at for call in fake.of[team].calls_of("chat.postMessage")]

        async with bot(tmp_path, **settings(fake)) as running:
            for slack in fake.of.values():
                slack.events_url = f"{running.address}slack/events"
            for place in ("T1", "T2", "T5", "E1"):
                await install(running, fake, place)
            await whole.grant("T3", "T4")
            await connected(running, "T1", "T2", "T3", "T4", "T5", "E1")
            code, out, _ = await paperbot(tmp_path, "slack", "list", **settings(fake))
            assert (code, "organisation\n  T3  " in out) == (0, True), out
            _, out, _ = await paperbot(tmp_path, "doctor", **settings(fake))
            assert "ok  E1: the organisation's workspaces: T3, T4" in out
            at, zone = just_passed()
            for team, place in places.items():
                await fake.of[team].command(f"/digest here at:{at} tz:{zone}", channel=place)
            await until(lambda: min(len(posted_at(team)) for team in places) > 3)

            began = time.monotonic()
            await running.get("healthz")
            busy = 20 * (time.monotonic() - began)  # nothing, unless this machine is very busy
            told = [
                await fake.of["T1"].event({"type": "app_uninstalled"}),
                await fake.of["T2"].event(
                    {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER]}}
                ),
                await whole.event({"type": "app_uninstalled"}),
            ]
            stopped_at = time.monotonic() + max(5, busy)
            assert [each.status for each in told] == [200] * 3
            # The one that stays shows that the bot still posts then.
            await until(lambda: posted_at("T5")[-1] > stopped_at + 2)

            for team in ("T1", "T2", "T3", "T4"):
                assert len(posted_at(team)) < 61
                assert [each for each in posted_at(team) if each > stopped_at] == [], team
            await connected(running, "T5")
            assert (await fake.of["T1"].command("/paper x")).status == 200
            code, out, _ = await paperbot(tmp_path, "channel", "list", **settings(fake))
            assert (code, out.count("the digest resumes when it is installed again")) == (0, 4), out
