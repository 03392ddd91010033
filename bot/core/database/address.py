"""The address of a PostgreSQL database, whose password is never shown."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """`postgresql://user:password@host:port/database?option=value`, as libpq reads it.

    As text it is `postgresql://host:port/database`, safe to show.
    """

    secret: SecretStr

    @classmethod
    def of(cls, address: str) -> "PostgresAddress":
        """The address that a person wrote."""
        return cls(SecretStr(address))

    def __str__(self) -> str:
        parts = urlsplit(self.secret.get_secret_value())
        place = parts.netloc.rpartition("@")[2]
        return f"postgresql://{place}{parts.path}"


def may_be_there(location: Path | PostgresAddress) -> bool:
    """Whether a database can be opened there without making it. A server says so itself."""
    return isinstance(location, PostgresAddress) or location.exists()
