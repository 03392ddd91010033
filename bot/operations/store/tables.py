"""All tables of a database, row by row, as `database move` carries them to another engine."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from bot.core.database.database import Engine, Statements
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import StorageError
from bot.core.domain.i18n import translatable

AT_ONCE: Final = 1_000
"""Rows that are read and written together."""

_NOT_MOVED: Final = frozenset(
    {"schema_migration", "archive_revision", "lease", "process", "reply_search"}
)
"""Each database has its own history, a lease belongs to a process that runs on it, and the index of
replies is made anew."""
_COMPUTED: Final = frozenset({"tsvector", "ARRAY"})
"""Types of columns that are made anew as well."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, those of its primary key, and those that hold yes or no.

    Without a primary key, all columns together are the key.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    booleans: frozenset[str]


def list_tables(statements: Statements) -> tuple[Table, ...]:
    """The tables that are moved, by name. What is computed from others, an index, is not."""
    if statements.engine is Engine.SQLITE:
        return tuple(_sqlite_tables(statements))
    return tuple(_postgresql_tables(statements))


def _sqlite_tables(statements: Statements) -> Iterator[Table]:
    names = statements.tuples(
        """
        SELECT name FROM pragma_table_list
         WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'
         ORDER BY name
        """
    )
    for (name,) in names:
        if name in _NOT_MOVED:
            continue
        found = statements.tuples("SELECT name, pk FROM pragma_table_info(:name)", {"name": name})
        key = sorted((place, column) for column, place in found if place)
        yield Table(
            name,
            tuple(column for column, _ in found),
            tuple(column for _, column in key) or tuple(column for column, _ in found),
            frozenset(),
        )


def _postgresql_tables(statements: Statements) -> Iterator[Table]:
    columns = statements.tuples(
        """
        SELECT table_name, column_name, data_type FROM information_schema.columns
         WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position
        """
    )
    keys = statements.tuples(
        """
        SELECT u.table_name, u.column_name
          FROM information_schema.table_constraints AS c
          JOIN information_schema.key_column_usage AS u USING (constraint_schema, constraint_name)
         WHERE c.constraint_type = 'PRIMARY KEY' AND c.table_schema = current_schema()
         ORDER BY u.table_name, u.ordinal_position
        """
    )
    for name in dict.fromkeys(table for table, _, _ in columns):
        if name not in _NOT_MOVED:
            mine = [(column, kind) for table, column, kind in columns if table == name]
            yield Table(
                name,
                tuple(column for column, kind in mine if kind not in _COMPUTED),
                tuple(column for table, column in keys if table == name)
                or tuple(column for column, _ in mine),
                frozenset(column for column, kind in mine if kind == "boolean"),
            )


def lock(statements: Statements) -> None:
    """Let nobody else write until the transaction ends. An SQLite file has one writer anyway."""
    if statements.engine is Engine.SQLITE:
        return
    names = statements.tuples(
        "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
    )
    statements.run(f"LOCK TABLE {', '.join(name for (name,) in names)} IN EXCLUSIVE MODE")


def find_orphan(statements: Statements) -> str | None:
    """A row that refers to none, in words; SQLite may have some where another program wrote."""
    if statements.engine is Engine.POSTGRESQL:
        return None
    found = statements.one(
        'SELECT "table", parent, rowid AS id FROM pragma_foreign_key_check LIMIT 1'
    )
    return f"{found['table']} {found['id']}: no {found['parent']}" if found is not None else None


def count(statements: Statements, table: Table) -> int:
    """How many rows it has."""
    [(rows,)] = statements.tuples(f"SELECT count(*) FROM {table.name}")  # noqa: S608  a schema's name
    return int(rows)


def read(
    statements: Statements, table: Table, after: Sequence[Any] | None
) -> list[tuple[Any, ...]]:
    """The next rows in the order of their key, `after` that of the last row; all values as stored."""
    key = ", ".join(table.key)
    condition = ""
    parameters: dict[str, Any] = {"most": AT_ONCE}
    if after is not None:
        parameters |= {f"k{place}": value for place, value in enumerate(after)}
        condition = f"WHERE ({key}) > ({', '.join(f':k{place}' for place in range(len(after)))})"
    return list(
        statements.tuples(
            f"SELECT {', '.join(table.columns)} FROM {table.name} {condition} "  # noqa: S608
            f"ORDER BY {key} LIMIT :most",
            parameters,
        )
    )


