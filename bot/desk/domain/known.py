"""What is known of a paper before somebody writes about it."""

from bot.archive.domain.entry import Paper, StoredEntry
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """What the archive and arXiv know of the paper of a form.

    `paper` has arXiv's words where the curator left them out; `None`: nothing is known. `entry` is
    the newest entry about it, as it was written, `tags` are suggestions, the likeliest first.
    """

    paper: Paper | None = None
    entry: StoredEntry | None = None
    tags: tuple[str, ...] = ()
