"""Why a day has no new papers of arXiv."""

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum

from bot.arxiv.domain.batches import CategoryStatus, State, batch_day, is_expected, may_be_holiday


class Absence(StrEnum):
    """Why there are no new papers."""

    NOT_ASKED = "not asked"  # polling is off
    NOT_YET_ASKED = "not yet asked"  # the bot has just been started
    NOT_YET = "not yet"  # expected, and not late
    LATE = "late"
    FAILED = "failed"  # no answer of arXiv could be used
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    FUTURE = "future"
    UNKNOWN = "unknown"  # a day of which the bot has no list


def why_none(
    statuses: Sequence[CategoryStatus], now: dt.datetime, day: dt.date | None = None
) -> Absence | None:
    """Why a day has no papers; today has, where `None`. Without a `day`, of today."""
    today = batch_day(now)
    if day is not None and day > today:
        return Absence.FUTURE
    if day is not None and day < today:
        return _nothing_expected(day) or Absence.UNKNOWN
    if not statuses:
        return Absence.NOT_ASKED
    states = {each.state for each in statuses}
    if State.FRESH in states:
        return None
    if states == {State.FAILED}:
        return Absence.FAILED
    if not is_expected(today):
        return Absence.WEEKEND
    if State.WAITING in states:
        is_asked = any(each.checked_at is not None for each in statuses)
        return Absence.NOT_YET if is_asked else Absence.NOT_YET_ASKED
    if State.STALLED in states:
        return Absence.LATE
    return Absence.HOLIDAY


def _nothing_expected(day: dt.date) -> Absence | None:
    if not is_expected(day):
        return Absence.WEEKEND
    return Absence.HOLIDAY if may_be_holiday(day) else None
