"""`paperbot doctor`: whether what is written into the vault can be committed and pushed."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from bot.core.domain.i18n import Translate, error_text
from bot.core.ports import Finding
from bot.vault.domain.git_error import GitError, Kind
from bot.vault.services.git_command import Git
from bot.vault.services.repository import Branch, Repository
from bot.vault.services.vault_git import list_waiting

_SUBJECT = "PAPERBOT_VAULT_GIT"
_PATIENCE = timedelta(seconds=15)


async def check_vault_git(
    folder: Path, environment: Mapping[str, str], *, say: Translate
) -> Finding:
    """Asks the remote, and pushes nothing; `environment` is that of Git."""
    repository = Repository(Git(folder, environment))
    try:
        git_folder = await repository.find_git_folder()
        branch = await _examine(repository, git_folder)
    except GitError as error:
        return Finding(_SUBJECT, ok=False, words=error_text(error, say))
    waiting = await asyncio.to_thread(list_waiting, git_folder)
    words = say(
        "branch {branch} of {remote}; notes to commit: {waiting}, commits to push: {ahead}",
        branch=branch.name,
        remote=branch.remote,
        waiting=len(waiting),
        ahead=branch.ahead,
    )
    return Finding(_SUBJECT, ok=True, words=words)


async def _examine(repository: Repository, git_folder: Path) -> Branch:
    lock = git_folder / "index.lock"
    if await asyncio.to_thread(lock.exists):
        raise GitError(Kind.LOCKED, file=lock)
    branch = await repository.read_branch(git_folder)
    await repository.fetch(branch, _PATIENCE)
    branch = await repository.read_branch(git_folder)
    if branch.ahead and branch.behind:
        raise GitError(Kind.DIVERGED, branch=branch.name)
    if not branch.behind:
        await repository.push(branch, _PATIENCE, is_trial=True)
    return branch
