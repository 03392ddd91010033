"""A signed-in person as columns of a row: of a session, or of a token."""

import json

from bot.core.database.database import Row
from bot.core.ports import Identity, Platform


def columns_of(who: Identity) -> dict[str, str]:
    """The values of the columns, by the names of the parameters."""
    return {
        "person": who.person,
        "platform": who.platform.value,
        "workspaces": json.dumps(who.workspaces),
        "user": who.user,
        "name": who.name,
    }


def identity_in(row: Row) -> Identity:
    """The person in a row with `platform`, `workspaces`, `user` and `name`."""
    workspaces = tuple(map(str, json.loads(row["workspaces"])))
    return Identity(Platform(row["platform"]), workspaces, row["user"], row["name"])
