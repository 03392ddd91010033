"""The address of a PostgreSQL database, whose password is never shown."""

from pathlib import Path

from pydantic import SecretStr

from bot.core.domain.dataclass import dataclass

SCHEMES = ("postgresql", "postgres")
"""What an address may begin with; libpq takes both."""

_LAST_PORT = 65535


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

    @property
    def place(self) -> str:
        """Host and port; several have commas between."""
        return self._authority.rpartition("@")[2].partition("?")[0]

    @property
    def database(self) -> str:
        """The name of the database, percent-encoded."""
        return self._path.partition("?")[0]

    @property
    def is_clear(self) -> bool:
        """Whether it is plain where the password ends: no `@` or `/` in it that is not encoded."""
        return "@" not in self._path and self._authority.count("@") <= 1

    @property
    def has_port_numbers(self) -> bool:
        """Whether each port is a number. A password without a user and `@` stands in its place."""
        ports = (each.rpartition("]")[2].partition(":")[2] for each in self.place.split(","))
        return all(
            not port or (port.isascii() and port.isdigit() and 0 < int(port) <= _LAST_PORT)
            for port in ports
        )

    def __str__(self) -> str:
        if not self.is_clear or not self.has_port_numbers:
            return "postgresql://…"
        return f"postgresql://{self.place}/{self.database}"

    # As libpq does: user and password end at an `@` before the first `/`. They may hold `?` and `#`,
    # so that `urlsplit` would take a part of the password for the host.
    @property
    def _authority(self) -> str:
        return self._rest.partition("/")[0]

    @property
    def _path(self) -> str:
        return self._rest.partition("/")[2]

    @property
    def _rest(self) -> str:
        return self.secret.get_secret_value().partition("://")[2]


def may_be_there(location: Path | PostgresAddress) -> bool:
    """Whether a database can be opened there without making it. A server says so itself."""
    return isinstance(location, PostgresAddress) or location.exists()
