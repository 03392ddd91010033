"""The fake Slack as a process of its own, driven from outside."""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
import pytest

from bot.core.ports import ChatUnavailableError, DeliveryKey
from bot.platforms.slack.access import Access
from bot.platforms.slack.api import open_client
from bot.platforms.slack.posting import Posting
from tests.fakes.slack import BOT_TOKEN
from tests.platforms.slack.stage import CHANNEL, KEY, Clock, no_waiting, paragraph


async def test_the_fake_runs_as_a_process_and_takes_orders(root: Path):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fakes.slack", "--limits"),
        cwd=root,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    url = json.loads(await process.stdout.readline())["url"]
    control = url.replace("/api/", "/control")
    try:
        async with (
            aiohttp.ClientSession() as session,
            open_client(Access(BOT_TOKEN, api_base=url)) as client,
        ):

            async def told(do: str, **options: object) -> dict[str, object]:
                async with session.post(control, json={"do": do, "with": options}) as answer:
                    return dict(await answer.json())

            posting = Posting(client, clock=Clock(), sleep=no_waiting)
            posted = await posting.post(CHANNEL, None, paragraph("A paper"), KEY)
            said = await told("say", text="hello", channel="C1", thread=posted.id)
            messages = (await told("messages", channel="C1"))["messages"]

            async def post_many() -> None:
                for number in range(100):  # one may go through where the last took a second
                    key = DeliveryKey(f"soon-{number}")
                    await posting.post(CHANNEL, None, paragraph("Too soon"), key)

            with pytest.raises(ChatUnavailableError):
                await post_many()
    finally:
        process.terminate()
        await process.wait()

    assert isinstance(messages, dict)
    assert set(messages) == {posted.id, said["ts"]}
    assert process.returncode == 0
