"""How long rows are kept that nothing needs any more: the setting `PAPERBOT_KEEP`."""

import re
from datetime import timedelta

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

SHORTEST = timedelta(days=30)
"""Platforms redeliver events, and backfill compares threads, for days; nothing younger is pruned."""

_LONGEST = timedelta(days=365_000)
"""A thousand years: what is asked to be kept longer is kept so long, which a date can be before."""

_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_PART = late_pattern(
    r"(?:(?P<what>deliveries|discussions)\s*[:=]?\s*)?"
    r"(?:(?P<forever>forever)|(?P<number>[0-9]{1,4})\s*(?P<unit>day|week|month|year)s?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept after their last change; `None` is for ever.

    `deliveries` concerns messages of the bot that are posted, removed or given up; `discussions`
    concerns what people wrote. Entries, digests and their threads are always kept.
    """

    deliveries: timedelta | None = timedelta(days=180)
    discussions: timedelta | None = None


def parse_retention(text: str) -> Retention | None:
    """`6 months`, `deliveries 90 days, discussions 2 years` or `forever`; `None` if it is neither.

    A duration without a name is that of deliveries. Durations shorter than `SHORTEST` are wrong.
    """
    found: dict[str, timedelta | None] = {}
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        if match is None:
            return None
        what = (match["what"] or "deliveries").lower()
        kept = None
        if match["forever"] is None:
            asked = timedelta(days=int(match["number"]) * _DAYS[match["unit"].lower()])
            kept = min(asked, _LONGEST)
        if what in found or (kept is not None and kept < SHORTEST):
            return None
        found[what] = kept
    return Retention(**found)
