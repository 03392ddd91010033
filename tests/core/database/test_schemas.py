"""Both engines have the same tables (issue 15, item 1): what one takes, the other does.

Left out is what only one of them has: SQLite's FTS5 tables with the triggers that fill them, and
PostgreSQL's columns that its search needs.
"""

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from bot.core.database.database import Engine, opened
from bot.core.database.migrations import bundled_migrations
from tests.databases import new_database

FILLED_BY_ITS_IMPORTER = {"entry", "source"}
"""Their ids are given by the program on both engines."""
FIRST_OF_POSTGRESQL = 26

Columns = tuple[str, ...]


@dataclass
class Table:
    """What a table promises, in one notation for both engines."""

    columns: dict[str, tuple[str, bool, str | None]] = field(default_factory=dict)
    """Kind, whether it may be NULL, default."""
    primary_key: Columns = ()
    unique: set[Columns] = field(default_factory=set)
    indices: dict[str, tuple[Columns, bool, tuple[str, ...]]] = field(default_factory=dict)
    """Columns, whether it is unique, its condition."""
    references: set[tuple[Columns, str, Columns, str, str]] = field(default_factory=set)
    """Columns, table, its columns, ON UPDATE, ON DELETE."""
    checks: list[tuple[str, ...]] = field(default_factory=list)
    triggers: set[str] = field(default_factory=set)
    gives_ids: bool = False
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    """What a new database holds, with the columns sorted by name."""


Schema = dict[str, Table]


@pytest.fixture
async def sqlite(tmp_path: Path, postgresql_schema: tuple[Schema, set[str]]) -> Schema:
    path = tmp_path / "paperbot.db"
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        return read_sqlite(connection, postgresql_schema[1])


@pytest.fixture
def postgresql_schema(postgresql: str) -> tuple[Schema, set[str]]:
    """The schema, and its boolean columns as `table.column`."""
    with (
        new_database(postgresql) as address,
        psycopg.connect(address.secret.get_secret_value(), row_factory=dict_row) as connection,
    ):
        return read_postgresql(connection)


def test_both_engines_have_the_same_tables(
    sqlite: Schema, postgresql_schema: tuple[Schema, set[str]]
):
    postgresql = postgresql_schema[0]

    assert sqlite.keys() == postgresql.keys()
    assert sqlite == postgresql


def test_each_migration_is_a_pair_of_one_number_and_name():
    sqlite = {each.name for each in bundled_migrations() if each.version > FIRST_OF_POSTGRESQL}
    first, *later = bundled_migrations(Engine.POSTGRESQL)

    assert first.version == FIRST_OF_POSTGRESQL
    assert {each.name for each in later} == sqlite


def read_sqlite(connection: sqlite3.Connection, truths: set[str]) -> Schema:
    made = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    virtual = {name for _, name, _, sql in made if sql and "CREATE VIRTUAL" in sql}
    schema = {}
    for kind, name, _, sql in made:
        is_shadow = any(name.startswith(f"{each}_") for each in virtual) and name != "search_text"
        if kind == "table" and not (is_shadow or name in virtual or name.startswith("sqlite_")):
            schema[name] = read_sqlite_table(connection, name, without_comments(sql), truths)
    for kind, name, table, sql in made:
        if kind == "trigger" and table != "search_text":
            schema[table].triggers.add(name)
        if kind == "index" and sql:
            condition = without_comments(sql).partition(" WHERE ")[2]
            columns = tuple(row[2] for row in connection.execute(f"PRAGMA index_info({name})"))
            words = read_condition(numbers_as_truths(condition, table, truths))
            schema[table].indices[name] = (columns, " UNIQUE " in sql, words)
    return schema


def read_sqlite_table(
    connection: sqlite3.Connection, name: str, sql: str, truths: set[str]
) -> Table:
    table = Table()
    key = {}
    for _, column, kind, is_not_null, default, place in connection.execute(
        f"PRAGMA table_info({name})"
    ):
        is_truth = f"{name}.{column}" in truths
        as_truth = {"0": "false", "1": "true", None: None}
        table.columns[column] = (
            {"INTEGER": "boolean" if is_truth else "integer"}.get(kind, kind.lower()),
            not is_not_null and not place,
            as_truth[default] if is_truth else default,
        )
        if place:
            key[place] = column
    table.primary_key = tuple(key[place] for place in sorted(key))
    for _, index, _, origin, _ in connection.execute(f"PRAGMA index_list({name})").fetchall():
        if origin == "u":
            rows = connection.execute(f"PRAGMA index_info({index})")
            table.unique.add(tuple(row[2] for row in rows))
    for row in connection.execute(f"PRAGMA foreign_key_list({name})"):
        _, _, target, own, theirs, on_update, on_delete, _ = row
        table.references.add(((own,), target, (theirs,), on_update, on_delete))
    table.checks = sorted(
        read_condition(check)
        for check in checks_in(sql)
        if not re.fullmatch(r"\(\w+ IN \(0, 1\)\)", check)  # a boolean column says that itself
    )
    refers = {columns for columns, *_ in table.references}
    table.gives_ids = (
        len(key) == 1
        and table.columns[key[1]][0] == "integer"
        and key[1] != "only_row"
        and (key[1],) not in refers
        and name not in FILLED_BY_ITS_IMPORTER | {"schema_migration"}
    )
    table.rows = rows_of(connection, name, table.columns)
    return table


def checks_in(sql: str) -> Iterable[str]:
    for found in re.finditer(r"CHECK\s*\(", sql):
        depth, end = 1, found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(sql[end], 0)
            end += 1
        yield sql[found.end() - 1 : end]


def without_comments(sql: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"--[^\n]*", "", sql))


