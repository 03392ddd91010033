"""What the bot writes into a vault in Git is committed and pushed, and nothing else."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.core.catalogue import Catalogues
from bot.operations.services.doctor_git import check_vault_git
from bot.vault.domain.writing import Conflict, Written
from bot.vault.services.git_command import Git
from bot.vault.services.vault_git import VaultGit
from bot.vault.services.writer import VaultWriter
from tests.vault.git_stage import ADA, NAME, NOTE, Place

MINE = "Ada Kim <slack.T1.U1@paperbot.invalid>|paperbot"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.begin()
    return place


async def test_a_note_is_pulled_for_committed_alone_and_pushed(place: Place) -> None:
    place.pushes("260101 Other [1].md", "other\n")
    (place.vault / "half.md").write_text("half\n", encoding="utf-8")
    (place.vault / "staged.md").write_text("staged\n", encoding="utf-8")
    place.git(place.vault, "add", "staged.md")

    added = await place.writer.add(NOTE, ADA)
    again = await place.writer.add(NOTE, ADA)
    changed = await place.changes("고친 글입니다.")

    assert (added.trouble, again.trouble, changed.trouble) == ("", "", "")
    assert place.log(place.remote, ref="main")[:3] == [
        f"{MINE}|Change 260203 A Paper on Reasoning",
        f"{MINE}|Add 260203 A Paper on Reasoning",
        "Bo <bo@example.org>|Bo|other: 260101 Other [1].md",
    ]
    named = place.git(place.vault, "log", "-2", "-z", "--format=", "--name-only")
    assert set(named.strip("\0\n").split("\0")) - {""} == {NAME}
    assert place.status() == ["A  staged.md", "?? half.md"]
    assert (place.vault / "260101 Other [1].md").exists()
    assert place.bot.condition.ok


async def test_of_two_versions_only_those_that_the_bot_wrote_are_committed(place: Place) -> None:
    await place.writer.add(NOTE, ADA)
    pulled, dirty = place.change("고친 글"), place.change("다시 고친 글")
    place.git(place.other, "pull", "--quiet")
    place.pushes(NAME, (place.other / NAME).read_text(encoding="utf-8") + "\nother\n")

    first = await place.writer.change(pulled, ADA)
    clean = place.status()
    with (place.vault / NAME).open("a", encoding="utf-8") as file:
        file.write("an editor's\n")
    second = await place.writer.change(dirty, ADA)

    assert isinstance(first, Conflict)
    assert isinstance(second, Conflict)
    assert (first.trouble, second.trouble, clean) == ("", "", [""])
    assert place.status() == [f" M {NAME}"]
    assert place.log(place.remote, "-1", ref="main") == [
        f"{MINE}|Add 260203 A Paper on Reasoning (Ada Kim), 2"
    ]


async def test_a_push_that_failed_is_retried_later_and_after_a_restart(place: Place) -> None:
    gone = place.remote.with_name("away")
    place.remote.rename(gone)

    written = await place.writer.add(NOTE, ADA)
    place.restart()
    await place.bot.retry()
    first = place.bot.condition
    gone.rename(place.remote)
    place.pushes("260101 Other.md", "other\n")
    await place.bot.retry()
    early = place.bot.condition
    place.clock.turn(minutes=2)
    await place.bot.retry()

    assert "The file is written. The vault's remote cannot be reached" in written.trouble
    assert (place.vault / NAME).exists()
    assert not first.ok
    assert early == first
    assert place.bot.condition.ok
    # The other was first: the bot's commit, which nobody had, was made anew upon it.
    assert place.log(place.remote, "-2", ref="main") == [
        f"{MINE}|Add 260203 A Paper on Reasoning",
        "Bo <bo@example.org>|Bo|other: 260101 Other.md",
    ]
    assert place.status() == [""]


async def test_what_an_editor_changed_since_is_not_committed_with_a_commit_made_anew(
    place: Place,
) -> None:
    place.remote.rename(place.remote.with_name("away"))
    await place.writer.add(NOTE, ADA)
    place.remote.with_name("away").rename(place.remote)
    place.pushes("260101 Other.md", "other\n")
    with (place.vault / NAME).open("a", encoding="utf-8") as file:
        file.write("an editor's\n")

    await place.bot.retry()
    dirty, told = place.status(), place.bot.condition
    place.git(place.vault, "checkout", "--", NAME)
    place.clock.turn(minutes=2)
    await place.bot.retry()

    assert dirty == [f" M {NAME}"]
    assert "have diverged" in told.detail
    assert place.bot.condition.ok
    assert place.log(place.remote, "-1", ref="main") == [f"{MINE}|Add 260203 A Paper on Reasoning"]


async def test_a_clone_of_an_empty_repository_gets_its_first_commit(tmp_path: Path) -> None:
    place = Place(tmp_path)

    written = await place.writer.add(NOTE, ADA)

    assert written.trouble == ""
    assert place.log(place.remote, ref="main") == [f"{MINE}|Add 260203 A Paper on Reasoning"]


def lock(place: Place) -> None:
    (place.vault / ".git/index.lock").touch()


def no_remote(place: Place) -> None:
    place.git(place.vault, "remote", "remove", "origin")


def no_upstream(place: Place) -> None:
    place.git(place.vault, "branch", "--unset-upstream")


def detached(place: Place) -> None:
    place.git(place.vault, "checkout", "--quiet", "--detach")


def diverged(place: Place) -> None:
    place.pushes("a.md", "a\n")
    place.git(place.vault, "commit", "--quiet", "--allow-empty", "-m", "Bo's own")


def merging(place: Place) -> None:
    place.pushes("a.md", "a\n")
    (place.vault / "a.md").write_text("b\n", encoding="utf-8")
    place.git(place.vault, "add", "a.md")
    place.git(place.vault, "commit", "--quiet", "-m", "mine")
    place.git(place.vault, "pull", "--quiet", "--no-rebase", "--no-edit", fails=True)


def rebasing(place: Place) -> None:
    merging(place)
    place.git(place.vault, "merge", "--abort")
    place.git(place.vault, "pull", "--quiet", "--rebase", fails=True)


def in_the_way(place: Place) -> None:
    place.pushes("README.rst", "new\n")
    (place.vault / "README.rst").write_text("being edited\n", encoding="utf-8")


def failing_hook(place: Place) -> None:
    hook = place.vault / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'no notes on Sundays' >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)


def refusing_remote(place: Place) -> None:
    hook = place.remote / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'protected' >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)


def ignored(place: Place) -> None:
    (place.vault / ".git/info").mkdir(exist_ok=True)
    (place.vault / ".git/info/exclude").write_text("*.md\n", encoding="utf-8")


def no_repository(place: Place) -> None:
    shutil.rmtree(place.vault / ".git")


@pytest.mark.parametrize(
    ("break_it", "line", "is_committed"),
    [
        (lock, r"Another Git is at work in the vault.*delete .*index\.lock", False),
        (no_remote, "no remote", True),
        (no_upstream, "branch main .* no upstream", True),
        (detached, "on no branch", False),
        (diverged, "branch main and its remote have diverged", True),
        (merging, "in progress: merge", False),
        (rebasing, "in progress: rebase", False),
        (in_the_way, r"nobody committed keep Git from a pull", False),
        (failing_hook, r"hooks refused the commit \(no notes on Sundays\)", False),
        (refusing_remote, r"push of the vault was refused \(.*protected", True),
        (ignored, "ignored by Git", False),
        (no_repository, "not in a Git repository", False),
    ],
)
async def test_what_keeps_git_from_it_is_one_line_and_the_file_stays(
    place: Place, break_it, line: str, is_committed: bool
) -> None:
    break_it(place)
    before = place.status() if break_it is not no_repository else []

    written = await place.writer.add(NOTE, ADA)

    assert isinstance(written, Written)
    assert (place.vault / NAME).read_text(encoding="utf-8") == written.text
    assert "\n" not in written.trouble
    assert re.search(line, written.trouble), written.trouble
    assert not place.bot.condition.ok
    assert place.bot.condition.detail in written.trouble
    if break_it is not no_repository:
        clean = [each for each in place.status() if NAME not in each]
        assert clean == [each for each in before if each] or clean == before
        assert (f"Add {NAME[:-3]}" in place.git(place.vault, "log", "--format=%s")) is is_committed


@asynccontextmanager
async def answering(handle: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[int]:
    """A server on a port of this machine."""
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_a_remote_that_asks_for_a_password_is_said_without_the_password(place: Place) -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})

    troubles = []
    async with answering(refuse) as port:
        for user in ("", "bot:s3cret@"):
            url = f"http://{user}127.0.0.1:{port}/vault.git"
            place.git(place.vault, "remote", "set-url", "origin", url)
            troubles.append((await place.writer.add(NOTE, ADA)).trouble)

    assert all("The vault's remote does not let the bot in" in trouble for trouble in troubles)
    assert "s3cret" not in "".join(troubles)


async def test_a_remote_that_does_not_answer_makes_nobody_wait_long(place: Place) -> None:
    asked = asyncio.Event()

    async def never(_request: web.Request) -> web.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    patience = timedelta(seconds=0.3)
    bot = VaultGit(Git(place.vault, place.environment), clock=place.clock, at_once=patience)
    async with answering(never) as port:
        url = f"http://127.0.0.1:{port}/vault.git"
        place.git(place.vault, "remote", "set-url", "origin", url)
        written = await VaultWriter(place.vault, bot).add(NOTE, ADA)

    assert "git fetch did not end within 0.3 s" in written.trouble
    assert place.status() == [""]
    assert not list((place.vault / ".git").glob("*.lock"))


async def test_doctor_says_how_things_stand_and_pushes_nothing(place: Place) -> None:
    say = Catalogues()("ko")
    place.git(place.vault, "commit", "--quiet", "--allow-empty", "-m", "Bo's own")

    well = await check_vault_git(place.vault, place.environment, say=say)
    refusing_remote(place)
    place.git(place.vault, "branch", "--unset-upstream")
    wrong = await check_vault_git(place.vault, place.environment, say=say)

    assert (well.ok, wrong.ok) == (True, False)
    assert well.words == "원격 origin의 브랜치 main, 커밋할 노트: 0, 푸시할 커밋: 1"
    assert "업스트림이 없어" in wrong.words
    assert place.log(place.remote, "-1", ref="main") == ["Bo <bo@example.org>|Bo|begin"]


async def test_without_git_the_file_is_written(place: Place, tmp_path: Path) -> None:
    bot = VaultGit(Git(place.vault, {"PATH": str(tmp_path / "nothing")}), clock=place.clock)

    written = await VaultWriter(place.vault, bot).add(NOTE, ADA)

    assert "Git is not installed" in written.trouble
    assert (place.vault / NAME).exists()
