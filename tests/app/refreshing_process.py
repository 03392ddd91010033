"""A process that replaces Slack's tokens that are due: `… DATABASE API_BASE KEY HOURS_AHEAD`.

It says that it is ready, and begins when it reads a line.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.app.slack.install_requests import exchange_by
from bot.core.database.database import opened
from bot.settings import Settings
from bot.workspaces.services import token_refresh
from tests.fakes.slack.oauth import CLIENT_ID, CLIENT_SECRET


async def main(database: str, api_base: str, key: str, hours: str) -> None:
    ahead = timedelta(hours=int(hours))
    settings = Settings.model_validate(
        {
            "SLACK_CLIENT_ID": CLIENT_ID,
            "SLACK_CLIENT_SECRET": CLIENT_SECRET,
            "SLACK_API_BASE": api_base,
        }
    )

    def clock() -> datetime:
        return datetime.now(UTC) + ahead

    async with opened(Path(database)) as db:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        await token_refresh.refresh_due(db, [key], exchange_by(settings, clock=clock), clock=clock)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
