"""A vault in Git with a bare remote and somebody else's clone: real Git, real repositories."""

import os
import subprocess
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Commentary, Language
from bot.archive.domain.note import Note
from bot.archive.services.import_parser import read_note
from bot.vault.domain.writing import Author, Change, WriteResult
from bot.vault.services.git_command import Git
from bot.vault.services.vault_git import VaultGit
from bot.vault.services.writer import VaultWriter
from tests.stage import Clock
from tests.waiting import HANGING

ADA = Author("Ada Kim", "slack:T1/U1")
NOTE = Note(
    "A Paper on Reasoning",
    ArxivId("2602.00001"),
    authors=("Jane Lee",),
    date=date(2026, 2, 3),
    commentary=(Commentary(Language.KO, ("첫 문단입니다.",)),),
    tags=("reasoning",),
)
NAME = "260203 A Paper on Reasoning.md"
PATIENCE = timedelta(seconds=HANGING)
"""Git of a slow machine is waited for."""


def environment(home: Path) -> dict[str, str]:
    """This process's, without any configuration of whoever runs the tests."""
    own = os.environ.items()  # noqa: TID251 - a child's environment, not a setting
    plain = {name: value for name, value in own if not name.startswith("GIT_")}
    return plain | {
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_AUTHOR_NAME": "Bo",
        "GIT_AUTHOR_EMAIL": "bo@example.org",
        "GIT_COMMITTER_NAME": "Bo",
        "GIT_COMMITTER_EMAIL": "bo@example.org",
    }


@dataclass
class Place:
    """A remote, the vault, and the clone of somebody who writes, too."""

    root: Path
    clock: Clock = field(default_factory=lambda: Clock(datetime(2026, 2, 3, 3, tzinfo=UTC)))

    is_new: bool = True

    def __post_init__(self) -> None:
        self.remote, self.vault, self.other = (
            self.root / name for name in ("remote.git", "vault", "other")
        )
        self.environment = environment(self.root)
        if self.is_new:
            self.make()
        self.restart()

    @classmethod
    def at(cls, root: Path) -> "Place":
        """A copy of a place, see `move_to_relative`."""
        return cls(root, is_new=False)

    def make(self) -> None:
        """The empty remote, and the vault as its clone."""
        self.git(self.root, "init", "--quiet", "--bare", "-b", "main", str(self.remote))
        self.git(self.root, "clone", "--quiet", str(self.remote), str(self.vault))

    def move_to_relative(self) -> None:
        """Let the clones find the remote beside them, also when all three are copied."""
        for clone in (self.vault, self.other):
            self.git(clone, "remote", "set-url", "origin", "../remote.git")

    def restart(self) -> None:
        """The bot is started anew."""
        own = {name: text for name, text in self.environment.items() if name[:10] != "GIT_AUTHOR"}
        self.bot = VaultGit(Git(self.vault, own), clock=self.clock, at_once=PATIENCE)
        self.writer = VaultWriter(self.vault, self.bot)

    def begin(self) -> None:
        """A first commit, and the other clone."""
        (self.vault / "README.rst").write_text("notes\n", encoding="utf-8")
        self.git(self.vault, "add", "README.rst")
        self.git(self.vault, "commit", "--quiet", "-m", "begin")
        self.git(self.vault, "push", "--quiet", "origin", "main")
        self.git(self.root, "clone", "--quiet", str(self.remote), str(self.other))

    def git(self, folder: Path, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert fails or done.returncode == 0, done.stderr
        return done.stdout

    def log(self, folder: Path, *arguments: str, ref: str = "HEAD") -> list[str]:
        """Author, committer and subject of each commit, newest first, and its files."""
        form = "--format=%an <%ae>|%cn|%s"
        return self.git(folder, "log", form, *arguments, ref).splitlines()

    def pushes(self, name: str, text: str, *, is_fresh: bool = False) -> None:
        """The other commits a file and pushes it."""
        if not is_fresh:
            self.git(self.other, "pull", "--quiet", "--rebase")
        (self.other / name).write_text(text, encoding="utf-8")
        self.git(self.other, "add", name)
        self.git(self.other, "commit", "--quiet", "-m", f"other: {name}")
        self.git(self.other, "push", "--quiet")

    def change(self, *paragraphs: str, name: str = NAME, text: str | None = None) -> Change:
        """A change of what somebody read in the note."""
        read = (self.vault / name).read_text(encoding="utf-8") if text is None else text
        before = replace(Note.of(read_note(read, name)), path=name)
        after = replace(before, commentary=(Commentary(Language.KO, paragraphs),))
        return Change(read, before, after)

    async def changes(self, *paragraphs: str) -> WriteResult:
        return await self.writer.change(self.change(*paragraphs), ADA)

    def status(self) -> list[str]:
        """What is not committed in the vault."""
        return self.git(self.vault, "status", "--porcelain", "-z").strip("\0").split("\0")
