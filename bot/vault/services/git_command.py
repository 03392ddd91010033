"""Runs Git as a process of its own, with time limits; nothing of it blocks the event loop."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from bot.core.domain.dataclass import dataclass
from bot.vault.domain.git_error import GitError, Kind

LOCALLY = timedelta(seconds=20)
"""What needs no network: hooks may take some of it."""
_TO_END = 3.0
"""Seconds that Git has to remove its lock files once it is told to end."""

_WITHOUT_QUESTIONS = {
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
    "SSH_ASKPASS_REQUIRE": "never",
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_EDITOR": ":",
    "GIT_MERGE_AUTOEDIT": "no",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """How Git ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both outputs, for an explanation."""
        return f"{self.err}\n{self.out}"


@dataclass(frozen=True, slots=True)
class Git:
    """Git in one folder; `environment` is that of its processes, without the bot's settings."""

    folder: Path
    environment: Mapping[str, str]

    async def run(
        self,
        *arguments: str,
        within: timedelta = LOCALLY,
        given: Mapping[str, str] | None = None,
        typed: str = "",
    ) -> Answer:
        """`git ARGUMENTS`; `given` are further variables, `typed` is its standard input.

        Raises `GitError` where Git is not installed or takes longer. It never asks for anything.
        """
        command = next((each for each in arguments if each[0] != "-" and "=" not in each), "")
        try:
            process = await asyncio.create_subprocess_exec(
                *("git", "-C", str(self.folder), *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**self.environment, **_WITHOUT_QUESTIONS, **(given or {})},
                start_new_session=True,  # without a terminal, SSH does not ask for a password either
            )
        except (FileNotFoundError, PermissionError) as error:
            raise GitError(Kind.NOT_INSTALLED) from error
        is_complete = False
        try:
            async with asyncio.timeout(within.total_seconds()):
                out, err = await process.communicate(typed.encode())
            is_complete = True
        except TimeoutError as error:
            seconds = f"{within.total_seconds():g}"
            raise GitError(Kind.SLOW, command=command, seconds=seconds) from error
        finally:
            if not is_complete:
                await _end(process)
        assert process.returncode is not None  # noqa: S101 - for the types
        return Answer(
            process.returncode, out.decode(errors="replace"), err.decode(errors="replace")
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    """End Git and all that it has started; with SIGTERM it removes its lock files."""
    for way in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, way)
        with suppress(TimeoutError):
            async with asyncio.timeout(_TO_END):
                await process.wait()
                if way is signal.SIGKILL:
                    return
