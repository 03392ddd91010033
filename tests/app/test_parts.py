"""Which parts a process does, and what of shared limits it may use."""

import asyncio
from pathlib import Path

from bot.app.parts import PLAN, Parts, families, post
from bot.core.database.address import PostgresAddress
from bot.core.database.database import open_database
from bot.core.ports import Platform
from bot.settings import Settings
from tests.waiting import until

TEAMS = ("T1", "T2", "T3", "T4")


def test_a_process_does_only_what_its_settings_allow(tmp_path: Path):
    settings = Settings.model_validate({"PAPERBOT_VAULT": str(tmp_path), "ARXIV_POLL": "off"})

    assert families(settings) == {"plan", "vault", "post:web"}


async def test_two_processes_reach_every_channel_once(location: Path | PostgresAddress):
    wanted = {PLAN, post(Platform.WEB), *(post(Platform.SLACK, team) for team in TEAMS)}
    one, other = await open_database(location), await open_database(location)
    parts = [
        Parts(
            db,
            None,
            families={PLAN, post(Platform.WEB), post(Platform.SLACK)},
            wanted=lambda: wanted,
            tell=lambda _trouble: None,
            is_gone=lambda _process: False,  # both are this process
        )
        for db in (one, other)
    ]
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(each.run()) for each in parts]

            def teams(number: int) -> set[str]:
                return {team for _, team in parts[number].reach().workspaces}

            def web() -> int:
                return sum(each.reach().covers("web", "") for each in parts)

            await until(lambda: len(teams(0)) == len(teams(1)) == 2 and web() == 1)
            assert teams(0) | teams(1) == set(TEAMS)

            await parts[0].leave()
            running[0].cancel()
            await until(lambda: teams(1) == set(TEAMS))
            running[1].cancel()
    finally:
        await one.close()
        await other.close()
