"""Rows and statements of one connection to PostgreSQL, in a worker thread."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final

import psycopg
from psycopg.rows import tuple_row

from bot.core.database.database import Engine, Parameters, Row
from bot.core.database.dialect import for_postgresql, may_be_prepared
from bot.core.database.revision import changes_archive

Connection = psycopg.Connection[Row]


class PostgresRow:
    """One row: by name, by place, and in order."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: dict[str, int], values: Sequence[Any]) -> None:
        self._names = names
        self._values = values

    def __getitem__(self, key: Any) -> Any:
        return self._values[self._names[key] if isinstance(key, str) else key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"PostgresRow({dict(zip(self._names, self._values, strict=True))})"

    def keys(self) -> Sequence[str]:
        """The columns' names."""
        return tuple(self._names)


def row_factory(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], Row]:
    """Makes the rows of one result, for psycopg."""
    names = {column.name: place for place, column in enumerate(cursor.description or ())}
    return partial(PostgresRow, names)


class PostgresStatements:
    """`Statements` of one connection, in a worker thread.

    `has_changed_archive` says whether one of them wrote to a table of the archive (`revision.TABLES`).
    """

    __slots__ = ("_connection", "has_changed_archive")
    engine: Final = Engine.POSTGRESQL

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.has_changed_archive = False

    def all(self, sql: str, parameters: Parameters | None = None) -> Sequence[Row]:
        """Every row of a statement."""
        return self._execute(sql, parameters).fetchall()

    def tuples(self, sql: str, parameters: Parameters | None = None) -> Sequence[tuple[Any, ...]]:
        """Every row as a plain tuple."""
        self._note(sql)
        cursor = self._connection.cursor(row_factory=tuple_row)
        prepare = may_be_prepared(sql)
        cursor.execute(for_postgresql(sql).encode(), parameters or {}, prepare=prepare)
        return cursor.fetchall()

    def lines(self, sql: str, parameters: Parameters | None = None) -> list[str]:
        """The only column, texts of one line each."""
        return [line for (line,) in self.tuples(sql, parameters)]

    def numbers(self, sql: str, parameters: Parameters | None = None) -> list[int]:
        """The only column, integers."""
        return [number for (number,) in self.tuples(sql, parameters)]

    def one(self, sql: str, parameters: Parameters | None = None) -> Row | None:
        """The first row, or `None`."""
        return self._execute(sql, parameters).fetchone()

    def one_each(self, sql: str, rows: Iterable[Parameters]) -> Sequence[Row | None]:
        """The first row, or `None`, for each row of parameters; all are on their way at once."""
        self._note(sql)
        cursor = self._connection.cursor()
        cursor.executemany(for_postgresql(sql).encode(), rows, returning=True)
        if cursor.pgresult is None:  # there were no rows
            return []
        found = [cursor.fetchone()]
        while cursor.nextset():
            found.append(cursor.fetchone())
        return found

    def run(self, sql: str, parameters: Parameters | None = None) -> int:
        """How many rows the statement changed."""
        return self._execute(sql, parameters).rowcount

    def run_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run the statement for each row of parameters."""
        self._note(sql)
        self._connection.cursor().executemany(for_postgresql(sql).encode(), rows)

    def _note(self, sql: str) -> None:
        if changes_archive(sql):
            self.has_changed_archive = True

    def _execute(self, sql: str, parameters: Parameters | None) -> psycopg.Cursor[Row]:
        self._note(sql)
        prepare = may_be_prepared(sql)
        return self._connection.execute(
            for_postgresql(sql).encode(), parameters or {}, prepare=prepare
        )
