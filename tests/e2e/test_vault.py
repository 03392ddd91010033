"""`paperbot run` with a vault: bad entries, half-written notes, file systems without events."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.e2e.process import Running, bot, paperbot
from tests.waiting import eventually

NOTE = (
    "https://arxiv.org/abs/2502.0000{n}\n\n*Paper {n}* (Jane Lee)\n\n{n}번째 생각입니다.\n\n#rl\n"
)


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    folder = tmp_path / "vault"
    folder.mkdir()
    for n in (1, 2):
        write(folder, n)
    return folder


def write(folder: Path, n: int) -> Path:
    note = folder / f"250204 Paper {n}.md"
    note.write_text(NOTE.format(n=n), encoding="utf-8")
    return note


async def vault_detail(running: Running) -> str:
    health = json.loads(await running.text("healthz"))
    detail: str = health["pumps"]["vault"]["detail"]
    return detail


async def test_an_emptied_note_keeps_its_message_and_bad_entries_do_not_restart_the_vault(
    tmp_path: Path, vault: Path
) -> None:
    os.mkfifo(vault / "pipe.md")
    (vault / "loop.md").symlink_to("loop.md")
    async with bot(tmp_path, PAPERBOT_VAULT=str(vault)) as running:

        async def shows(text: str) -> bool:
            return text in await running.text("")

        async def has_problems(number: int) -> bool:
            return f"problems: {number}" in await vault_detail(running)

        await eventually(lambda: has_problems(2))
        await paperbot(tmp_path, "post", "2025-02-04", "--channel", "web:general")
        await eventually(lambda: shows("2번째 생각입니다."))

        (vault / "250204 Paper 2.md").write_text("")
        await eventually(lambda: has_problems(3))
        kept = await shows("2번째 생각입니다.")
        (vault / "250204 Paper 2.md").write_text(NOTE.format(n=2).replace("생각", "새 생각"))
        await eventually(lambda: shows("2번째 새 생각입니다."))
        assert await running.stop() == 0

    assert kept
    log = "".join(running.log)
    assert "Traceback" not in log
    assert "started again" not in log


@pytest.mark.parametrize("poll", ["on", "off"])
async def test_a_note_on_a_file_system_without_events_is_found_within_30_seconds(
    tmp_path: Path, overlay: tuple[Path, Path], poll: str
) -> None:
    lower, merged = overlay
    write(lower, 1)
    settings = {"PAPERBOT_VAULT": str(merged), "PAPERBOT_VAULT_POLL": poll}
    async with bot(tmp_path, **settings) as running:

        async def shows(title: str) -> bool:
            return title in await running.text("tag/rl")

        await eventually(lambda: shows("Paper 1"))
        write(lower, 2)
        async with asyncio.timeout(30):
            await eventually(lambda: shows("Paper 2"))
        assert await running.stop() == 0
