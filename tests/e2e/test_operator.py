"""Who gets the operator's rights in the web chat, behind what people put before a bot.

A stranger gets none, wherever their connection seems to come from; the operator has them with the
one-time address, through the same proxy (issue 12, item 1).
"""

import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import expect

from tests.browser import browsing
from tests.browser import visiting as visiting_page
from tests.e2e.process import Running, bot, paperbot
from tests.e2e.proxies import byte_pipe, haproxy, nginx

Front = Callable[[Path, str], AbstractAsyncContextManager[str]]
PASSED_HOST = "proxy_set_header Host $http_host;"


@asynccontextmanager
async def nothing(_: Path, upstream: str) -> AsyncIterator[str]:
    yield upstream


FRONTS: dict[str, Front] = {
    "nothing": nothing,
    "nginx": nginx,
    "nginx that passes Host": lambda folder, upstream: nginx(folder, upstream, PASSED_HOST),
    "haproxy": haproxy,
    "a byte pipe": lambda _, upstream: byte_pipe(upstream),
}


class Visitor:
    """A browser, as far as the server can tell."""

    def __init__(self, address: str, client: aiohttp.ClientSession) -> None:
        self.address = address
        self.client = client

    async def get(self, path: str = "") -> str:
        async with self.client.get(self.address + path) as response:
            return await response.text()

    async def post(self, path: str, **body: object) -> tuple[int, Any]:
        own = {"Sec-Fetch-Site": "same-origin", "Origin": self.address.rstrip("/")}
        async with self.client.post(self.address + path, json=body, headers=own) as response:
            return response.status, await response.json()

    async def ask(self, line: str) -> str:
        """What the command line is answered."""
        status, answer = await self.post(
            "api/say", channel="general", text=line, nonce=secrets.token_hex(8)
        )
        assert status == 200, answer
        return str(answer)

    async def has_rights(self) -> bool:
        """Whether the operator's rights are there: all of them, or none."""
        refusal = "Only people who may manage this channel"
        code = re.search(r"/digest link [A-Z0-9]", await self.ask("/digest link"))
        found = {
            refusal not in await self.ask("/digest pause"),
            code is not None,
            (await self.post("api/channel", name="made-here"))[0] == 200,
            "data-add-channel" in await self.get(),
        }
        assert len(found) == 1, found
        return found.pop()


@asynccontextmanager
async def visiting(address: str) -> AsyncIterator[Visitor]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        yield Visitor(address, client)


async def one_time_addresses(folder: Path, **settings: str) -> list[str]:
    status, out, err = await paperbot(folder, "open", **settings)
    assert (status, err) == (0, "")
    return re.findall(r"https?://\S+\?token=\S+", out)


@pytest.mark.parametrize("name", FRONTS)
async def test_behind_anything_only_the_operator_has_rights(tmp_path: Path, name: str) -> None:
    await paperbot(tmp_path, "channel", "add", "web:general", "--at", "09:00", "--tz", "UTC")
    async with bot(tmp_path) as running, FRONTS[name](tmp_path, running.address) as front:
        async with visiting(front) as stranger:
            assert not await stranger.has_rights()

        (address,) = await one_time_addresses(tmp_path)
        async with visiting(front) as operator:
            await operator.get(address.removeprefix(running.address))
            assert await operator.has_rights()

        async with visiting(front) as late:
            assert "paperbot open" in await late.get(address.removeprefix(running.address))
            assert not await late.has_rights()


@pytest.mark.browser
async def test_a_browser_behind_nginx_has_the_operators_rights(
    tmp_path: Path, chromium: str
) -> None:
    async with (
        bot(tmp_path) as running,
        nginx(tmp_path, running.address) as front,
        browsing(chromium) as browser,
        visiting_page(
            browser, front + running.one_time_address.removeprefix(running.address)
        ) as page,
    ):
        assert page.url == front
        await page.get_by_role("button", name="Add a channel").click()
        await page.get_by_role("textbox", name="What is the new channel called?").fill("team")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("#team")


async def test_run_prints_the_address_that_gives_rights_once(tmp_path: Path) -> None:
    await paperbot(tmp_path, "channel", "add", "web:general", "--at", "09:00", "--tz", "UTC")
    async with bot(tmp_path) as running, visiting(running.address) as operator:
        assert not await operator.has_rights()
        await operator.get(running.one_time_address.removeprefix(running.address))
        assert await operator.has_rights()
        assert "token=" not in "".join(running.log)


async def test_open_names_the_address_behind_the_proxy_too(tmp_path: Path) -> None:
    names = {"PAPERBOT_WEB_NAMES": "papers.example.org"}
    async with bot(tmp_path, **names) as running:
        local, public = await one_time_addresses(tmp_path, **names)

    assert local.startswith(running.address)
    assert public.startswith("https://papers.example.org/?token=")


async def test_open_says_where_there_is_no_bot_yet(tmp_path: Path) -> None:
    status, _, err = await paperbot(tmp_path, "open")

    assert status == 1
    assert len(err.splitlines()) == 1


async def test_open_says_where_the_bot_does_not_run(tmp_path: Path) -> None:
    async with bot(tmp_path) as running:
        await running.stop()

    status, out, err = await paperbot(tmp_path, "open")

    assert status == 0
    assert out.startswith(running.address)
    assert "paperbot run" in err


async def test_the_rights_outlive_a_restart(tmp_path: Path) -> None:
    async with visiting("") as operator:
        async with bot(tmp_path) as first:
            operator.address = first.address
            await operator.get(first.one_time_address.removeprefix(first.address))
            await first.stop()
        async with bot(tmp_path) as second:
            operator.address = second.address
            assert "data-add-channel" in await operator.get()


async def test_a_page_behind_nginx_hears_of_changes_at_once(tmp_path: Path) -> None:
    async with bot(tmp_path) as running, nginx(tmp_path, running.address) as front:
        await _hears(running, front)


async def _hears(running: Running, front: str) -> None:
    async with visiting(front) as visitor, visitor.client.get(f"{front}events?after=0") as stream:
        assert stream.status == 200
        assert await stream.content.readline()
        async with visiting(running.address) as other:
            status, _ = await other.post(
                "api/say", channel="general", text="hello there", nonce="0123456789"
            )
            assert status == 200
        heard = b""
        while b"hello there" not in heard:
            heard = await stream.content.readline()
            assert heard
