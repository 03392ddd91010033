"""E-mail as its reader lives it: asked once, confirmed, a digest, unsubscribed; a real bot and server."""

import json
import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp

from bot.core.database.database import opened
from tests.e2e.process import Running, bot, paperbot
from tests.fakes.mail import FakeMail, Fault, mail_server
from tests.noon import noon
from tests.waiting import eventually, until

SITE = "https://papers.example.org"
TEAM = "team@example.org"
_LINK = re.compile(rf"{re.escape(SITE)}[^\s\"<>]*")
_CHANGING = {
    "mail_address": "*",
    "mail_request": "*",
    "subscription": "channel, standing, reason",
    "delivery": "key, state",
}


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    content = found.get_content()
    assert isinstance(content, str)
    return content


def links(messages: Collection[EmailMessage]) -> set[str]:
    """Every address of the bot in these messages, as a scanner of mail finds them."""
    return {
        link.replace("&amp;", "&").rstrip(".>")
        for message in messages
        for text in (*map(str, message.values()), part(message, "plain"), part(message, "html"))
        for link in _LINK.findall(text)
    }


async def rows(database: Path) -> dict[str, list[Mapping[str, Any]]]:
    """What a link that is only opened must not change."""
    async with opened(database) as db, db.reading() as tx:
        return {
            table: [dict(row) for row in await tx.all(f"SELECT {what} FROM {table} ORDER BY 1")]
            for table, what in _CHANGING.items()
        }


async def status_of(running: Running, method: str, link: str, **more: Any) -> tuple[int, str]:
    """What a client without cookies is answered, from another origin, to a link of a message."""
    url = link.replace(f"{SITE}/", running.address)
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client,
        client.request(method, url, headers={"Host": "papers.example.org"}, **more) as answer,
    ):
        return answer.status, await answer.text()


async def test_an_address_is_asked_confirms_reads_and_unsubscribes(tmp_path: Path):
    now, zone = noon()
    notes = tmp_path / "notes"
    notes.mkdir()
    for day, title in ((now, "Attention & <b>all</b>"), (now - timedelta(days=1), "Older")):
        note = notes / f"{day:%y%m%d} Paper.md"
        note.write_text(f"*{title}* (Ada)\n\nFine.\n\n#rl\n", encoding="utf-8")
    database = tmp_path / "bot.db"
    async with mail_server() as fake:
        settings = {
            "PAPERBOT_DATABASE": f"sqlite:///{database}",
            "PAPERBOT_SMTP_URL": fake.url,
            "PAPERBOT_WEB_URL": SITE,
            "PAPERBOT_WEB_NAMES": "papers.example.org",
        }
        await paperbot(tmp_path, "import", str(notes), **settings)
        async with bot(tmp_path, **settings) as running:
            status, out, err = await paperbot(
                tmp_path,
                *("channel", "add", f"mail:{TEAM}", "--tz", zone),
                *("--at", f"{now - timedelta(minutes=5):%H:%M}", "--languages", "en"),
                **settings,
            )
            assert (status, err) == (0, "")
            assert "has not confirmed yet" in out
            await _confirms(running, fake, database)
            await _reads(running, fake, database)
            yesterday = (now - timedelta(days=1)).date()
            await _bounces(tmp_path, fake, settings, running, yesterday)
            await _unsubscribes(running, fake, database)
            status, out, _ = await paperbot(tmp_path, "channel", "list", "--json", **settings)
            assert (status, json.loads(out)) == (0, [])


async def _confirms(running: Running, fake: FakeMail, database: Path) -> None:
    await until(lambda: fake.kept)
    await _until_settled(database)
    [asking] = fake.to(TEAM)
    assert asking["List-Unsubscribe"] is None
    [confirm] = links([asking])

    before = await rows(database)
    status, page = await status_of(running, "GET", confirm)
    assert (status, '<button type="submit">Confirm</button>' in page) == (200, True)
    assert (await status_of(running, "HEAD", confirm))[0] == 200
    assert await rows(database) == before
    for _ in range(2):  # twice is success
        status, page = await status_of(running, "POST", confirm)
        assert (status, "gets the digest from now on" in page) == (200, True)
    assert (await status_of(running, "POST", f"{SITE}/mail/confirm/guessed"))[0] == 404


async def _reads(running: Running, fake: FakeMail, database: Path) -> None:
    await until(lambda: len(fake.to(TEAM)) == 2)
    await _until_settled(database)
    _, digest = fake.to(TEAM)
    assert "Attention & <b>all</b>" in part(digest, "plain")
    assert "Attention &amp; &lt;b&gt;all&lt;/b&gt;" in part(digest, "html")
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    before = await rows(database)
    for link in links(fake.to(TEAM)):
        status, _ = await status_of(running, "GET", link)
        assert status == 200, link
    assert await rows(database) == before


async def _bounces(
    folder: Path, fake: FakeMail, settings: Mapping[str, str], running: Running, day: date
) -> None:
    """A second digest is refused: the subscription stops, and says so everywhere."""
    fake.faults = [Fault("rcpt", "550 5.1.1 no such user")]
    await paperbot(folder, "post", day.isoformat(), "--channel", f"mail:{TEAM}", **settings)

    async def refused() -> bool:
        [found] = (await rows(folder / "bot.db"))["subscription"]
        return bool(found["standing"] == "refused")

    await eventually(refused)
    _, out, _ = await paperbot(folder, "doctor", **settings)
    assert re.search(rf"WRONG  mail:{TEAM}: .*no such user", out)
    assert re.search(r"ok  PAPERBOT_SMTP_URL: 127\.0\.0\.1 port \d+ takes messages", out)

    async def counted() -> bool:
        return 'paperbot_mail_addresses{answer="confirmed"} 1' in await running.text("metrics")

    await eventually(counted)
    status, _, err = await paperbot(folder, "channel", "resume", f"mail:{TEAM}", **settings)
    assert (status, err) == (0, "")
    await until(lambda: len(fake.to(TEAM)) == 3)


async def _unsubscribes(running: Running, fake: FakeMail, database: Path) -> None:
    one_click = str(fake.to(TEAM)[1]["List-Unsubscribe"]).strip("<>")
    body = {"List-Unsubscribe": "One-Click"}
    for _ in range(2):
        status, page = await status_of(running, "POST", one_click, data=body)
        assert (status, "gets no further message" in page) == (200, True)
    assert (await status_of(running, "GET", one_click))[0] == 200
    found = await rows(database)
    assert [row["standing"] for row in found["subscription"]] == ["removed"]
    assert found["mail_address"][0]["unsubscribed_at"] is not None
    status, page = await status_of(running, "POST", f"{SITE}/mail/unsubscribe/guessed", data=body)
    assert (status, "nothing was changed" in page) == (404, True)


async def _until_settled(database: Path) -> None:
    async def settled() -> bool:
        return {row["state"] for row in (await rows(database))["delivery"]} == {"sent"}

    await eventually(settled)
