"""The units and the container files say what systemd and the bot agree with."""

import os
import re
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from bot.settings import setting_names

UNITS = ("paperbot.service", "paperbot-backup.service", "paperbot-backup.timer")
MOST_EXPOSED = 20
"""Of 100, in `systemd-analyze security`; an ordinary service has 96."""


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not installed")
    return found


@pytest.fixture
def units(root: Path, tmp_path: Path) -> list[Path]:
    """The units with a program that is on this machine, too."""
    copies = []
    for name in UNITS:
        text = (root / "deploy" / name).read_text(encoding="utf-8")
        copy = tmp_path / name
        copy.write_text(text.replace("/opt/paperbot/.venv/bin/paperbot", "/bin/true"), "utf-8")
        copies.append(copy)
    return copies


def test_systemd_finds_nothing_wrong_with_the_units(analyze: str, units: list[Path]) -> None:
    verified = subprocess.run(
        [analyze, "verify", *map(str, units)], capture_output=True, text=True, check=False
    )

    assert verified.stderr == ""
    assert verified.returncode == 0


def test_the_guides_addition_to_the_unit_is_valid(
    root: Path, analyze: str, units: list[Path]
) -> None:
    for guide in ("operating.md", "operating.ko.md"):
        text = (root / "docs" / guide).read_text(encoding="utf-8")
        addition = units[0].with_name("paperbot.service.d") / "vault.conf"
        addition.parent.mkdir(exist_ok=True)
        addition.write_text(text.partition("```ini\n")[2].partition("```")[0], encoding="utf-8")

        verified = subprocess.run(
            [analyze, "verify", str(units[0])], capture_output=True, text=True, check=False
        )

        assert "RequiresMountsFor" in addition.read_text(encoding="utf-8")
        assert (verified.returncode, verified.stderr) == (0, "")


def test_the_services_are_hardened(analyze: str, units: list[Path]) -> None:
    for unit in units[:2]:
        judged = subprocess.run(
            [analyze, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(unit)],
            capture_output=True,
            text=True,
            check=False,
        )

        assert judged.returncode == 0, judged.stdout[-400:]


def test_every_setting_that_deployment_makes_exists(root: Path) -> None:
    for name in ("Dockerfile", "compose.yaml", "compose.postgres.yaml", *UNITS):
        text = (root / "deploy" / name).read_text(encoding="utf-8")
        used = set(re.findall(r"\b(?:PAPERBOT|SLACK|DISCORD|ARXIV)_[A-Z_]+", text))

        assert used <= set(setting_names()), name


def test_old_backups_and_what_is_left_of_killed_ones_are_deleted(
    root: Path, tmp_path: Path
) -> None:
    now = time.time()
    for name, days in {
        "paperbot-2026-11-27T031500Z.db": 2,
        "paperbot-2026-10-01T031500Z.db": 32,
        "move.db": 400,
        ".paperbot-2026-11-27T031500Z.db.a1b2c3d4": 2,
        ".paperbot-2026-11-27T031500Z.db.a1b2c3d4-journal": 2,
        ".paperbot-2026-11-28T031500Z.db.e5f6a7b8": 0,
    }.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (now, now - days * 86400 - 60))
    unit = (root / "deploy/paperbot-backup.service").read_text(encoding="utf-8")

    for command in re.findall(r"^ExecStartPost=(.+)$", unit, re.MULTILINE):
        local = command.replace("/var/lib/paperbot/backups", str(tmp_path))
        subprocess.run(shlex.split(local), check=True)

    assert sorted(each.name for each in tmp_path.iterdir()) == [
        ".paperbot-2026-11-28T031500Z.db.e5f6a7b8",
        "move.db",
        "paperbot-2026-11-27T031500Z.db",
    ]


def test_the_image_installs_only_what_is_locked_and_runs_as_nobody_in_particular(
    root: Path,
) -> None:
    text = (root / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)

    assert "ARG REQUIREMENTS=requirements.txt\n" in text
    assert "--require-hashes -r ${REQUIREMENTS}" in text
    assert re.search(r"^USER paperbot$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
    for source in " ".join(copied).split():
        assert (root / source).exists(), source
