"""Answers to look-ups that were given lately, for as long as the archive stays as it was.

After a digest many people ask the same. What they are answered hangs on the archive alone, whose
revision is read each time (`bot.core.database.revision`): an answer of another one is not given.
"""

from bot.core.database import revision
from bot.core.database.database import Database
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document
from bot.core.kept import Kept, is_short


@dataclass(frozen=True, slots=True)
class Question:
    """All that an answer hangs on beside the archive: what is asked, and how it is presented.

    `languages` is what was typed for them; `for_all` says that each reader sees it in their language.
    """

    asked: str
    page: int
    languages: str | None
    locale: str
    for_all: bool


class KeptAnswers:
    """Answers by their question, each with the revision at which it was found."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._answers: Kept[Question, tuple[int, Document]] = Kept()

    async def find(self, question: Question) -> Document | None:
        """The answer, if the archive is now as it was; raises `StorageError`."""
        kept = self._answers.find(question)
        if kept is None:
            return None
        found_at, answer = kept
        return answer if await self._db.read_row(revision.find) == found_at else None

    def keep(self, question: Question, answer: Document, found_at: int | None) -> None:
        """Keep an answer that was found at this revision, unless it hangs on more (`None`) or is very long."""
        if found_at is not None and is_short(answer):
            self._answers.keep(question, (found_at, answer))
