"""How long arXiv is left alone after it refused, or did not answer."""

import datetime as dt

SPACING = dt.timedelta(seconds=3.1)
"""Between the end of one request and the start of the next; arXiv's terms say 3 s."""

LADDER = (
    dt.timedelta(seconds=30),
    dt.timedelta(minutes=2),
    dt.timedelta(minutes=10),
    dt.timedelta(minutes=60),
)
"""After the first, second, third and fourth failure in a row; after that, tomorrow."""

MORNING = dt.timedelta(hours=4, minutes=10)
"""When tomorrow begins, after midnight UTC: with arXiv's new batch."""

LONGEST_WAIT = dt.timedelta(hours=30)
"""No wait is longer, whatever a server wishes for: one that is was made by a clock gone wrong."""

_MOST_SPREAD = dt.timedelta(minutes=20)


def wait_until(
    now: dt.datetime, failures: int, retry_after: dt.timedelta | None, spread: float
) -> dt.datetime:
    """When to ask again after so many failures in a row (from 1).

    `Retry-After` is obeyed; where arXiv sends none, or asking as it said keeps failing, the
    ladder counts. `spread` in [0, 1) lengthens a step by up to a quarter (20 minutes), so that many bots that
    were refused together do not come back together.
    """
    step = _step(now, failures)
    own = step + min(step / 4, _MOST_SPREAD) * spread
    if retry_after is None:
        return now + own
    asked = min(max(retry_after, SPACING), LONGEST_WAIT)
    return now + (asked if failures < len(LADDER) else max(asked, own))


def _step(now: dt.datetime, failures: int) -> dt.timedelta:
    if failures <= len(LADDER):
        return LADDER[failures - 1]
    utc = now.astimezone(dt.UTC)
    midnight = dt.datetime.combine(utc.date() + dt.timedelta(days=1), dt.time(), dt.UTC)
    return midnight + MORNING - utc
