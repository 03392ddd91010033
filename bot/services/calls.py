"""One call to a platform for one delivery: whatever happens is an outcome."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain.delivery import (
    ROOT_MISSING,
    Absent,
    Accepted,
    CallOutcome,
    Extent,
    NotNow,
    NotTried,
    Refused,
    SearchOutcome,
    Uncertain,
    Unsearchable,
    Unsearched,
)
from bot.ports import Chat, ChatRefusedError, ChatUnavailableError, ChatUncertainError
from bot.store.deliveries import Claimed

log = logging.getLogger(__name__)

CLOCKS_APART = timedelta(minutes=2)
"""How far a platform's clock may be from ours: searches begin that much earlier."""


async def call(
    chat: Chat, claimed: Claimed, *, clock: Callable[[], datetime], within: timedelta
) -> CallOutcome:
    """Post the message; whatever happens is an outcome."""
    if claimed.document is None or (claimed.root is None and claimed.state.is_reply):
        return Refused(ROOT_MISSING, Extent.MESSAGE)
    if clock() + within > claimed.state.lease_until:
        # The machine slept between the claim and here: somebody may be searching for it already.
        return NotTried()
    try:
        async with asyncio.timeout(within.total_seconds()):
            if claimed.root is not None:
                message = await chat.reply(claimed.root, claimed.document, key=claimed.key)
            else:
                message = await chat.post(claimed.channel, claimed.document, key=claimed.key)
    except ChatUnavailableError as error:
        return NotNow(str(error), error.retry_after, error.whole_workspace)
    except ChatRefusedError as error:
        return Refused(str(error), error.extent)
    except ChatUncertainError as error:
        return Uncertain(str(error))
    except TimeoutError:
        return Uncertain("no answer in time")
    except Exception as error:
        # An adapter that breaks its contract, on one message, must not stop the others.
        log.exception("delivery %d to %s broke", claimed.id, claimed.channel)
        return Uncertain(type(error).__name__, broken=True)
    return Accepted(message.id)


async def search(chat: Chat, claimed: Claimed, *, within: timedelta) -> SearchOutcome:
    """Look whether the message is there; whatever happens is an outcome."""
    try:
        async with asyncio.timeout(within.total_seconds()):
            since = claimed.since - CLOCKS_APART
            found = await chat.find(claimed.channel, claimed.key, since=since, root=claimed.root)
    except ChatUnavailableError as error:
        return Unsearched(str(error), error.retry_after)
    except ChatRefusedError as error:
        return Unsearchable(str(error))
    except (ChatUncertainError, TimeoutError) as error:
        return Unsearched(str(error) or "no answer in time")
    except Exception as error:
        log.exception("the search for delivery %d in %s broke", claimed.id, claimed.channel)
        return Unsearched(type(error).__name__, broken=True)
    return Absent() if found is None else Accepted(found.id)
