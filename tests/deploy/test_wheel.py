"""The wheel has everything that the bot needs, and works far from the checkout."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.e2e.process import paperbot, ready, starting


@pytest.fixture(scope="module")
def installed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources and unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(
        root / "bot",
        source / "bot",
        symlinks=True,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for name in ("pyproject.toml", "README.md", "LICENSE", ".env.example", "MANIFEST.in"):
        shutil.copy(root / name, source / name)
    built = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)),
        ],
        capture_output=True,
        check=False,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_every_file_of_the_package_is_in_the_wheel(root: Path, installed: Path):
    ours = {
        str(file.relative_to(root))
        for file in (root / "bot").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    packed = {str(file.relative_to(installed)) for file in installed.rglob("*") if file.is_file()}

    assert ours - packed == set()


async def test_it_runs_from_the_wheel_alone(installed: Path, tmp_path: Path):
    settings = {"PYTHONPATH": str(installed), "LC_ALL": "ko_KR.UTF-8"}
    samples = str(installed / "bot" / "samples" / "entries.txt")
    commands = (["init"], ["doctor", "--json"], ["import", samples, "--json"])
    ran = [await paperbot(tmp_path, *words, **settings) for words in commands]
    async with starting(tmp_path, "demo", "--port", "0", settings=settings) as running:
        page = await (await ready(running)).text("")

    assert [status for status, _, _ in ran] == [0, 0, 0]
    assert "만 읽을 수 있습니다" in ran[0][1]
    assert all(finding["ok"] for finding in json.loads(ran[1][1]))
    assert json.loads(ran[2][1])["entries"]["new"] == 12
    assert (tmp_path / "data" / "paperbot.db").exists()
    assert "/static/" in page
