"""`paperbot run` as an operator meets it: started, asked, stopped, killed, started twice."""

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.e2e.process import bot, paperbot, ready, starting
from tests.feeds.readers import read
from tests.waiting import eventually

NOTE = (
    "https://arxiv.org/abs/2502.0000{n}\n\n*Paper {n}* (Jane Lee)\n\n{n}번째 생각입니다.\n\n#rl\n"
)


def write_vault(folder: Path) -> Path:
    vault = folder / "vault"
    vault.mkdir()
    for n in (1, 2):
        (vault / f"250204 Paper {n}.md").write_text(NOTE.format(n=n), encoding="utf-8")
    return vault


async def test_it_starts_without_any_setting_says_its_address_and_ends_with_0(
    tmp_path: Path,
) -> None:
    async with bot(tmp_path) as running:
        health = await running.get("healthz")
        page = await running.text("")
        status = await running.stop()

    assert status == 0
    assert health["ok"] is True
    assert health["platforms"]["web"]["ok"] is True
    assert {"plan", "deliver", "edit", "outbox"} <= set(health["pumps"])
    assert "#general" in page
    assert (tmp_path / "data" / "paperbot.db").exists()
    assert not [line for line in running.log if "error" in line.casefold()]


async def test_the_vault_is_imported_at_start_and_followed(tmp_path: Path) -> None:
    vault, site = write_vault(tmp_path), "https://papers.example.org"
    async with bot(tmp_path, PAPERBOT_VAULT=str(vault), PAPERBOT_WEB_URL=site) as running:

        async def shows(title: str) -> bool:
            return title in await running.text("tag/rl")

        await eventually(lambda: shows("Paper 2"))
        (vault / "250205 Paper 3.md").write_text(NOTE.format(n=3), encoding="utf-8")
        await eventually(lambda: shows("Paper 3"))
        feed = await running.text("feeds/en/tags/rl.atom")
        titles = [title for _, title, _ in read(feed)]
        assert titles[0] == "Paper 3"
        assert "Paper 2" in titles
        assert f'href="{site}/feeds/en/tags/rl.atom"' in feed
        (vault / "250204 Paper 1.md").unlink()

        async def is_gone() -> bool:
            return not await shows("Paper 1")

        await eventually(is_gone)
        assert await running.stop() == 0


async def test_what_a_command_plans_beside_it_is_posted_and_edited_when_the_note_changes(
    tmp_path: Path,
) -> None:
    vault = write_vault(tmp_path)
    async with bot(tmp_path, PAPERBOT_VAULT=str(vault)) as running:
        await eventually(lambda: _has(running.text, "tag/rl", "Paper 2"))

        status, _, err = await paperbot(tmp_path, "post", "2025-02-04", "--channel", "web:general")
        assert (status, err) == (0, "")
        await eventually(lambda: _has(running.text, "", "2번째 생각입니다."))

        note = vault / "250204 Paper 2.md"
        note.write_text(NOTE.format(n=2).replace("2번째 생각", "고친 생각"), encoding="utf-8")
        await eventually(lambda: _has(running.text, "", "고친 생각입니다."))
        assert await running.stop() == 0

    log = "".join(running.log)
    assert re.search(r"started: paperbot .*, database data/paperbot\.db, vault /.*web chat at", log)
    assert len(re.findall(r"posted 2025-02-04 to web:general: 2 papers in \d+\.\d s", log)) == 1
    assert running.log[-1].rstrip().endswith("stopped")
    status, out, _ = await paperbot(tmp_path, "deliveries", "--json")
    assert status == 0
    assert {delivery["state"] for delivery in json.loads(out)} == {"sent"}


async def _has(text: Callable[[str], Awaitable[str]], path: str, wanted: str) -> bool:
    return wanted in await text(path)


async def test_a_killed_bot_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    vault = write_vault(tmp_path)
    async with bot(tmp_path) as first:
        await paperbot(tmp_path, "import", str(vault))
        await paperbot(tmp_path, "post", "2025-02-04", "--channel", "web:general")
        await first.kill()

    async with bot(tmp_path) as second:
        await eventually(lambda: _has(second.text, "", "2번째 생각입니다."))
        await second.ticks("deliver")
        page = await second.text("")
        assert await second.stop() == 0

    assert len(re.findall("1번째 생각입니다", page)) == 1
    assert len(re.findall("2번째 생각입니다", page)) == 1


async def test_a_second_bot_waits_with_a_clear_word_and_takes_over(tmp_path: Path) -> None:
    async with (
        bot(tmp_path) as first,
        starting(tmp_path, "run", settings={}) as second,
    ):

        async def says_so() -> bool:
            return any("another bot" in line for line in second.log)

        await eventually(says_so)
        assert str(first.process.pid) in "".join(second.log)
        await first.kill()
        await ready(second)
        health = await second.get("healthz")
        assert health["ok"] is True
        assert await second.stop() == 0


async def test_a_waiting_bot_can_be_stopped(tmp_path: Path) -> None:
    async with bot(tmp_path) as first, starting(tmp_path, "run", settings={}) as second:

        async def waits() -> bool:
            return any("another bot" in line for line in second.log)

        await eventually(waits)
        assert await second.stop() == 0
        assert (await first.get("healthz"))["ok"] is True


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PAPERBOT_WEB_PORT": "eighty"}, "PAPERBOT_WEB_PORT"),
        ({"PAPERBOT_TIMEZONE": "Asia/Soul"}, "PAPERBOT_TIMEZONE"),
        ({"PAPERBOT_WEB_HOST": "203.0.113.7"}, "203.0.113.7"),
        ({"PAPERBOT_DATABASE": "mysql://x"}, "PAPERBOT_DATABASE"),
        ({"PAPERBOT_DATABASE": "sqlite:///nowhere/a.db"}, "there is no folder nowhere"),
        ({"PAPERBOT_VAULT": "nowhere"}, "there is no folder nowhere"),
    ],
)
async def test_a_wrong_setting_ends_it_with_2_and_one_line(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    status, _, err = await paperbot(tmp_path, "run", **settings)

    assert status == 2
    assert said in err
    assert len(err.splitlines()) == 1


async def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    async with bot(tmp_path) as first:
        port = first.address.rpartition(":")[2].strip("/")
        other = tmp_path / "other"
        other.mkdir()

        status, _, err = await paperbot(other, "run", PAPERBOT_WEB_PORT=port)

    assert status == 2
    assert port in err
    assert len(err.splitlines()) == 1


async def test_the_log_can_be_json(tmp_path: Path) -> None:
    async with bot(tmp_path, PAPERBOT_LOG_FORMAT="json") as running:
        await running.stop()

    (tmp_path / ".env").write_text("PAPERBOT_LOG_FORMAT = json\n", encoding="utf-8")
    wrong = {"PAPERBOT_WEB_PORT": "eighty", "PAPERBOT_TIMEZONE": "Seoul"}
    status, out, err = await paperbot(tmp_path, "run", **wrong)
    taken, _, taken_err = await paperbot(tmp_path, "run", PAPERBOT_WEB_HOST="203.0.113.7")

    assert (status, out, taken) == (2, "", 2)
    errors = [json.loads(line) for line in (err + taken_err).splitlines()]
    assert [each["level"] for each in errors] == ["error"] * 3
    assert "did you mean Asia/Seoul?" in errors[1]["message"]
    assert running.log
    assert all("message" in json.loads(line) for line in running.log)
