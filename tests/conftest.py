"""What every test may use: the project's root, real samples where they exist, a browser."""

import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, Engine
from tests.databases import new_database, shared_dsn, stop_shared, throw_away, use

ROOT = Path(__file__).resolve().parent.parent

# A shared, slow machine is no failure: no deadlines, and slow generation is fine.
# CI judges a change, not luck: there, each property gets the same examples every time, and half as
# many as on a developer's machine, where they differ from run to run.
_IS_CI = "CI" in os.environ  # noqa: TID251 - about the tests, not a setting
settings.register_profile(
    "paperbot",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=_IS_CI,
    max_examples=50 if _IS_CI else 100,
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
    parser.addoption(
        "--engine",
        default="both",
        choices=("both", *Engine),
        help="the database that the tests of stores, services and the contract run on",
    )
    parser.addoption(
        "--lookups",
        default=200,
        type=int,
        help="how many look-ups the engines are compared by",
    )
    parser.addoption(
        "--interleavings",
        default=8,
        type=int,
        help="how many orders of writing into a vault in Git are tried",
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the PostgreSQL server of this run; workers leave that to the process that began them."""
    if not hasattr(session.config, "workerinput"):
        stop_shared(_base_of(session.config))


def _base_of(config: pytest.Config) -> Path:
    """The folder that all workers of this run share."""
    base: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    return base.parent if hasattr(config, "workerinput") else base


@pytest.fixture(scope="session")
def postgresql(pytestconfig: pytest.Config) -> str:
    """The address of a PostgreSQL server; skips where there is none."""
    return shared_dsn(_base_of(pytestconfig))


ON_BOTH = (
    "archive/services",
    "archive/store",
    "arxiv/services",
    "arxiv/store",
    "channels",
    "chaos",
    "commands/services",
    "contract",
    "desk",
    "core/services",
    "core/store",
    "digest/services",
    "discussion/services",
    "feeds/services",
    "follow/services",
    "graph/services",
    "lookup/services",
    "mail",
    "lookup/store",
    "operations/services",
    "outbox",
    "webchat",
    "workspaces",
    "reactions/services",
    "recap/services",
)
"""Folders whose tests run on both engines, where they open a database.

That is where they take `db` or call `throw_away`, `staged`, `talking`, `following` or `place`."""

ON_ONE = (
    "archive/services/test_bad_folder_entries.py",
    "archive/services/test_front_matter.py",
    "archive/services/test_hidden_text.py",
    "archive/services/test_import_remarks.py",
    "archive/services/test_sync_copies.py",
    "arxiv/services/test_arxiv_failing.py",
    "chaos/test_discord.py",
    "chaos/test_mail.py",
    "chaos/test_meeting.py",
    "chaos/test_slack.py",
    "chaos/test_talk.py",
    "chaos/test_workspaces.py",
    "contract/test_chat.py",
    "contract/test_commands.py",
    "contract/test_direct.py",
    "contract/test_follow.py",
    "contract/test_hearing.py",
    "contract/test_review.py",
    "contract/test_rights_on_the_web.py",
    "discussion/services/test_discuss_story.py",
)
"""Of those, modules that `--engine both` runs on SQLite only, to save time: they are about files, platforms
or arXiv's answers, and what they read and write is tested on both engines beside them. Three bots that are
killed while people talk are in chaos/test_three_bots.py. `--engine postgresql` and `--chaos-seeds all` run
them on PostgreSQL, too."""


VARIED = (
    "arxiv/services",
    "commands/services",
    "contract",
    "digest/services",
    "discussion/services",
    "outbox",
)
"""Folders in which parameters are platforms, layouts, faults, typed lines and seeds: `--engine both` runs
every fourth combination of a test's parameters on PostgreSQL, where there are more than four. All run on
SQLite, and all on PostgreSQL with `--engine postgresql`. Those of look-ups and stores are not among them."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what `VARIED` says."""
    if config.getoption("--engine") != "both" or config.getoption("--chaos-seeds") == "all":
        return
    combinations: dict[str, list[str]] = {}
    for item in items:
        name = item.nodeid.partition("[")[0]
        spec = getattr(item, "callspec", None)
        if (
            name.removeprefix("tests/").startswith(VARIED)
            and spec is not None
            and spec.params.get("engine") is Engine.POSTGRESQL
        ):
            combinations.setdefault(name, []).append(item.nodeid)
    dropped = {
        each
        for found in combinations.values()
        if len(found) > 4
        for place, each in enumerate(sorted(found))
        if place % 4
    }
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in dropped])
    items[:] = [item for item in items if item.nodeid not in dropped]


@cache
def _opens_database(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return re.search(r"\b(throw_away|staged|talking|following|place)\(", text) is not None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of some folders once for each engine; `-m sqlite` marks what cannot."""
    chosen = metafunc.config.getoption("--engine")
    module = metafunc.definition.path.relative_to(ROOT / "tests").as_posix()
    is_file_only = metafunc.definition.get_closest_marker("sqlite") is not None
    opens = "db" in metafunc.fixturenames or _opens_database(metafunc.definition.path)
    is_of_one = is_file_only or "postgresql" in metafunc.fixturenames
    if module.startswith(ON_BOTH) and opens and not is_of_one:
        engines = tuple(Engine) if chosen == "both" else (Engine(chosen),)
        every = metafunc.config.getoption("--chaos-seeds") == "all"
        if chosen == "both" and module.startswith(ON_ONE) and not every:
            engines = (Engine.SQLITE,)
        metafunc.parametrize("engine", engines, indirect=True, ids=str)


@pytest.fixture(autouse=True)
def engine(request: pytest.FixtureRequest) -> Engine:
    """The engine of the databases that this test opens."""
    chosen: Engine = getattr(request, "param", Engine.SQLITE)
    dsn = request.getfixturevalue("postgresql") if chosen is Engine.POSTGRESQL else ""
    use(chosen, dsn)
    return chosen


@pytest.fixture
async def db() -> AsyncIterator[Database]:
    """An open, empty database that nobody needs afterwards."""
    async with throw_away() as database:
        yield database


@pytest.fixture(params=[Engine.SQLITE, Engine.POSTGRESQL])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | PostgresAddress]:
    """Where a database is to be made; the test runs once for each engine."""
    if request.param is Engine.SQLITE:
        yield tmp_path / "paperbot.db"
        return
    with new_database(request.getfixturevalue("postgresql")) as address:
        yield address


@pytest.fixture(scope="session")
def lookups(pytestconfig: pytest.Config) -> int:
    """How many look-ups a test makes."""
    chosen: int = pytestconfig.getoption("--lookups")
    return chosen


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
    """The path of an installed Chromium; the one without windows needs half of the processor time."""
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    for name in ("chromium-headless-shell", *names):
        path = shutil.which(name)
        if path is not None:
            return path
    pytest.skip("no Chromium is installed")


@pytest.fixture
def overlay(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """The lower layer and the mount point of an overlay, which reports no events of that layer."""
    lower, upper, work, merged = (tmp_path / name for name in ("lower", "upper", "work", "merged"))
    for folder in (lower, upper, work, merged):
        folder.mkdir()
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    done = subprocess.run(
        ["mount", "-t", "overlay", "overlay", "-o", options, merged],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        pytest.skip(f"no overlay can be mounted here: {done.stderr.decode().strip()}")
    yield lower, merged
    subprocess.run(["umount", "-l", merged], check=True)
