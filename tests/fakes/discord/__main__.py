"""The fake as a process: prints where it is, serves until it is told to stop.

Beside Discord's own addresses it answers `POST /control/{verb}` with a JSON object of arguments:
`channels {"first", "count"}` makes text channels, `fail {…}` a `Fault`, `drop` and `invalidate`
do that to the gateway, `forget` lets minutes pass for nonces, `types {"name", "options"}` lets
somebody send a command and waits for its answer, `says {"text", "at"}` lets somebody talk,
`rates` begins to enforce Discord's limits, `messages` gives what stands where, and `counts` tells
what came of it all.
"""

import argparse
import asyncio
import json
import signal
from collections import Counter
from typing import Any

from aiohttp import web

from tests.fakes.discord.faults import Fault
from tests.fakes.discord.server import FakeDiscord, text_of


class Control:
    """What another process may do with this Discord."""

    def __init__(self, discord: FakeDiscord) -> None:
        self._discord = discord

    async def serve(self, request: web.Request) -> web.Response:
        wanted = await request.json() if request.can_read_body else {}
        verb = getattr(self, f"do_{request.match_info['verb']}", None)
        if verb is None:
            return web.json_response({"error": "no such verb"}, status=404)
        return web.json_response(await verb(**wanted))

    async def do_channels(self, first: int, count: int) -> Any:
        for number in range(first, first + count):
            self._discord.world.add_channel(number, f"channel-{number}")
        return {}

    async def do_people(self, first: int, count: int) -> Any:
        for number in range(first, first + count):
            self._discord.world.add_person(number, f"Person {number}")
        return {}

    async def do_fail(self, **fault: Any) -> Any:
        self._discord.fail(Fault(**fault))
        return {}

    async def do_drop(self) -> Any:
        self._discord.gateway.drop()
        return {}

    async def do_invalidate(self) -> Any:
        await self._discord.gateway.invalidate()
        return {}

    async def do_forget(self) -> Any:
        self._discord.forget_nonces()
        return {}

    async def do_types(self, name: str, options: dict[str, str]) -> Any:
        asked = await self._discord.types(name, options)
        answer = await asked.answer()
        return {"acked_after": asked.acked_after, "private": asked.private, "answer": answer}

    async def do_says(self, text: str, at: int, by: int = 101) -> Any:
        return await self._discord.says(text, by=by, at=at)

    async def do_rates(self) -> Any:
        self._discord.rates.on = True
        return {}

    async def do_messages(self) -> Any:
        return [
            {"id": message["id"], "channel": channel.id, "text": text_of(message)}
            for channel in self._discord.world.channels.values()
            for message in channel.messages.values()
        ]

    async def do_counts(self) -> Any:
        requests = self._discord.requests
        return {
            "requests": len(requests),
            "statuses": Counter(str(request.status) for request in requests),
            "messages": {
                str(channel.id): len(channel.messages)
                for channel in self._discord.world.channels.values()
                if channel.messages
            },
            "identifies": self._discord.gateway.identifies,
            "resumes": self._discord.gateway.resumes,
            "complaints": self._discord.complaints,
        }


async def main(port: int, *, rates: bool, validates: bool) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    discord = FakeDiscord(validates=validates)
    discord.rates.on = rates
    discord.extra_routes = [web.post("/control/{verb}", Control(discord).serve)]
    await discord.start(port)
    places = {"api_base": discord.api_base, "gateway_url": discord.gateway_url}
    print(json.dumps(places | {"control": discord.control_url}), flush=True)
    try:
        await stopped.wait()
    finally:
        await discord.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rates", action="store_true", help="enforce Discord's rates")
    parser.add_argument("--unchecked", action="store_true", help="do not validate bodies")
    options = parser.parse_args()
    asyncio.run(main(options.port, rates=options.rates, validates=not options.unchecked))
