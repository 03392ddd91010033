"""The web chat's secrets in the database: the key of its cookies, and one-time addresses.

A token is kept as its hash only, until it is used or too old.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from bot.core.database.database import Database
from bot.core.database.instants import from_text, to_text
from bot.core.store import key_value

TOKEN_LIFE = timedelta(minutes=15)
"""How long a one-time address is good."""

_KEY = "web: key of the cookies"
_ADDRESS = "web: address"
_TOKENS = "web: token "


class WebAccess:
    """The secrets, over an open database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def signing_key(self) -> bytes:
        """The key of the cookies: made once, then the same at every start."""
        async with self._db.transaction() as tx:
            key = await key_value.find(tx, _KEY)
            if key is None:
                key = await key_value.put_first(tx, _KEY, secrets.token_hex(32))
        return bytes.fromhex(key)

    async def new_token(self, *, at: datetime) -> str:
        """A token that one browser can redeem within `TOKEN_LIFE`."""
        token = secrets.token_urlsafe(24)
        async with self._db.transaction() as tx:
            for name, good_until in await key_value.list_all(tx, _TOKENS):
                if from_text(good_until) < at:
                    await key_value.take(tx, name)
            await key_value.put(tx, _name(token), to_text(at + TOKEN_LIFE))
        return token

    async def redeem(self, token: str, *, at: datetime) -> bool:
        """Use the token up; false where it is unknown, used or too old."""
        name = _name(token)
        async with self._db.reading() as tx:
            if await key_value.find(tx, name) is None:  # guesses never wait for the writer
                return False
        async with self._db.transaction() as tx:
            good_until = await key_value.take(tx, name)
        return good_until is not None and at <= from_text(good_until)

    async def note_address(self, address: str) -> None:
        """Remember where the running bot is reached."""
        async with self._db.transaction() as tx:
            await key_value.put(tx, _ADDRESS, address)

    async def find_address(self) -> str | None:
        """Where the bot was reached when it last started."""
        async with self._db.reading() as tx:
            return await key_value.find(tx, _ADDRESS)


def one_time_address(address: str, token: str) -> str:
    """The address with which a browser redeems the token."""
    return f"{address}?token={token}"


def _name(token: str) -> str:
    return _TOKENS + hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
