"""One line of the log for each digest that was posted, with what failed of it."""

import logging

from bot.core.database.database import Database
from bot.outbox.domain.delivery import State, Step
from bot.outbox.store import digest_tally
from bot.outbox.store.claims import Claimed
from bot.outbox.store.digest_tally import DigestTally

log = logging.getLogger(__name__)

_SETTLED = (State.SENT, State.HELD, State.DEAD)


class DigestLog:
    """Writes the line once the last message of a digest is posted, held or dead.

    A digest that a kill interrupted gets its line after the restart. One whose last message was
    settled just before a kill gets none: `paperbot deliveries` shows it.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._settled: list[int] = []

    def observe(self, claimed: Claimed, step: Step) -> None:
        """Note what was settled; for `Deliverer`."""
        if step.state in _SETTLED:
            self._settled.append(claimed.id)

    async def write(self) -> bool:
        """Write a line for each digest that is done since the last call; returns whether one is."""
        if not self._settled:
            return False
        settled, self._settled = self._settled, []
        async with self._db.reading() as tx:
            done = await digest_tally.list_settled(tx, settled)
        for each in done:
            log.log(logging.WARNING if each.failed else logging.INFO, "%s", digest_line(each))
        return bool(done)


def digest_line(tally: DigestTally) -> str:
    """`posted 2025-02-04 to slack:T/C: 5 papers in 6.1 s`, with how many messages failed."""
    day, channel = tally.on.isoformat(), tally.channel
    if tally.added:
        line = f"added to {day} in {channel}: {_count(tally.added, 'message')}"
    elif tally.failed == tally.messages:
        line = f"nothing of {day} is posted to {channel}"
    else:
        took = f"{tally.took.total_seconds():.1f} s"
        line = f"posted {day} to {channel}: {_count(tally.papers, 'paper')} in {took}"
    if not tally.failed:
        return line
    failed = f"{tally.failed} of {_count(tally.messages, 'message')} failed"
    return f"{line}; {failed}: see “paperbot deliveries --failing”"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
