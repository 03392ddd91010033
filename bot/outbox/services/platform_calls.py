"""One call to a platform for one message; every result or error becomes an outcome."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from bot.core.domain.extent import Extent
from bot.core.ports import Chat, ChatRefusedError, ChatUnavailableError, ChatUncertainError
from bot.core.services.ending import is_cancelled
from bot.outbox.domain.delivery import (
    ROOT_MISSING,
    Absent,
    Accepted,
    CallOutcome,
    ChangeOutcome,
    Done,
    NotNow,
    NotTried,
    Refused,
    SearchOutcome,
    Uncertain,
    Unsearchable,
    Unsearched,
)
from bot.outbox.store.claims import Claimed

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

CLOCKS_APART = timedelta(minutes=2)
"""The largest difference of a platform's clock to ours: searches start that much earlier."""


async def call(
    chat: Chat, claimed: Claimed, *, clock: Callable[[], datetime], within: timedelta
) -> CallOutcome:
    """Post the message."""
    if claimed.document is None or (claimed.root is None and claimed.state.is_reply):
        return Refused(ROOT_MISSING, Extent.MESSAGE)
    if clock() + within > claimed.state.lease_until:
        # The process was suspended after the claim: another one may be searching for the message.
        return NotTried()
    # A search counts as an attempt, too: of a first one it is known that nothing was posted.
    since = claimed.since - CLOCKS_APART if claimed.attempt > 1 else None
    if claimed.root is not None:
        posting = chat.reply(claimed.root, claimed.document, key=claimed.key, since=since)
    else:
        posting = chat.post(claimed.channel, claimed.document, key=claimed.key, since=since)
    answer = await _answer_of(posting, f"delivery {claimed.id} to {claimed.channel}", within)
    if isinstance(answer, NotNow | Refused | Uncertain):
        return answer
    return Accepted(answer.id)


async def search(chat: Chat, claimed: Claimed, *, within: timedelta) -> SearchOutcome:
    """Search the channel for the message."""
    since = claimed.since - CLOCKS_APART
    finding = chat.find(claimed.channel, claimed.key, since=since, root=claimed.root)
    name = f"the search for delivery {claimed.id} in {claimed.channel}"
    match await _answer_of(finding, name, within):
        case None:
            return Absent()
        case NotNow(detail, retry_after):
            return Unsearched(detail, retry_after)
        case Refused(detail):
            return Unsearchable(detail)
        case Uncertain(detail, broken):
            return Unsearched(detail, broken=broken)
        case found:
            return Accepted(found.id)


async def change(work: Awaitable[None], name: str, *, within: timedelta) -> ChangeOutcome:
    """Edit or remove a message, as `work` does; `name` is for the log."""
    return await _answer_of(work, name, within) or Done()


async def _answer_of(
    work: Awaitable[Answer], name: str, within: timedelta
) -> Answer | NotNow | Refused | Uncertain:
    """The answer of a platform, or the outcome of its failure.

    To be awaited in a task of its own, as the callers do: `is_cancelled` asks about that.
    """
    try:
        async with asyncio.timeout(within.total_seconds()):
            return await work
    except ChatUnavailableError as error:
        return NotNow(str(error), error.retry_after, error.whole_workspace)
    except ChatRefusedError as error:
        return Refused(str(error), error.extent)
    except ChatUncertainError as error:
        return Uncertain(str(error))
    except TimeoutError:
        return Uncertain("no answer in time")
    except asyncio.CancelledError:
        if is_cancelled():
            raise
        return Uncertain("the request was cut off")
    except Exception as error:
        # Any other error breaks the adapter's contract; it must not stop other messages.
        log.exception("%s failed unexpectedly", name)
        return Uncertain(type(error).__name__, broken=True)
