"""Running the bot, or the demo, until SIGTERM or SIGINT."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot.app.assembly import Announce, Assembly
from bot.app.clock import now
from bot.app.posting_lease import Held, posting, unless
from bot.archive.services.import_report import ImportReport
from bot.core.catalogue import Catalogues
from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, Engine, open_database, opened
from bot.core.domain.errors import StorageBusyError, WrongDatabaseError
from bot.core.process import stopped_by_signal
from bot.core.services.leases import until_stored
from bot.operations.services import demo, reindex
from bot.outbox.services import operator_actions
from bot.samples import PAGE
from bot.settings import Settings
from bot.workspaces.services import slack_apps

log = logging.getLogger(__name__)

_SERVER_SECONDS = 10.0
"""How long a start waits for a PostgreSQL server that cannot be reached."""
_ASK_AGAIN_SECONDS = 0.5


async def run(settings: Settings, announce: Announce) -> None:
    """The bot, until SIGTERM or SIGINT. Raises `UserError` for what a person must mend."""
    with stopped_by_signal() as stopping:
        db = await open_when_there(settings.database, stopping)
        if db is None:
            return
        try:
            async with _alone(db, stopping) as held:
                if stopping.is_set():
                    return
                await slack_apps.reencrypt(db, settings.secret_keys)
                await unless(stopping, prepare(db))
                if stopping.is_set():
                    return
                await Assembly(db, settings, held, stopping, Catalogues()).run(announce)
        finally:
            await db.close()
        log.info("stopped")


async def open_when_there(
    location: Path | PostgresAddress, stopping: asyncio.Event, *, seconds: float = _SERVER_SECONDS
) -> Database | None:
    """Open the database; `None` if the bot is to stop first. Raises `StorageError`.

    A PostgreSQL server that cannot be reached may be starting, and is waited for. After that its
    address counts as wrong.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while not stopping.is_set():
        try:
            return await open_database(location)
        except StorageBusyError as error:
            if not isinstance(location, PostgresAddress):
                raise
            if loop.time() > until:
                raise WrongDatabaseError.of(error) from error
            with suppress(TimeoutError):
                async with asyncio.timeout(_ASK_AGAIN_SECONDS):
                    await stopping.wait()
    return None


@asynccontextmanager
async def _alone(db: Database, stopping: asyncio.Event) -> AsyncIterator[Held | None]:
    """The posting lease where one process does everything; nothing where several share the work."""
    if db.engine is Engine.POSTGRESQL:
        yield None
        return
    async with posting(db, stopping, clock=now) as held:
        if held is None:
            stopping.set()
        yield held


async def prepare(db: Database) -> None:
    """What comes before anything is planned or delivered. Raises `StorageError`."""
    # Imported here: the demo has no backup.
    from bot.operations.services.backup import after_restore  # noqa: PLC0415

    restored = await until_stored(lambda: after_restore(db, now=now()), sleep=asyncio.sleep)
    if restored is not None:
        log.warning(
            "this database was restored from a backup of %s: before posting, the bot searches "
            "the channels for messages posted since",
            restored.isoformat(),
        )
    await until_stored(
        lambda: operator_actions.end_unlikely_waits(db, now=now()), sleep=asyncio.sleep
    )
    await until_stored(lambda: operator_actions.keep_quiet(db, now=now()), sleep=asyncio.sleep)
    await until_stored(
        lambda: reindex.bring_up_to_date(db, most=reindex.AT_START), sleep=asyncio.sleep
    )


_KEPT_IN_DEMO = ("timezone", "log_level", "log_format", "web_names", "web_proxies")


def demo_settings(settings: Settings, *, host: str, port: int) -> Settings:
    """The defaults, but for what only its clock, its log and its web server take, and without arXiv.

    Whatever else is set, or will be, is somebody's or reaches beyond this machine: it is left out.
    """
    kept = {name: getattr(settings, name) for name in _KEPT_IN_DEMO}
    own = {"arxiv_poll": False, "web_host": host, "web_port": port}
    return Settings.model_construct().model_copy(update=kept | own)


async def run_demo(
    settings: Settings,
    paths: Sequence[Path],
    announce: Announce,
    imported: Callable[[ImportReport], None],
) -> None:
    """The web chat with the samples and the notes at `paths`, in a throw-away database.

    `imported` is told what came of `paths`. Raises `UserError`.
    """
    with stopped_by_signal() as stopping:
        async with opened(None) as db, posting(db, stopping, clock=now) as held:
            if held is None:
                return
            voices = Catalogues()
            samples = await asyncio.to_thread(PAGE.read_text, encoding="utf-8")
            at, zone = now(), settings.timezone
            days, report = await demo.fill(db, samples, paths, now=at, zone=zone)
            if report is not None:
                imported(report)

            async def subscribe() -> None:
                await demo.subscribe_channel(db, days, now=at, zone=zone, voices=voices)

            await Assembly(db, settings, held, stopping, voices).run(announce, subscribe)
