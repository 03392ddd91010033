"""The bot's side of ranking: a worker process that is started for each task."""

import asyncio
import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from bot.arxiv.domain.candidates import Example, Judgement, NewPaper
from bot.arxiv.ranking.__main__ import NOT_INSTALLED
from bot.arxiv.ranking.lines import read_failure, read_judgement, write_examples, write_new_papers
from bot.core.domain.errors import RankerError
from bot.core.domain.i18n import translatable

_AT_A_TIME = 50
_PROGRAM = (sys.executable, "-m", "bot.arxiv.ranking")
_HOW_TO = translatable(
    "scikit-learn is not installed: install paper-digest-bot[rank] to rank new papers"
)


def is_installed() -> bool:
    """Whether the extra `rank` is there."""
    return find_spec("sklearn") is not None


class ProcessRanker:
    """`ports.Ranker` in a process of its own; the model is stored in the file at `path`.

    The file can be made again at any time, so it belongs in no backup.
    """

    def __init__(
        self,
        path: Path,
        *,
        program: Sequence[str] = _PROGRAM,
        train_within: timedelta = timedelta(minutes=10),
        judge_within: timedelta = timedelta(minutes=2),
    ) -> None:
        self._path = path
        self._program = tuple(program)
        self._train_within = train_within
        self._judge_within = judge_within

    async def train(self, picked: Sequence[Example], passed: Sequence[Example]) -> None:
        await self._run("learn", write_examples(picked, passed), self._train_within)

    async def judge(self, new_papers: Sequence[NewPaper]) -> tuple[Judgement, ...]:
        if not new_papers:
            return ()
        output = await self._run("judge", write_new_papers(new_papers), self._judge_within)
        try:
            return tuple(map(read_judgement, output))
        except (ValueError, TypeError) as error:
            raise RankerError(translatable("The ranking process gave unreadable output")) from error

    async def _run(self, task: str, lines: Iterable[str], within: timedelta) -> list[bytes]:
        try:
            process = await asyncio.create_subprocess_exec(
                *(*self._program, task, str(self._path.absolute())),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise RankerError("The ranking failed: {reason}", reason=str(error)) from error
        try:
            async with asyncio.timeout(within.total_seconds()), asyncio.TaskGroup() as tasks:
                tasks.create_task(_feed(process, lines))
                output = tasks.create_task(_lines(process.stdout))
                errors = tasks.create_task(_lines(process.stderr))
                tasks.create_task(process.wait())
        except TimeoutError as error:
            raise RankerError(
                "The ranking took longer than {minutes} minutes",
                minutes=round(within.total_seconds() / 60),
            ) from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == NOT_INSTALLED:
            raise RankerError(_HOW_TO)
        if process.returncode != 0:
            last = errors.result()[-1:] or [f"exit status {process.returncode}".encode()]
            raise read_failure(last[0])
        return output.result()


async def _feed(process: asyncio.subprocess.Process, lines: Iterable[str]) -> None:
    """Write the lines a few at a time, so that the loop turns meanwhile."""
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    try:
        for n, line in enumerate(lines):
            process.stdin.write(line.encode() + b"\n")
            if n % _AT_A_TIME == 0:
                await process.stdin.drain()
                await asyncio.sleep(0)
        process.stdin.close()
        await process.stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        return  # it ended early; its status says why


async def _lines(stream: asyncio.StreamReader | None) -> list[bytes]:
    assert stream is not None  # noqa: S101 - it is a pipe
    return (await stream.read()).splitlines()
