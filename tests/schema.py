"""The schema that SQLite's migrations make, as one script for new databases.

`make schema` runs this as a program; `tests/core/database/test_migrate.py` compares the two.
"""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bot.core.database import sqlite
from bot.core.database.migrations import bundled_migrations
from bot.core.database.sqlite.migrate import apply_migrations

SCHEMA = Path(sqlite.__file__).with_name("schema.sql")

_HEAD = "-- What all migrations together make, for a new database; `make schema` writes it. Not to be edited.\n"
_MADE = """
    SELECT sql FROM sqlite_schema
    WHERE sql IS NOT NULL AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
      AND name NOT IN ('schema_migration', 'sqlite_sequence')
    ORDER BY rowid
"""
_TABLES = """
    SELECT name FROM pragma_table_list
    WHERE type = 'table' AND schema = 'main' AND name NOT LIKE 'sqlite%' AND name <> 'schema_migration'
    ORDER BY name
"""


def script() -> str:
    """The script, from a database to which every migration was applied."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        apply_migrations(connection, migrations=bundled_migrations(), path=":memory:")
        made = [sql for (sql,) in connection.execute(_MADE)]
        return "\n".join([_HEAD, *(f"{sql};\n" for sql in [*made, *_rows(connection)])])


def _rows(connection: sqlite3.Connection) -> Iterator[str]:
    """The rows that a new database has."""
    for (table,) in connection.execute(_TABLES).fetchall():
        columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info ({table})")]
        values = " || ', ' || ".join(f"quote({name})" for name in columns)
        for (row,) in connection.execute(f"SELECT {values} FROM {table}"):
            yield f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({row})"


if __name__ == "__main__":
    SCHEMA.write_text(script(), encoding="utf-8")
    sys.stderr.write(f"{SCHEMA}\n")
