"""The fake as a process: prints where it is, serves until it is told to stop."""

import argparse
import asyncio
import json
import signal

from tests.fakes.arxiv.server import FakeArxiv
from tests.fakes.arxiv.world import World


async def main(port: int, *, invents: bool) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with FakeArxiv(World(invents=invents), port=port) as arxiv:
        print(json.dumps({"url": arxiv.url}), flush=True)
        await stopped.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--invents", action="store_true", help="know a paper for every number")
    options = parser.parse_args()
    asyncio.run(main(options.port, invents=options.invents))
