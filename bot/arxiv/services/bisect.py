"""Bisect failing batches; blame an id or title only if it fails alone.

arXiv fails a whole batch for one invalid id, and one title with a stray character makes the
response for a hundred papers invalid. A batch that failed is requested again after everything
else: first as it was, since responses are truncated now and then, then in halves. What fails alone
while other requests succeed is at fault. While every request fails, arXiv is down and nothing is
at fault. The state is stored, so it survives a restart.
"""

from collections.abc import Sequence
from enum import Enum, auto

from bot.arxiv.ports import Refusal, SourceFailureError, SourceQuestionError
from bot.arxiv.store import failed_requests
from bot.core.database.database import Transaction


class Verdict(Enum):
    """What to do after a failure."""

    SPLIT = auto()  # request the halves at once
    STOP = auto()  # stop until the backoff is over
    AT_FAULT = auto()  # the only one of the batch is at fault


# Failures that the request itself may cause; a page of HTML or a broken connection is not one.
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
    """Store that a request for these failed, and decide what to do."""
    if failure.kind not in _OF_THE_QUESTION:
        return Verdict.STOP
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
        return Verdict.AT_FAULT
    return Verdict.SPLIT if is_refused and len(names) > 1 else Verdict.STOP
