"""Sorting a platform's errors into the exceptions of the `Chat` port, by a table of the platform.

Each error of a platform's API has one of four kinds:

REFUSED    the channel, the thread or the message does not        ChatRefusedError, with its
           take it, however often it is tried                     extent
HELD       everything is closed to the bot for a while, or until  ChatUnavailableError, with a
           a person fixes a token, a scope or a policy            long pause for the workspace
RETRY      certainly not posted; another try may succeed          ChatUnavailableError
UNCERTAIN  it may have been posted                                ChatUncertainError
"""

from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from bot.core.domain.dataclass import dataclass
from bot.core.domain.extent import Extent
from bot.core.ports.chat import (
    ChatError,
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
)

HELD_FOR = timedelta(minutes=5)
"""The pause between tries while a platform is closed to the bot."""
RETRIED_AFTER = timedelta(seconds=30)
"""The pause where the platform names none."""

ABOUT_THE_REQUEST = frozenset({413, 414, 415, 422, 431})
"""Statuses of HTTP that refuse one request, whoever answers: too large, or of a wrong kind."""

Code = TypeVar("Code", str, int)
"""How a platform names its errors."""


class ErrorKind(StrEnum):
    """What an error means for the message that was being sent."""

    REFUSED = "refused"
    HELD = "held"
    RETRY = "retry"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class ErrorMeaning:
    """An error, understood: `words` say what is wrong and what to do; they can be translated."""

    kind: ErrorKind
    words: str
    pause: timedelta | None = None
    whole_workspace: bool = False
    extent: Extent = Extent.CHANNEL

    def chat_error(self, detail: str = "") -> ChatError:
        """The exception of the port; `detail` is the platform's own name for the error."""
        error = self._exception()
        error.detail = detail
        return error

    def _exception(self) -> ChatError:
        match self.kind:
            case ErrorKind.REFUSED:
                return ChatRefusedError(self.words, self.extent)
            case ErrorKind.UNCERTAIN:
                return ChatUncertainError(self.words)
            case _:
                return ChatUnavailableError(
                    self.words, retry_after=self.pause, whole_workspace=self.whole_workspace
                )


def nothing_posted(error: ChatError) -> ChatError:
    """The same of a call that posts nothing: what is uncertain may be tried again."""
    if not isinstance(error, ChatUncertainError):
        return error
    again = ChatUnavailableError(error.reason, retry_after=RETRIED_AFTER)
    again.detail = error.detail
    return again


def refused(words: str, *codes: Code, extent: Extent = Extent.CHANNEL) -> dict[Code, ErrorMeaning]:
    """Rows of a table: these errors are refusals."""
    return dict.fromkeys(codes, ErrorMeaning(ErrorKind.REFUSED, words, extent=extent))


def held(words: str, *codes: Code) -> dict[Code, ErrorMeaning]:
    """Rows of a table: these errors close the whole workspace for a while."""
    meaning = ErrorMeaning(ErrorKind.HELD, words, HELD_FOR, whole_workspace=True)
    return dict.fromkeys(codes, meaning)


def retry(words: str, pause: timedelta, *codes: Code) -> dict[Code, ErrorMeaning]:
    """Rows of a table: after these errors the same may be tried again."""
    return dict.fromkeys(codes, ErrorMeaning(ErrorKind.RETRY, words, pause))


def uncertain(words: str, *codes: Code) -> dict[Code, ErrorMeaning]:
    """Rows of a table: after these errors nobody knows whether it was done."""
    return dict.fromkeys(codes, ErrorMeaning(ErrorKind.UNCERTAIN, words))
