"""What every test may use: the project's root, real samples where they exist, a browser."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# A shared, slow machine is no failure: no deadlines, and slow generation is fine.
# CI judges a change, not luck: there, each property gets the same examples every time.
settings.register_profile(
    "paperbot",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,  # noqa: TID251 - about the tests, not a setting
)
settings.load_profile("paperbot")

# By default the bot asks arXiv. A process that a test starts with this environment does not.
os.environ["ARXIV_POLL"] = "off"  # noqa: TID251 - for child processes


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--chaos-seeds",
        default="few",
        choices=("few", "all"),
        help="how many seeds the tests that kill processes go through",
    )


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real samples that may lie beside the project; never copied into it."""
    folder = ROOT.parent / "shared"
    if not (folder / "samples").is_dir():
        pytest.skip("the real samples (../shared/samples) are not on this machine")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of an installed Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"):
        path = shutil.which(name)
        if path is not None:
            return path
    pytest.skip("no Chromium is installed")
