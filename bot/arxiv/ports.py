"""Where papers come from, and who judges them.

SourceError                  what a `PaperSource` may raise, and nothing else
├── SourceWaitError          not asked at all: it must be left alone until an instant
├── SourceThrottledError     it asks us to slow down; every target waits
├── SourceUnavailableError   no answer, or that of a server in trouble
├── SourceReplyError         an answer that is not to be believed; nothing of it counts
└── SourceQuestionError      it says that this question is wrong; asked again, it says so again
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.archive.domain.arxiv_record import ArxivRecord
from bot.arxiv.domain.announcements import Feed
from bot.arxiv.domain.candidates import Example, Judgement, Newcomer


class Refusal(StrEnum):
    """Why an answer of a paper source does not count."""

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
    """Nothing was asked: the target must be left alone until `until`."""

    def __init__(self, until: datetime, reason: str) -> None:
        super().__init__(reason)
        self.until = until


class SourceFailureError(SourceError):
    """Something was asked, and there is no answer to use. `retry_after` is the server's wish."""

    def __init__(self, kind: Refusal, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.retry_after = retry_after


class SourceThrottledError(SourceFailureError):
    """It asks us to slow down."""


class SourceUnavailableError(SourceFailureError):
    """It does not answer, or only to say that it is in trouble."""


class SourceReplyError(SourceFailureError):
    """The answer is not to be believed: HTML, cut off, too large, sent on elsewhere."""


class SourceQuestionError(SourceFailureError):
    """The question is refused; `culprit` is the part of it that is wrong, where it is named."""

    def __init__(self, reason: str, *, culprit: str | None = None) -> None:
        super().__init__(Refusal.QUESTION, reason)
        self.culprit = culprit


class Turnstile(Protocol):
    """Lets one request through at a time, well apart, over every process of this bot."""

    def turn(self, target: str) -> AbstractAsyncContextManager[Callable[[], None]]:
        """One request of a target (`feed:cs.LG`, `papers` …); waits for its turn.

        Raises `SourceWaitError` when the wait would be long. A `SourceFailureError` that leaves
        the block is remembered, and makes the target, or all of them, wait. The block calls what
        it is given when it has an answer that counts, and only that ends a wait: a redirect is
        no answer.
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
    """Learns the curator's taste and judges new papers by it."""

    async def train(self, picked: Sequence[Example], passed: Sequence[Example]) -> None:
        """Learn from papers that were picked and papers that were passed over.

        Raises `RankerError`. What was learnt survives a restart.
        """
        ...

    async def judge(self, newcomers: Sequence[Newcomer]) -> tuple[Judgement, ...]:
        """A judgement for each; raises `RankerError`, also when nothing was learnt yet."""
        ...
