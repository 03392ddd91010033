"""The order of what a look-up finds: where its words stand, then newest first.

First come papers of that name, then entries with the words as a phrase in the title, in the title,
in title and tags, there and among the authors, there and in the commentary, then the others. Each
is a scan, newest first, of the index of these fields, and the next one begins where the last one is
exhausted. So a look-up costs a few scans, however often a word stands elsewhere.
"""

from collections.abc import Iterator, Sequence

from bot.core.database.database import Statements
from bot.lookup.store.query_plan import Plans, named_like


def walk(
    statements: Statements, plans: Plans, words: Sequence[str], newest: list[int], *, limit: int
) -> list[int]:
    """The sort keys of the first `limit` entries, the best first; `words` may be a name.

    `newest` are as many of those that `plans.all` finds, newest first.
    """
    if len(newest) <= 1:
        return newest
    found: dict[int, None] = {}
    for part in _parts(statements, plans, words, limit):
        found.update(dict.fromkeys(part))
        if len(found) >= len(newest):  # a page, or all that there are
            break
    found.update(dict.fromkeys(newest))
    return list(found)[:limit]


def _parts(
    statements: Statements, plans: Plans, words: Sequence[str], limit: int
) -> Iterator[list[int]]:
    """The entries that come before the others, in their order; later parts repeat earlier ones.

    A plan finds all of those that the plans before it find, so the first `limit` of each are
    enough.
    """
    named = named_like(statements, words)
    if named:
        wanted = plans.all.among(statements, named)
        yield [newness for newness in named if newness in wanted]
    if plans.labelled is not None and (labelled := plans.labelled.walk(statements, limit=limit)):
        titled: set[int] = set()
        for plan in plans.titled():
            part = plan.walk(statements, limit=limit)
            yield part
            titled.update(part)
            if len(titled) >= len(labelled):  # the others would find the same
                break
        yield labelled
    if plans.written is not None:
        yield plans.written.walk(statements, limit=limit)
