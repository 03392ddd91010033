"""Keeps the vault's Git repository up to date with what the bot writes (`PAPERBOT_VAULT_GIT`).

Before a write: fetch, and a fast-forward. After it: a commit of exactly that file, and a push. What
failed is in Git's own folder, or is a commit that is not pushed: `retry` goes on with it, also after a
restart. The file stays in any case.
"""

import asyncio
import hashlib
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bot.core.domain.i18n import Worded
from bot.core.ports import Condition
from bot.vault.domain.commit import BOT_EMAIL, ToCommit
from bot.vault.domain.git_error import LASTING, GitError, Kind
from bot.vault.services.git_command import Git
from bot.vault.services.repository import Branch, Repository

log = logging.getLogger(__name__)

AT_ONCE = timedelta(seconds=4)
"""`retry` has more patience."""
_PATIENTLY = timedelta(minutes=1)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=30)
_TRIES, _BETWEEN = 4, timedelta(milliseconds=250)
"""An editor's own Git holds its lock for moments."""

_FOLDER = "paperbot"


class VaultGit:
    """One vault in Git. Nothing here raises.

    `clock` gives the aware instant; `at_once` is how long a curator waits for the remote, each way.
    Several processes may do this in one folder: Git's own locks keep them apart.
    """

    def __init__(
        self, git: Git, *, clock: Callable[[], datetime], at_once: timedelta = AT_ONCE
    ) -> None:
        self._vault = git.folder
        self._repository = Repository(git)
        self._clock = clock
        self._at_once = at_once
        self._lock = asyncio.Lock()
        """Held for what needs no network only: `retry` makes nobody wait."""
        self._condition = Condition("vault git", ok=True)
        self._failures = 0
        self._not_before: datetime | None = None

    @property
    def condition(self) -> Condition:
        """For `/healthz`: what is not committed or pushed, and why."""
        return self._condition

    async def pull(self) -> GitError | None:
        """Before a write: bring the vault up to date, where a fast-forward can."""
        try:
            await self._pull(self._at_once)
        except GitError as trouble:
            return trouble
        return None

    async def is_clean(self, path: str) -> bool:
        """Whether nobody has changed a file since it was committed."""
        try:
            return await self._repository.is_clean(path)
        except GitError:
            return False

    async def save(self, files: Sequence[ToCommit], pulled: GitError | None) -> Worded | None:
        """After a write: commit the files and push; what went wrong is returned.

        `pulled` is what `pull` said.
        """
        try:
            folder = await self._repository.find_git_folder()
            await asyncio.to_thread(_remember, folder, files)
            await self._bring_up_to_date(self._at_once, pulled)
        except GitError as trouble:
            return self._tell(trouble)
        self._note_success()
        return None

    async def retry(self) -> None:
        """Commit and push what could not be before; waits longer after each failure."""
        if self._not_before is not None and self._clock() < self._not_before:
            return
        try:
            if await self._has_work():
                pulled = None
                try:
                    await self._pull(_PATIENTLY)
                except GitError as trouble:
                    pulled = trouble
                await self._bring_up_to_date(_PATIENTLY, pulled)
        except GitError as trouble:
            self._tell(trouble)
            self._not_before = self._clock() + min(_LONGEST_WAIT, _FIRST_WAIT * 2**self._failures)
            self._failures += 1
        else:
            self._note_success()

    async def _has_work(self) -> bool:
        folder, branch = await self._look()
        if await asyncio.to_thread(list_waiting, folder):
            return True
        await self._repository.check_upstream(branch)
        if not branch.ahead:
            return False
        unpushed = await self._repository.list_unpushed(branch)
        return any(commit.committer == BOT_EMAIL for commit in unpushed)

    async def _look(self) -> tuple[Path, Branch]:
        folder = await self._repository.find_git_folder()
        return folder, await self._repository.read_branch(folder)

    async def _pull(self, within: timedelta) -> None:
        _, branch = await self._look()
        await _patiently(partial(self._repository.fetch, branch, within))
        async with self._lock:
            folder, branch = await self._look()  # the fetch may have moved its upstream
            if branch.ahead and branch.behind:
                await self._take_back(folder, branch)
                _, branch = await self._look()
            await _patiently(partial(self._repository.fast_forward, branch))

    async def _take_back(self, folder: Path, branch: Branch) -> None:
        """Make the bot's own commits wait again: they are made anew after a fast-forward."""
        own = await self._repository.find_own(branch)
        files = await asyncio.to_thread(
            lambda: [replace(each, digest=digest(self._vault / each.path)) for each in own.files]
        )
        # Only now: what somebody has changed since is not to be committed with it.
        if not all([await self._repository.is_clean(file.path) for file in files]):
            raise GitError(Kind.DIVERGED, branch=branch.name)
        await asyncio.to_thread(_remember, folder, files)
        await self._repository.undo(branch, own)

    async def _bring_up_to_date(self, within: timedelta, pulled: GitError | None) -> None:
        """Commit what waits, and push it."""
        lasting = await self._commit_waiting(pulled)
        if pulled is not None:
            raise pulled
        for is_last in (False, True):
            _, branch = await self._look()
            if not branch.ahead:
                break
            try:
                await _patiently(partial(self._repository.push, branch, within))
            except GitError as trouble:
                # Somebody else has pushed meanwhile.
                if trouble.kind is not Kind.DIVERGED or is_last:
                    raise
                await self._pull(within)
                lasting = await self._commit_waiting(None) or lasting
            else:
                break
        if lasting is not None:
            raise lasting

    async def _commit_waiting(self, pulled: GitError | None) -> GitError | None:
        """Commit what waits; returns what cannot be committed later either."""
        lasting = None
        async with self._lock:
            folder, branch = await self._look()
            if branch.behind and not branch.ahead and pulled is not None:
                raise pulled  # a commit would make the branches diverge
            for record, file in await asyncio.to_thread(list_waiting, folder):
                try:
                    await self._commit(file, branch)
                except GitError as trouble:
                    if trouble.kind not in LASTING:
                        raise
                    lasting = trouble
                record.unlink(missing_ok=True)
        return lasting

    async def _commit(self, file: ToCommit, branch: Branch) -> None:
        if not await asyncio.to_thread(self._is_as_written, file):
            raise GitError(Kind.CHANGED, file=file.path)
        await _patiently(partial(self._repository.commit, file, branch))

    def _is_as_written(self, file: ToCommit) -> bool:
        return digest(self._vault / file.path) == file.digest != ""

    def _tell(self, trouble: GitError) -> Worded:
        words = trouble.words
        if self._condition.detail != words:
            log.warning("vault git: %s", words)
        told = "the vault's Git repository is not up to date"
        self._condition = replace(self._condition, ok=False, detail=words, told_to_all=told)
        return words

    def _note_success(self) -> None:
        if not self._condition.ok:
            log.info("vault git: committed and pushed")
        self._failures, self._not_before = 0, None
        self._condition = Condition("vault git", ok=True, last_ok_at=self._clock())


