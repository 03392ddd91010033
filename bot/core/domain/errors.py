"""Errors whose text may be shown to a person.

UserError                  safe to show: what is wrong, where, what to do
├── UnreadableError        an input file or text cannot be read
├── QueryError             a look-up does not parse
├── UsageError             a command or setting is used wrongly
│   └── ProblemsError          several things are wrong, each with its own UserError
│       └── SettingsError      … with the settings
├── NotFoundError          what was asked for is not there
├── StorageError           the database cannot be opened, read or written
│   ├── StorageBusyError       … for now: the disk is full, another process keeps it locked
│   └── WrongDatabaseError     … as PAPERBOT_DATABASE names it: a wrong address, a newer version
└── RankerError            new papers cannot be ranked
"""


class UserError(Exception):
    """An error that a person can act on; `str(error)` is one line in English and safe to show.

    `message` is a format template, the key of its translation; `values` fill it in.
    `path` and `line` (from 1) say where, when there is a where.
    """

    def __init__(
        self, message: str, *, path: str | None = None, line: int | None = None, **values: object
    ) -> None:
        super().__init__(message)
        self.message = message
        self.values = values
        self.path = path
        self.line = line

    @property
    def where(self) -> str:
        """`path:line`, `path` or the empty string."""
        if self.path is None:
            return ""
        return self.path if self.line is None else f"{self.path}:{self.line}"

    def __str__(self) -> str:
        text = self.message.format(**self.values) if self.values else self.message
        return f"{self.where}: {text}" if self.path is not None else text


class UnreadableError(UserError):
    """An input cannot be read as what it claims to be."""


class QueryError(UserError):
    """A look-up does not parse."""


class UsageError(UserError):
    """A command, an option or a setting is used wrongly."""


class ProblemsError(UsageError):
    """Everything that is wrong with a command or a file; one line for each of `problems`."""

    def __init__(self, problems: tuple[UserError, ...]) -> None:
        super().__init__("{problems}", problems="\n".join(map(str, problems)))
        self.problems = problems


class SettingsError(ProblemsError):
    """Everything that is wrong with the settings."""


class NotFoundError(UserError):
    """What was asked for is not there."""


class NotSubscribedError(NotFoundError):
    """The channel has no digest."""


class StorageError(UserError):
    """The database cannot be opened, read or written; nothing was changed."""


class StorageBusyError(StorageError):
    """The database cannot be written for now; nothing was changed, and it may be tried again."""


def storage_error(error: BaseException) -> StorageError | None:
    """The first `StorageError` in a failure that consists of nothing else, also in nested groups."""
    while isinstance(error, BaseExceptionGroup):
        if error.split(StorageError)[1] is not None:
            return None
        error = error.exceptions[0]
    return error if isinstance(error, StorageError) else None


class WrongDatabaseError(StorageError):
    """What PAPERBOT_DATABASE names cannot be used until a person changes something."""

    @classmethod
    def of(cls, error: StorageError) -> "WrongDatabaseError":
        """The same words."""
        wrong = cls(error.message, path=error.path)
        wrong.values = error.values
        return wrong


class RankerError(UserError):
    """New papers cannot be ranked; everything else works."""
