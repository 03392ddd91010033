"""The names under which the archive's transactions guard what no unique key makes atomic.

`Transaction.guard` is the first statement. A transaction that takes both takes `ARCHIVE` first.
"""

from typing import Final

ARCHIVE: Final = "archive"
"""For whoever changes entries, papers or sources: their ids are counted up, and a file is compared
with what is stored of it before it is written."""

PAPER_EVENT: Final = "paper_event"
"""For whoever adds events, or reads those after an id: a smaller id is never committed later."""