def digest(file: Path) -> str:
    """What a file's content is known by; empty where it cannot be read."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _remember(git_folder: Path, files: Sequence[ToCommit]) -> None:
    """Keep what is to be committed in Git's own folder: it belongs to this clone alone."""
    folder = git_folder / _FOLDER
    try:
        folder.mkdir(exist_ok=True)
        for file in files:
            record = folder / f"{hashlib.sha256(os.fsencode(file.path)).hexdigest()[:32]}.json"
            beside = record.with_suffix(".tmp")
            beside.write_text(file.dump(), encoding="utf-8", errors="surrogateescape")
            beside.replace(record)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise GitError(Kind.FAILED, command="commit", reason=reason) from error


def list_waiting(git_folder: Path) -> list[tuple[Path, ToCommit]]:
    """What waits for a commit, and where that is kept; oldest first."""
    found = []
    for record in sorted(
        (git_folder / _FOLDER).glob("*.json"), key=lambda each: each.stat().st_mtime
    ):
        try:
            text = record.read_text(encoding="utf-8", errors="surrogateescape")
            found.append((record, ToCommit.load(text)))
        except (OSError, ValueError, TypeError):
            log.warning("vault git: %s cannot be read, and is left out", record)
    return found


async def _patiently(call: Callable[[], Awaitable[None]]) -> None:
    """Try again while another Git holds a lock: an editor's, or one that this process runs."""
    for left in reversed(range(_TRIES)):
        try:
            await call()
        except GitError as trouble:
            if trouble.kind is not Kind.LOCKED or not left:
                raise
            await asyncio.sleep(_BETWEEN.total_seconds())
        else:
            return
