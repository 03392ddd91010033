"""What a PostgreSQL database is, apart from its rows: a server, its timeline, a table.

`pg_restore` makes tables anew and `pg_dump` knows no mark, a standby that was promoted may lack the
last commits, and a recovery to a point in time lacks many. Each changes one of the three numbers.
"""

from bot.core.database.database import Statements

NAME = "database identity"
"""Under which `key_value` keeps it: of the first subscription, and then of the bot's last start."""

_KEEP = "INSERT INTO key_value (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING"


def read(statements: Statements) -> str:
    """Where the user may not ask the server for its numbers, that of the table must do."""
    [(allowed, table)] = statements.tuples(
        """
        SELECT has_function_privilege('pg_control_system()', 'execute')
           AND has_function_privilege('pg_control_checkpoint()', 'execute'),
               CAST(CAST('delivery' AS regclass) AS oid)
        """
    )
    if not allowed:
        return f"{table}"
    [(server, timeline)] = statements.tuples(
        """
        SELECT system_identifier, timeline_id FROM pg_control_system(), pg_control_checkpoint()
        """
    )
    return f"{server}/{timeline}/{table}"


def keep(statements: Statements) -> None:
    """A copy of the database is known as one from now on; does nothing where one is kept."""
    if not statements.tuples("SELECT 1 FROM key_value WHERE name = :name", {"name": NAME}):
        statements.run(_KEEP, {"name": NAME, "value": read(statements)})