def numbers_as_truths(condition: str, table: str, truths: set[str]) -> str:
    """The condition with `column` for `column = 1` where PostgreSQL's column is a boolean."""

    def shortened(found: re.Match[str]) -> str:
        return found[1] if f"{table}.{found[1]}" in truths else found[0]

    return re.sub(r"(\w+) = 1\b", shortened, condition)


def read_condition(text: str) -> tuple[str, ...]:
    """Its words and operators; parentheses and casts differ between the engines."""
    text = re.sub(r"::\w+", "", text)
    text = re.sub(r"\bIN \(", "= ANY (ARRAY(", text)
    return tuple(re.findall(r"'[^']*'|\w+|[<>=|]+", text))


def rows_of(connection: Any, name: str, columns: Iterable[str]) -> list[tuple[Any, ...]]:
    if name == "schema_migration":
        return []
    listed = ", ".join(f'"{column}"' for column in sorted(columns))
    rows = connection.execute(f"SELECT {listed} FROM {name}").fetchall()
    return sorted(tuple(row.values() if isinstance(row, dict) else row) for row in rows)


_COLUMNS = """
    SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS kind,
           a.attnotnull AS is_not_null, pg_get_expr(d.adbin, d.adrelid) AS standard,
           a.attidentity <> '' AS gives_ids, coll.collname AS sorted
      FROM pg_class AS c
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
      LEFT JOIN pg_collation AS coll ON coll.oid = a.attcollation
     WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
"""
_INDICES = """
    SELECT t.relname AS table, c.relname AS name, i.indisunique AS is_unique,
           pg_get_expr(i.indpred, i.indrelid) AS condition, m.amname AS method,
           array(SELECT a.attname FROM unnest(i.indkey) WITH ORDINALITY AS key (column_, place)
                   JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = key.column_
                  ORDER BY key.place)::text[] AS columns
      FROM pg_index AS i
      JOIN pg_class AS c ON c.oid = i.indexrelid
      JOIN pg_class AS t ON t.oid = i.indrelid
      JOIN pg_am AS m ON m.oid = c.relam
     WHERE t.relnamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid AND contype IN ('p', 'u'))
"""
_CONSTRAINTS = """
    SELECT t.relname AS table, c.contype AS type, f.relname AS target,
           pg_get_constraintdef(c.oid) AS text, c.condeferrable AS is_deferrable,
           c.confupdtype AS on_update, c.confdeltype AS on_delete,
           array(SELECT a.attname FROM unnest(c.conkey) WITH ORDINALITY AS key (column_, place)
                   JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = key.column_
                  ORDER BY key.place)::text[] AS columns,
           array(SELECT a.attname FROM unnest(c.confkey) WITH ORDINALITY AS key (column_, place)
                   JOIN pg_attribute AS a ON a.attrelid = c.confrelid AND a.attnum = key.column_
                  ORDER BY key.place)::text[] AS their_columns
      FROM pg_constraint AS c
      JOIN pg_class AS t ON t.oid = c.conrelid
      LEFT JOIN pg_class AS f ON f.oid = c.confrelid
     WHERE c.connamespace = 'public'::regnamespace
"""
_TRIGGERS = """
    SELECT t.relname AS table, g.tgname AS name
      FROM pg_trigger AS g JOIN pg_class AS t ON t.oid = g.tgrelid
     WHERE NOT g.tgisinternal AND t.relnamespace = 'public'::regnamespace
"""
_KINDS = {"bigint": "integer", "text": "text", "double precision": "real", "boolean": "boolean"}
_SEARCHED = {"tsvector", "text[]"}
_ACTIONS = {"a": "NO ACTION", "c": "CASCADE"}


def read_postgresql(connection: Any) -> tuple[Schema, set[str]]:
    schema: Schema = {}
    truths = set()
    for row in connection.execute(_COLUMNS).fetchall():
        if row["kind"] in _SEARCHED:
            continue
        if row["kind"] == "boolean":
            truths.add(f"{row['table']}.{row['name']}")
        if row["kind"] == "text":
            assert row["sorted"] == "C" or row["table"] == "schema_migration", row
        table = schema.setdefault(row["table"], Table())
        standard = row["standard"] and row["standard"].removesuffix("::text")
        kind = "integer" if row["table"] == "schema_migration" else None
        table.columns[row["name"]] = (
            _KINDS.get(row["kind"]) or kind or row["kind"],
            not row["is_not_null"],
            standard,
        )
        table.gives_ids |= row["gives_ids"]
    read_constraints(connection, schema)
    for row in connection.execute(_INDICES).fetchall():
        if row["method"] != "gin":
            words = read_condition(row["condition"] or "")
            index = (tuple(row["columns"]), row["is_unique"], words)
            schema[row["table"]].indices[row["name"]] = index
    for row in connection.execute(_TRIGGERS).fetchall():
        schema[row["table"]].triggers.add(row["name"])
    schema.pop("reply_search")  # in SQLite an FTS5 table
    for name, table in schema.items():
        table.rows = rows_of(connection, name, table.columns)
    return schema, truths


def read_constraints(connection: Any, schema: Schema) -> None:
    for row in connection.execute(_CONSTRAINTS).fetchall():
        table, columns = schema[row["table"]], tuple(row["columns"])
        if row["type"] == "p":
            table.primary_key = columns
        elif row["type"] == "u":
            table.unique.add(columns)
        elif row["type"] == "c":
            table.checks.append(read_condition(row["text"].removeprefix("CHECK ")))
            table.checks.sort()
        elif row["type"] == "f":
            assert row["is_deferrable"], row  # the move of a database defers it
            on_update, on_delete = _ACTIONS[row["on_update"]], _ACTIONS[row["on_delete"]]
            theirs = tuple(row["their_columns"])
            table.references.add((columns, row["target"], theirs, on_update, on_delete))
