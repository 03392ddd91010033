"""The vault of `PAPERBOT_VAULT`: it is imported, and notes are written into it and committed."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.app.clock import now
from bot.core.database.database import Database
from bot.core.ports import Condition
from bot.desk.services.context import NoteFiles
from bot.operations.services.supervise import Supervised
from bot.settings import Settings, environment_of_git


class VaultPart:
    """The vault's part of a running bot; nothing at all without one.

    `folder` is its real path, and `files` writes notes into it where the bot may. `push` commits and
    pushes what could not be committed or pushed before, where that is wanted. `changed` is called after
    an import that changed an entry.
    """

    def __init__(self, db: Database, settings: Settings, *, changed: Callable[[], None]) -> None:
        self.folder: Path | None = None
        self.files: NoteFiles | None = None
        self.push: Callable[[], Awaitable[None]] | None = None
        self._follow: Callable[[], Awaitable[None]] | None = None
        self._conditions: list[Callable[[], Condition]] = []
        self._minor_conditions: list[Callable[[], Condition]] = []
        if settings.vault is not None:
            self._build(db, settings, settings.vault, changed)

    def _build(
        self, db: Database, settings: Settings, vault: Path, changed: Callable[[], None]
    ) -> None:
        # Imported here: the demo and many bots have no vault.
        from bot.vault.services.git_command import Git  # noqa: PLC0415
        from bot.vault.services.vault import Vault  # noqa: PLC0415
        from bot.vault.services.vault_git import VaultGit  # noqa: PLC0415
        from bot.vault.services.vault_watch import watch_folder  # noqa: PLC0415
        from bot.vault.services.writer import VaultWriter  # noqa: PLC0415

        self.folder = vault.resolve()
        if os.access(vault, os.W_OK | os.X_OK):
            git = None
            if settings.vault_git:
                git = VaultGit(Git(self.folder, environment_of_git()), clock=now)
                self.push = git.retry
                self._minor_conditions.append(lambda: git.condition)
            self.files = NoteFiles(self.folder, VaultWriter(self.folder, git))
        importing = Vault(
            db,
            vault,
            clock=now,
            sleep=asyncio.sleep,
            changed=changed,
            own=self.files.own if self.files is not None else None,
        )
        self._follow = lambda: importing.follow(watch_folder(vault, poll=settings.vault_poll))
        self._conditions.append(lambda: importing.condition)

    async def run(self) -> None:
        """Import the vault whenever it changes, until cancelled."""
        if self._follow is not None:
            await Supervised("vault", self._follow, clock=now, sleep=asyncio.sleep).run()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """For `/healthz`: whether the vault is imported."""
        return tuple(condition() for condition in self._conditions)

    @property
    def minor_conditions(self) -> tuple[Condition, ...]:
        """For `/healthz`: whether it is committed, which nothing that posts needs."""
        return tuple(condition() for condition in self._minor_conditions)
