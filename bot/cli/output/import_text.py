"""What `import` prints: warnings, a few of each kind, and what will be posted when."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from bot.archive.domain.entry import Problem
from bot.channels.domain.schedule import Slot
from bot.channels.domain.subscription import Subscription
from bot.core.domain.i18n import Translate
from bot.digest.domain.forecast import Forecast

MOST_OF_A_KIND = 10
"""More warnings of one kind are counted only: an import of a whole vault may have thousands."""
_MOST_SLOTS = 5


def shown_problems(problems: Sequence[Problem]) -> tuple[tuple[Problem, ...], Mapping[str, int]]:
    """The problems to print, and how many of each kind are left out."""
    seen: Counter[str] = Counter()
    shown: list[Problem] = []
    for problem in problems:
        seen[problem.kind] += 1
        if not problem.kind or seen[problem.kind] <= MOST_OF_A_KIND:
            shown.append(problem)
    del seen[""]
    left = {kind: n - MOST_OF_A_KIND for kind, n in seen.items() if n > MOST_OF_A_KIND}
    return tuple(shown), left


def forecast_lines(
    found: Sequence[tuple[Subscription, Forecast]], *, updated: int, now: datetime, say: Translate
) -> Iterator[str]:
    """What becomes of the new and the updated entries in each channel."""
    for subscription, expected in found:
        for slot, days in expected.slots[:_MOST_SLOTS]:
            yield _slot_line(subscription, slot, days, now=now, say=say)
        later = sum(sum(days.values()) for _, days in expected.slots[_MOST_SLOTS:])
        if later:
            yield say.count(
                "{n} paper of later days will be posted in {channel} on its day.",
                "{n} papers of later days will be posted in {channel} on their days.",
                later,
                channel=subscription.channel,
            )
        if expected.soon:
            yield say.count(
                "{n} paper will be posted in {channel} soon, among its earlier days.",
                "{n} papers will be posted in {channel} soon, day after day.",
                expected.soon,
                channel=subscription.channel,
            )
        if expected.not_posted:
            yield say.count(
                "{n} paper is of a day that is past in {channel}: it is found, but not posted, "
                "except by “paperbot post DATE --channel {channel}”.",
                "{n} papers are of days that are past in {channel}: they are found, but not posted, "
                "except by “paperbot post DATE --channel {channel}”.",
                expected.not_posted,
                channel=subscription.channel,
            )
    if found and updated:
        yield say.count(
            "{n} entry has changed: where it was posted, its messages are edited.",
            "{n} entries have changed: where they were posted, their messages are edited.",
            updated,
        )


def _slot_line(
    subscription: Subscription,
    slot: Slot,
    days: Mapping[date, int],
    *,
    now: datetime,
    say: Translate,
) -> str:
    count = sum(days.values())
    words = {"day": _days(days), "channel": subscription.channel}
    if slot.at <= now:
        return say.count(
            "{n} paper of {day} will be posted now in {channel}.",
            "{n} papers of {day} will be posted now in {channel}.",
            count,
            **words,
        )
    zone = subscription.options.schedule.zone
    at = slot.at.astimezone(zone)
    return say.count(
        "{n} paper of {day} will be posted on {at} {zone} in {channel}.",
        "{n} papers of {day} will be posted on {at} {zone} in {channel}.",
        count,
        at=f"{at:%Y-%m-%d %H:%M}",
        zone=zone.key,
        **words,
    )


def _days(days: Mapping[date, int]) -> str:
    first, last = min(days), max(days)
    return f"{first}" if first == last else f"{first} – {last}"
