"""A commit of what was written: whose it is, and what it says. Pure."""

import json
import re
from dataclasses import asdict
from pathlib import PurePosixPath

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern
from bot.vault.domain.writing import Author

BOT_NAME = "paperbot"
BOT_EMAIL = "paperbot@paperbot.invalid"
"""The committer of every commit of the bot, by which it knows its own."""

_NO_NAME = late_pattern(r"[\x00-\x1f<>]")
_NO_MAIL = late_pattern(r"[^\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class ToCommit:
    """A file that the bot wrote and that is not committed; `digest` is of its content."""

    path: str
    digest: str
    name: str
    email: str
    message: str

    def dump(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> "ToCommit":
        """What `dump` wrote; raises `ValueError` or `TypeError`."""
        return cls(**json.loads(text))


def to_commit(path: str, digest: str, author: Author, *, is_new: bool) -> ToCommit:
    """The commit of one file; the address cannot be written to (RFC 2606)."""
    name = _NO_NAME.sub(" ", author.name).strip(" .,:;\"'\\")
    mail = _NO_MAIL.sub(".", author.person).strip(".") or "nobody"
    verb = "Add" if is_new else "Change"
    return ToCommit(
        path=path,
        digest=digest,
        name=name or author.person or BOT_NAME,
        email=f"{mail}@paperbot.invalid",
        message=f"{verb} {PurePosixPath(path).stem}",
    )
