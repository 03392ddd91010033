"""What the bot does with the vault's Git repository; each step raises `GitError`.

Nothing here merges, rebases, stashes or resets, and no file that somebody else changed is committed.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from bot.core.domain.dataclass import dataclass
from bot.vault.domain.commit import BOT_EMAIL, BOT_NAME, ToCommit
from bot.vault.domain.git_error import GitError, Kind, explain
from bot.vault.services.git_command import LOCALLY, Answer, Git

_IN_PROGRESS = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}
_COMMITTER = {"GIT_COMMITTER_NAME": BOT_NAME, "GIT_COMMITTER_EMAIL": BOT_EMAIL}
_FIELDS = (
    "%(upstream)%00%(upstream:remotename)%00%(upstream:remoteref)%00%(upstream:track,nobracket)"
)

_MOST = 1000
"""Commits that are looked at: those of a branch that was never pushed may be many."""
_COMMIT = "%H%x00%ce%x00%an%x00%ae%x00%s"


@dataclass(frozen=True, slots=True)
class Branch:
    """The branch that is checked out; without upstream, `upstream` is empty.

    `ahead` and `behind` count commits against what was fetched last.
    """

    name: str
    upstream: str = ""
    remote: str = ""
    remote_ref: str = ""
    ahead: int = 0
    behind: int = 0


@dataclass(frozen=True, slots=True)
class Unpushed:
    """A commit that the upstream does not have."""

    name: str
    committer: str
    author: str
    email: str
    subject: str


@dataclass(frozen=True, slots=True)
class OwnCommits:
    """The bot's own commits from `base` to `head`, by file; the digests are not known yet."""

    base: str
    head: str
    files: tuple[ToCommit, ...]


