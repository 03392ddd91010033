"""An answer of no use about many: who is to blame is found by asking for fewer at a time.

arXiv fails a whole batch for one bad number, and one title with a stray character spoils the
answer about a hundred papers. So a batch that fails is asked for again after everything else: as
it was, since answers are cut off now and then, and from then on in halves. One that fails alone,
although others were answered meanwhile, is to blame. Where nothing is answered at all, it is
arXiv that is unwell, and nobody is. What was found out is kept in the database.
"""

from collections.abc import Sequence
from enum import Enum, auto

from bot.arxiv.ports import Refusal, SourceFailureError, SourceQuestionError
from bot.arxiv.store import failed_requests
from bot.core.database.database import Transaction


class Verdict(Enum):
    """What follows from a failure."""

    ASK_SMALLER = auto()  # at once: arXiv is well, as far as is known
    LEAVE = auto()  # until arXiv may be asked again
    TO_BLAME = auto()  # the one that was asked for alone


# What may come of the question; a page of HTML or a broken connection says nothing of it.
_OF_THE_QUESTION = frozenset(
    {
        Refusal.QUESTION,
        Refusal.MALFORMED,
        Refusal.TOO_LARGE,
        Refusal.ENTITIES,
        Refusal.ERROR_FEED,
        Refusal.SERVER_ERROR,
    }
)


async def judge(
    tx: Transaction, target: str, names: Sequence[str], failure: SourceFailureError
) -> Verdict:
    """Who is to blame for the failure of a question about these, and what is to be done."""
    if failure.kind not in _OF_THE_QUESTION:
        return Verdict.LEAVE
    is_to_blame = len(names) == 1 and await failed_requests.is_proven(tx, target, names[0])
    is_refused = isinstance(failure, SourceQuestionError)
    half = (len(names) + 1) // 2
    await failed_requests.add(
        tx,
        target,
        names,
        first=half if is_refused else len(names),
        then=half,
        reason=str(failure),
    )
    if is_to_blame:
        return Verdict.TO_BLAME
    return Verdict.ASK_SMALLER if is_refused and len(names) > 1 else Verdict.LEAVE
