"""Signed cookies, for visitors and for the operator.

The operator's browser has opened a one-time address, printed by `run` and `paperbot open`, and
has a signed cookie since then. Nothing else gives rights: proxies and tunnels make a stranger's
connection come from this machine, with or without headers (issue 12, item 1).
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.core.domain.dataclass import dataclass

OPERATOR_FOR = timedelta(days=30)
"""How long an operator's cookie is valid."""

_TOKEN_BYTES = 16


class Access(Protocol):
    """The web chat's secrets; `webchat.services.access` keeps them in the database."""

    async def signing_key(self) -> bytes:
        """The key that signs cookies; the same at every start."""
        ...

    async def redeem(self, token: str, *, at: datetime) -> bool:
        """Use up a one-time token; false if it is unknown, used or expired."""
        ...


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs cookie values; a signature for one `purpose` is invalid for another."""

    key: bytes

    @property
    def mark(self) -> str:
        """What tells this key from others, and is no secret."""
        return self._signature("cookie names", "")[:8]

    def sign(self, purpose: str, value: str) -> str:
        """The value with its signature appended."""
        return f"{value}.{self._signature(purpose, value)}"

    def read(self, purpose: str, signed: str) -> str | None:
        """The value, if it was signed with this key for this purpose; else `None`."""
        value, dot, signature = signed.rpartition(".")
        if not dot or not signed.isascii():
            return None
        good = hmac.compare_digest(signature, self._signature(purpose, value))
        return value if good else None

    def _signature(self, purpose: str, value: str) -> str:
        return hmac.new(self.key, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()


def new_visitor() -> str:
    """A random secret for a new visitor."""
    return secrets.token_hex(_TOKEN_BYTES)


def operator_cookie(signer: Signer, *, now: datetime) -> str:
    """A new operator's cookie."""
    value = f"{int(now.timestamp())}-{secrets.token_hex(_TOKEN_BYTES)}"
    return signer.sign("operator", value)


def is_operator(signer: Signer, cookie: str, *, now: datetime) -> bool:
    """Whether this is an operator's cookie of ours that has not expired."""
    value = signer.read("operator", cookie)
    if value is None:
        return False
    made_at = datetime.fromtimestamp(int(value.partition("-")[0]), UTC)
    return now - made_at < OPERATOR_FOR