def key_of(table: Table, row: Sequence[Any]) -> tuple[Any, ...]:
    """The key of a row that `read` gave."""
    return tuple(row[table.columns.index(column)] for column in table.key)


def write(
    statements: Statements,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Insert rows, whose values are in the order of `columns`.

    Raises `StorageError` where PostgreSQL cannot hold a text.
    """
    converted = [_converted(table, columns, row) for row in rows]
    if statements.engine is Engine.POSTGRESQL:
        _refuse_nul(table, converted)
    statements.run_many(
        f"INSERT INTO {table.name} ({', '.join(columns)}) "  # noqa: S608  a schema's names
        f"VALUES ({', '.join(f':{column}' for column in columns)})",
        converted,
    )


def _converted(table: Table, columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """By name; what SQLite stores as 0 or 1 is a boolean where the target has one."""
    named = dict(zip(columns, row, strict=True))
    for column in table.booleans:
        if named.get(column) is not None:
            named[column] = bool(named[column])
    return named


def _refuse_nul(table: Table, rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        for column, value in row.items():
            if isinstance(value, str) and "\0" in value:
                raise StorageError(
                    translatable(
                        "{table}, {key}: “{column}” holds a NUL character, which PostgreSQL cannot "
                        "store: correct it first"
                    ),
                    table=table.name,
                    key=", ".join(str(row[part]) for part in table.key),
                    column=column,
                )


def clear(statements: Statements, tables: Sequence[Table]) -> None:
    """Delete the rows that a new database has from its migrations."""
    for table in tables:
        statements.run(f"DELETE FROM {table.name}")  # noqa: S608  a schema's name


def defer_foreign_keys(statements: Statements) -> None:
    """Check them when the transaction ends: rows come in no order that suits all of them."""
    if statements.engine is Engine.SQLITE:
        statements.run("PRAGMA defer_foreign_keys = ON")
    else:
        statements.run("SET CONSTRAINTS ALL DEFERRED")


def set_tag_uses(statements: Statements, uses: Sequence[tuple[int, int]]) -> None:
    """Store how often each tag is used: the triggers have counted what was moved once more."""
    statements.run_many(
        "UPDATE tag SET uses = :uses WHERE id = :id",
        [{"id": tag, "uses": used} for tag, used in uses],
    )


def read_counters(statements: Statements) -> dict[str, int]:
    """The last number that each table gave out, also where its row is gone: ids are not reused."""
    if statements.engine is Engine.SQLITE:
        return {
            name: int(last)
            for name, last in statements.tuples("SELECT name, seq FROM sqlite_sequence")
        }
    found = statements.tuples(
        """
        SELECT c.table_name, s.last_value
          FROM information_schema.columns AS c
          JOIN pg_sequences AS s
            ON quote_ident(s.schemaname) || '.' || quote_ident(s.sequencename)
             = pg_get_serial_sequence(quote_ident(c.table_schema) || '.' || quote_ident(c.table_name),
                                      c.column_name)
         WHERE c.table_schema = current_schema() AND c.is_identity = 'YES'
        """
    )
    return {name: int(last or 0) for name, last in found}


def set_counters(statements: Statements, last: dict[str, int], tables: Sequence[Table]) -> None:
    """Go on after these numbers and after the largest that was written."""
    if statements.engine is Engine.SQLITE:
        for name, number in last.items():
            statements.run(
                "UPDATE sqlite_sequence SET seq = max(seq, :number) WHERE name = :name",
                {"name": name, "number": number},
            )
            statements.run(
                """
                INSERT INTO sqlite_sequence (name, seq) SELECT :name, :number
                 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = :name)
                   AND EXISTS (SELECT 1 FROM sqlite_schema
                                WHERE name = :name AND sql LIKE '%AUTOINCREMENT%')
                """,
                {"name": name, "number": number},
            )
        return
    for table in tables:
        if table.name not in read_counters(statements):
            continue
        [key] = table.key
        statements.one(
            f"""
            SELECT setval(pg_get_serial_sequence(:name, :key),
                          greatest((SELECT coalesce(max({key}), 0) FROM {table.name}), :last) + 1, FALSE)
                   AS next
            """,  # noqa: S608  a schema's names
            {"name": table.name, "key": key, "last": last.get(table.name, 0)},
        )
