"""Backoff: how long to wait after requests to arXiv failed."""

import datetime as dt

SPACING = dt.timedelta(seconds=3.1)
"""Between the end of one request and the start of the next; arXiv's terms say 3 s."""

BACKOFF_STEPS = (
    dt.timedelta(seconds=30),
    dt.timedelta(minutes=2),
    dt.timedelta(minutes=10),
    dt.timedelta(minutes=60),
)
"""After the first to fourth consecutive failure; from the fifth on, until tomorrow."""

MORNING = dt.timedelta(hours=4, minutes=10)
"""When tomorrow begins, after midnight UTC: with arXiv's new batch."""

LONGEST_WAIT = dt.timedelta(hours=30)
"""Ignore a stored wait longer than this: the clock was set back. No `Retry-After` exceeds it."""

_MOST_SPREAD = dt.timedelta(minutes=20)


def wait_until(
    now: dt.datetime, failures: int, retry_after: dt.timedelta | None, jitter: float
) -> dt.datetime:
    """When to send the next request after `failures` consecutive failures (from 1).

    `Retry-After` is obeyed. Without it, or when requests keep failing in spite of it,
    `BACKOFF_STEPS` apply. `jitter` in [0, 1) lengthens a step by up to a quarter (at most 20
    minutes), so that bots that were refused together do not return together.
    """
    step = _step(now, failures)
    own = step + min(step / 4, _MOST_SPREAD) * jitter
    if retry_after is None:
        return now + own
    asked = min(max(retry_after, SPACING), LONGEST_WAIT)
    return now + (asked if failures < len(BACKOFF_STEPS) else max(asked, own))


def _step(now: dt.datetime, failures: int) -> dt.timedelta:
    if failures <= len(BACKOFF_STEPS):
        return BACKOFF_STEPS[failures - 1]
    utc = now.astimezone(dt.UTC)
    midnight = dt.datetime.combine(utc.date() + dt.timedelta(days=1), dt.time(), dt.UTC)
    return midnight + MORNING - utc
