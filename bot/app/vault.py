"""The vault of `PAPERBOT_VAULT`: it is imported, and notes are written into it and committed."""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bot.app.clock import now
from bot.core.database.database import Database
from bot.core.ports import Condition
from bot.desk.services.context import NoteFiles
from bot.operations.services.supervise import Supervised
from bot.settings import Settings, environment_of_git
from bot.vault.services.git_command import Git
from bot.vault.services.vault import Vault
from bot.vault.services.vault_git import VaultGit
from bot.vault.services.vault_watch import watch_folder
from bot.vault.services.writer import VaultWriter


class VaultPart:
    """The vault's part of a running bot; nothing at all without one.

    `folder` is its real path, `files` writes notes into it where the bot may, and `git` commits them
    where that is wanted. `changed` is called after an import that changed an entry.
    """

    def __init__(self, db: Database, settings: Settings, *, changed: Callable[[], None]) -> None:
        self.folder: Path | None = None
        self.files: NoteFiles | None = None
        self.git: VaultGit | None = None
        self._vault: Vault | None = None
        if settings.vault is None:
            return
        self.folder = settings.vault.resolve()
        if os.access(settings.vault, os.W_OK | os.X_OK):
            if settings.vault_git:
                self.git = VaultGit(Git(self.folder, environment_of_git()), clock=now)
            self.files = NoteFiles(self.folder, VaultWriter(self.folder, self.git))
        self._vault = Vault(
            db,
            settings.vault,
            clock=now,
            sleep=asyncio.sleep,
            changed=changed,
            own=self.files.own if self.files is not None else None,
        )
        self._watch = partial(watch_folder, settings.vault, poll=settings.vault_poll)

    @property
    def is_on(self) -> bool:
        """Whether there is a vault at all."""
        return self._vault is not None

    async def run(self) -> None:
        """Import the vault whenever it changes, until cancelled."""
        if (vault := self._vault) is None:
            return
        following = Supervised(
            "vault", lambda: vault.follow(self._watch()), clock=now, sleep=asyncio.sleep
        )
        await following.run()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """For `/healthz`: whether the vault is imported."""
        return (self._vault.condition,) if self._vault is not None else ()

    @property
    def minor_conditions(self) -> tuple[Condition, ...]:
        """For `/healthz`: whether it is committed, which nothing that posts needs."""
        return (self.git.condition,) if self.git is not None else ()
