"""Migrations: numbered, append-only SQL files, applied in one transaction each at start.

A file `0007_outbox.sql` is migration 7. Once released a file never changes: its checksum is
kept with its number in `schema_migration`, and a difference is an error. SQLite's begin with 1,
PostgreSQL's with the one that made the whole schema; from then on each has both.
"""

import hashlib
from collections.abc import Iterable, Sequence
from importlib import resources

from bot.core.database.database import Engine
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import StorageError
from bot.core.domain.late import late_pattern

_FILE_NAME = late_pattern(r"(?P<version>[0-9]{4})_[a-z0-9_]+\.sql")

TABLE = """
    CREATE TABLE IF NOT EXISTS schema_migration (
        version  INTEGER PRIMARY KEY,
        name     TEXT NOT NULL,
        checksum TEXT NOT NULL
    )
"""
LIST = "SELECT version, name, checksum FROM schema_migration ORDER BY version"
ADD = "INSERT INTO schema_migration (version, name, checksum) VALUES (:version, :name, :checksum)"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Of the text, whatever newlines a checkout gave it."""
        text = self.sql.replace("\r\n", "\n")
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def row(self) -> dict[str, object]:
        """The parameters of `ADD`."""
        return {"version": self.version, "name": self.name, "checksum": self.checksum}


def bundled_migrations(engine: Engine = Engine.SQLITE) -> tuple[Migration, ...]:
    """The migrations that came with the program, in order."""
    found = []
    folder = resources.files(f"bot.core.database.{engine}").joinpath("migrations")
    for file in folder.iterdir():
        match = _FILE_NAME.fullmatch(file.name)
        if match is not None:
            sql = file.read_text(encoding="utf-8")
            found.append(Migration(int(match["version"]), file.name, sql))
    return tuple(sorted(found, key=lambda migration: migration.version))


def check_complete(migrations: Sequence[Migration], path: str) -> None:
    """Raise `StorageError` where a number is missing; `path` is named in errors."""
    first = migrations[0].version if migrations else 1
    for place, migration in enumerate(migrations, start=first):
        if migration.version != place:
            raise StorageError(
                "Migration {missing} is missing: this installation is incomplete, reinstall it",
                path=path,
                missing=place,
            )


def check_history(
    rows: Iterable[Sequence[object]], migrations: Sequence[Migration], path: str
) -> int:
    """How many of the migrations a database has, whose `schema_migration` has these rows.

    Raises `StorageError` for a database of a newer version, or whose history differs.
    """
    known = [tuple(row) for row in rows]
    if len(known) > len(migrations):
        raise StorageError(
            "The database was written by a newer version (schema {theirs}, this one knows "
            "{ours}): install that version",
            path=path,
            theirs=known[-1][0],
            ours=migrations[-1].version if migrations else 0,
        )
    for (version, name, checksum), migration in zip(known, migrations, strict=False):
        if (version, checksum) != (migration.version, migration.checksum):
            raise StorageError(
                "The database was made with a {name} that differs from the installed one: "
                "install the version that made it",
                path=path,
                name=name,
            )
    return len(known)
