"""Where papers come from, and who judges them.

SourceError                  what a `PaperSource` may raise, and nothing else
├── SourceWaitError          nothing was requested: backoff lasts until an instant
├── SourceThrottledError     throttled; every target backs off
├── SourceUnavailableError   no response, or a server error
├── SourceReplyError         an invalid response; nothing of it is used
└── SourceQuestionError      the request itself is rejected; repeating it does not help
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.archive.domain.arxiv_record import ArxivRecord
from bot.arxiv.domain.announcements import Feed
from bot.arxiv.domain.candidates import Example, Judgement, NewPaper
from bot.core.domain.dataclass import dataclass


class Refusal(StrEnum):
    """Why a response of a paper source is not used."""

    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    SERVER_ERROR = "server_error"
    TOO_LARGE = "too_large"
    HTML = "html"
    ENTITIES = "entities"
    MALFORMED = "malformed"
    REDIRECT = "redirect"
    ERROR_FEED = "error_feed"
    QUESTION = "question"


class SourceError(Exception):
    """What a `PaperSource` may raise; the message is one line for the operator."""


class SourceWaitError(SourceError):
    """Nothing was requested: the target is in backoff until `until`."""

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(reason)
        self.until = until


class SourceFailureError(SourceError):
    """A request failed. `retry_after` is what the server asked for, if anything."""

    def __init__(self, kind: Refusal, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.retry_after = retry_after


class SourceThrottledError(SourceFailureError):
    """The server throttles us, or is down and says until when."""


class SourceUnavailableError(SourceFailureError):
    """No response, or a server error."""


class SourceReplyError(SourceFailureError):
    """An invalid response: HTML, truncated, too large, redirected to another server."""


class SourceQuestionError(SourceFailureError):
    """The request is rejected; `culprit` is the invalid part, where arXiv names it."""

    def __init__(self, reason: str, *, culprit: str | None = None) -> None:
        super().__init__(Refusal.QUESTION, reason)
        self.culprit = culprit


class RequestGate(Protocol):
    """Lets one request through at a time, spaced, over every process of this bot."""

    def turn(self, target: str) -> AbstractAsyncContextManager[Callable[[], None]]:
        """Hold the gate for one request of a target (`feed:cs.LG`, `papers` …).

        Waits for its turn; raises `SourceWaitError` when the wait would be long. A
        `SourceFailureError` that leaves the block is stored and starts a backoff of the target,
        or of all targets. The block calls the function that it is given when it has a valid
        response; only that ends a backoff, since a redirect is not a response.
        """
        ...


@dataclass(frozen=True, slots=True)
class Submissions:
    """A page of papers by when they were submitted: `entries` of `total`.

    `records` are those of them that could be understood.
    """

    records: tuple[ArxivRecord, ...]
    entries: int
    total: int


class PaperSource(Protocol):
    """arXiv, as the bot sees it; raises `SourceError` only."""

    async def fetch_feed(self, category: str, *, etag: str | None = None) -> Feed | None:
        """What was announced last in a category; `None`: not changed since that ETag."""
        ...

    async def fetch_records(self, numbers: Sequence[str]) -> tuple[ArxivRecord, ...]:
        """The newest version of each paper, at most 100; unknown ones are left out."""
        ...

    async def search_titles(self, titles: Sequence[str]) -> tuple[ArxivRecord, ...]:
        """Papers whose titles hold the words of one of these; at most 10 titles, 100 papers."""
        ...

    async def list_submitted(
        self, category: str, since: datetime, until: datetime, *, start: int, limit: int
    ) -> Submissions:
        """Papers of a category first submitted in that time, oldest first, from the start-th.

        A page may be shorter than `limit`; one that is neither the end nor goes on is refused.
        """
        ...


class Ranker(Protocol):
    """Learns which papers the curator picks, and scores new papers."""

    async def train(self, picked: Sequence[Example], passed: Sequence[Example]) -> None:
        """Train on papers that were picked and papers that were not.

        Raises `RankerError`. The model survives a restart.
        """
        ...

    async def judge(self, new_papers: Sequence[NewPaper]) -> tuple[Judgement, ...]:
        """A judgement for each; raises `RankerError`, also when there is no model yet."""
        ...
