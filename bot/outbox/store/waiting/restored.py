"""After a restore: what is planned anew may have been posted, which the backup does not know.

What happened since the backup happens again: platforms are read on from where they had been read, and
arXiv is asked again. So for a day everything is searched for, and posted only where it is not there.
"""

from datetime import datetime, timedelta

from bot.core.database.database import Transaction
from bot.core.database.instants import from_text, to_text
from bot.core.ports import ChannelRef, Platform
from bot.core.store import key_value

_NAME = "restored"
_LASTS = timedelta(days=1)
"""By then everything that was missed is read again, also where Slack allows one page a minute."""
_NEVER = frozenset({Platform.MAIL, Platform.WEB})
"""Mail cannot be searched for; the web chat's messages are in the database, and were restored with it."""


async def note(tx: Transaction, made_at: datetime, now: datetime) -> None:
    """The database was restored: it knows what was posted up to `made_at`."""
    before = await doubt_from(tx, now)
    since = min(before or made_at, made_at)
    await key_value.put(tx, _NAME, f"{to_text(since)} {to_text(now + _LASTS)}")


async def doubt_from(tx: Transaction, now: datetime) -> datetime | None:
    """Since when messages that are planned now may have been posted; `None`: they were not."""
    noted = await key_value.find(tx, _NAME)
    if noted is None:
        return None
    since, until = map(from_text, noted.split())
    return since if now < until else None


def is_searched(channel: ChannelRef) -> bool:
    """Whether messages in the channel are searched for after a restore."""
    return channel.platform not in _NEVER
