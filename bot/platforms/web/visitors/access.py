"""Who a visitor is, by cookies that only this bot can have made.

The operator is whoever opened a one-time address, which `run` and `paperbot open` print; their
browser has a signed cookie from then on. Nothing else gives rights: neither where a connection
comes from nor any header, since proxies and tunnels change both (issue 12, item 1).
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

OPERATOR_FOR = timedelta(days=30)
"""How long a browser stays the operator's."""

_TOKEN_BYTES = 16


class Access(Protocol):
    """The web chat's secrets, in the database."""

    async def signing_key(self) -> bytes:
        """The key of the cookies, the same at every start."""
        ...

    async def redeem(self, token: str, *, at: datetime) -> bool:
        """Use up the token of a one-time address; false where it is unknown, used or too old."""
        ...


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs the values of cookies; each `purpose` has signatures of its own."""

    key: bytes

    def sign(self, purpose: str, value: str) -> str:
        """The value with its signature behind it."""
        return f"{value}.{self._signature(purpose, value)}"

    def read(self, purpose: str, signed: str) -> str | None:
        """The value, if this key signed it for this purpose."""
        value, dot, signature = signed.rpartition(".")
        if not dot or not signed.isascii():
            return None
        good = hmac.compare_digest(signature, self._signature(purpose, value))
        return value if good else None

    def _signature(self, purpose: str, value: str) -> str:
        return hmac.new(self.key, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()


def new_visitor() -> str:
    """A secret for a visitor who has none."""
    return secrets.token_hex(_TOKEN_BYTES)


def operator_cookie(signer: Signer, *, now: datetime) -> str:
    """The cookie that makes a browser the operator's."""
    value = f"{int(now.timestamp())}-{secrets.token_hex(_TOKEN_BYTES)}"
    return signer.sign("operator", value)


def is_operator(signer: Signer, cookie: str, *, now: datetime) -> bool:
    """Whether the cookie makes the browser the operator's, still."""
    value = signer.read("operator", cookie)
    if value is None:
        return False
    made_at = datetime.fromtimestamp(int(value.partition("-")[0]), UTC)
    return now - made_at < OPERATOR_FOR
