"""The fake as a process: prints where it is, serves until it is told to stop."""

import argparse
import asyncio
import json
import signal

from tests.fakes.slack.faults import Limits
from tests.fakes.slack.server import FakeSlack


async def main(port: int, *, limits: bool) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with FakeSlack(port=port, limits=Limits() if limits else None) as slack:
        print(json.dumps({"url": slack.url}), flush=True)
        await stopped.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--limits", action="store_true", help="enforce Slack's rates")
    options = parser.parse_args()
    asyncio.run(main(options.port, limits=options.limits))