class Repository:
    """The Git repository that a folder is in."""

    def __init__(self, git: Git) -> None:
        self._git = git

    async def find_git_folder(self) -> Path:
        """The folder of Git's own files; raises `GitError` where there is no work tree."""
        answer = await self._git.run("rev-parse", "--absolute-git-dir", "--is-inside-work-tree")
        lines = answer.out.splitlines()
        if answer.status or lines[1:] != ["true"]:
            trouble = self._explained("rev-parse", answer, "")
            if trouble.kind is Kind.OWNER:
                raise trouble
            raise GitError(Kind.NO_REPOSITORY, folder=self._git.folder)
        return Path(lines[0])

    async def read_branch(self, git_folder: Path) -> Branch:
        """The branch, unless somebody is in the middle of something."""
        for name, what in _IN_PROGRESS.items():
            if (git_folder / name).exists():
                raise GitError(Kind.IN_PROGRESS, what=what)
        head = await self._git.run("symbolic-ref", "--quiet", "HEAD")
        if head.status:
            raise GitError(Kind.DETACHED)
        ref = head.out.strip()
        name = ref.removeprefix("refs/heads/")
        found = await self._git.run("for-each-ref", f"--format={_FIELDS}", ref)
        if not found.out:  # a clone of an empty repository has no commit yet
            set_up = await self._git.run(
                "config", "--get-regexp", f"^branch\\.{re.escape(name)}\\."
            )
            values = dict(line.split(" ", 1) for line in set_up.out.splitlines())
            remote = values.get(f"branch.{name}.remote", "")
            return Branch(name, "", remote, values.get(f"branch.{name}.merge", ""))
        upstream, remote, remote_ref, track = found.out.strip("\n").split("\0")
        if track == "gone":
            return Branch(name, "", remote, remote_ref, ahead=1)
        counts = dict(part.split(" ") for part in track.split(", ") if part)
        ahead, behind = (int(counts.get(each, 0)) for each in ("ahead", "behind"))
        return Branch(name, upstream, remote, remote_ref, ahead, behind)

    async def check_upstream(self, branch: Branch) -> None:
        """Raise `GitError` where the branch is pushed nowhere."""
        if not branch.remote:
            remotes = await self._git.run("remote")
            kind = Kind.NO_UPSTREAM if remotes.out.strip() else Kind.NO_REMOTE
            raise GitError(kind, branch=branch.name)

    async def fetch(self, branch: Branch, within: timedelta) -> None:
        """Learn what the upstream has."""
        await self.check_upstream(branch)
        fetched = await self._git.run("fetch", "--quiet", branch.remote, within=within)
        self._check("fetch", fetched, branch)

    async def fast_forward(self, branch: Branch) -> None:
        """Bring the branch to its upstream where it has nothing of its own."""
        if not branch.behind:
            return
        if branch.ahead:
            raise GitError(Kind.DIVERGED, branch=branch.name)
        merged = await self._git.run(
            *("-c", "merge.autoStash=false", "merge", "--ff-only", "--quiet", branch.upstream)
        )
        self._check("merge", merged, branch)

    async def is_clean(self, path: str) -> bool:
        """Whether a file is what was committed last."""
        return await self._state(path) == ""

    async def commit(self, file: ToCommit, branch: Branch) -> None:
        """Commit one file as its author; nothing where it is committed.

        What others have added to the index stays there.
        """
        state = await self._state(file.path)
        if state == "!!":
            raise GitError(Kind.IGNORED, file=file.path)
        if not state:
            return
        path = _literal(file.path)
        if state == "??":
            added = await self._git.run("add", "--intent-to-add", "--", path)
            self._check("add", added, branch)
        author = {"GIT_AUTHOR_NAME": file.name, "GIT_AUTHOR_EMAIL": file.email}
        done = await self._git.run(
            *("commit", "--only", "--quiet", "-m", file.message, "--", path),
            given=_COMMITTER | author,
        )
        self._check("commit", done, branch)

    async def push(self, branch: Branch, within: timedelta, *, is_trial: bool = False) -> None:
        """Push the branch to its upstream, or only see whether that may be done."""
        refs = f"refs/heads/{branch.name}:{branch.remote_ref}"
        options = ("--dry-run", "--no-verify") if is_trial else ()
        done = await self._git.run("push", "--quiet", *options, branch.remote, refs, within=within)
        self._check("push", done, branch)

    async def list_unpushed(self, branch: Branch, head: str = "HEAD") -> Sequence[Unpushed]:
        """The commits that the upstream does not have, oldest first."""
        commits = f"{branch.upstream}..{head}" if branch.upstream else head
        listed = await self._git.run(
            *("log", "--reverse", f"--max-count={_MOST}", f"--format={_COMMIT}", commits)
        )
        return [Unpushed(*line.split("\0")) for line in listed.out.splitlines()]

    async def find_own(self, branch: Branch) -> OwnCommits:
        """The bot's own commits that are not pushed, where the upstream has others.

        Raises `GitError` where a commit is not the bot's, or a file was changed on both sides.
        """
        diverged = GitError(Kind.DIVERGED, branch=branch.name)
        head = (await self._git.run("rev-parse", "HEAD")).out.strip()
        commits = await self.list_unpushed(branch, head)
        if any(commit.committer != BOT_EMAIL for commit in commits):
            raise diverged
        base = (await self._git.run("merge-base", branch.upstream, head)).out.strip()
        ours = await self._changed(base, head)
        on_both_sides = ours & await self._changed(base, branch.upstream)
        if not base or on_both_sides & await self._changed(head, branch.upstream):
            raise diverged
        authors: dict[str, ToCommit] = {}
        for commit in commits:
            for path in await self._changed(f"{commit.name}^", commit.name):
                authors[path] = ToCommit(path, "", commit.author, commit.email, commit.subject)
        if authors.keys() != ours:
            raise diverged
        return OwnCommits(base, head, tuple(authors.values()))

    async def undo(self, branch: Branch, own: OwnCommits) -> None:
        """Let the branch end where it met its upstream, unless it has moved; no file changes."""
        ref = f"refs/heads/{branch.name}"
        moved = await self._git.run(
            *("update-ref", "-m", "paperbot: commit anew", ref, own.base, own.head)
        )
        self._check("update-ref", moved, branch)

    async def _changed(self, old: str, new: str) -> set[str]:
        listed = await self._git.run(
            *("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--relative", old, new)
        )
        return set(listed.out.strip("\0").split("\0")) - {""}

    async def _state(self, path: str) -> str:
        """The two letters of `git status`; empty where the file is committed."""
        listed = await self._git.run(
            *("status", "--porcelain", "-z", "--untracked-files=all", "--ignored=matching"),
            *("--", _literal(path)),
            within=LOCALLY,
        )
        self._check("status", listed, Branch(""))
        return listed.out[:2].strip("\0")

    def _check(self, command: str, answer: Answer, branch: Branch) -> None:
        if answer.status:
            raise self._explained(command, answer, branch.name)

    def _explained(self, command: str, answer: Answer, branch: str) -> GitError:
        return explain(command, answer.said, folder=str(self._git.folder), branch=branch)


def _literal(path: str) -> str:
    """The path itself: brackets and stars in it are no pattern."""
    return f":(literal){path}"
