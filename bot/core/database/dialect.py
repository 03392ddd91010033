"""The SQL of the stores as each engine takes it.

The stores write the SQL that both engines share, and five things that they do not:

- `:name` is a parameter. PostgreSQL's driver takes `%(name)s`.
- `numbers(:ids)` and `texts(:names)` are a list of integers or texts as rows with one column,
  `value`; `json_rows(:rows)` the elements of a JSON array. Lists are passed as a Python `list`.
- `json_array(a, b)` and the aggregate `json_group_array(a)` make JSON. PostgreSQL calls them otherwise.
- `greatest(a, b)` and `least(a, b)` are the larger and the smaller. SQLite calls them max and min.
- `TRUE` and `FALSE` are 1 and 0 for SQLite, so that `in_doubt = TRUE` finds a partial index whose
  condition is `in_doubt = 1`.
"""

import re
from functools import lru_cache

from bot.core.domain.late import late_pattern

_LISTS = late_pattern(
    r"\b(numbers|texts|json_rows)\((:[a-z_][a-z0-9_]*)\)(?:\s+AS\s+([a-z_][a-z0-9_]*))?"
)
_UNNESTED = {
    "numbers": "unnest({}::bigint[])",
    "texts": "unnest({}::text[])",
    "json_rows": "jsonb_array_elements({}::jsonb)",
}
_PARTS = late_pattern(
    r"""(?P<literal>'(?:[^']|'')*')     # a text
      | (?P<comment>--[^\n]*)
      | (?P<cast>::)
      | :(?P<name>[a-z_][a-z0-9_]*)
      | (?P<percent>%)
    """,
    re.VERBOSE,
)
_JSON = late_pattern(r"\bjson_(array|group_array)\(")
_EXTREMES = late_pattern(r"\b(greatest|least)\(")
_TRUTH = late_pattern(r"'(?:[^']|'')*'|\b(?:TRUE|FALSE)\b")
_NUMBERS = {"TRUE": "1", "FALSE": "0"}


@lru_cache(maxsize=2048)
def for_sqlite(sql: str) -> str:
    """The statement as SQLite takes it."""
    sql = _LISTS.sub(lambda found: f"json_each({found[2]}) AS {found[3] or found[1]}", sql)
    sql = _EXTREMES.sub(lambda found: "max(" if found[1] == "greatest" else "min(", sql)
    return _TRUTH.sub(lambda found: _NUMBERS.get(found[0], found[0]), sql)


@lru_cache(maxsize=2048)
def by_place(sql: str) -> tuple[str, tuple[str, ...]]:
    """`for_sqlite` with `?` for each parameter, and their names in this order.

    `sqlite3` lets other threads run at each name that it looks up.
    """
    names: list[str] = []

    def placed(found: re.Match[str]) -> str:
        if found["name"]:
            names.append(found["name"])
            return "?"
        return found[0]

    return _PARTS.sub(placed, for_sqlite(sql)), tuple(names)


def may_be_prepared(sql: str) -> bool | None:
    """Whether to prepare a statement, as psycopg takes it: `None` leaves that to psycopg.

    PostgreSQL plans a prepared statement for any parameters after five runs. For a search that
    plan was up to eight times slower than one for the words that are asked.
    """
    return False if "TSQUERY" in sql else None


@lru_cache(maxsize=2048)
def for_postgresql(sql: str) -> str:
    """The statement as psycopg takes it; `%` that is no parameter is doubled."""
    sql = _JSON.sub(lambda m: "json_build_array(" if m[1] == "array" else "json_agg(", sql)
    return _PARTS.sub(_part, _LISTS.sub(_unnested, sql))


def _unnested(found: re.Match[str]) -> str:
    return f"{_UNNESTED[found[1]].format(found[2])} AS {found[3] or found[1]} (value)"


def _part(found: re.Match[str]) -> str:
    if found["name"]:
        return f"%({found['name']})s"
    return found[0].replace("%", "%%")
