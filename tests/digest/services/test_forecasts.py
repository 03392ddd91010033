"""An import says what will be posted when, and planning does exactly that (issue 13, item 7)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.archive.services.import_files import import_files
from bot.cli.output.import_text import forecast_lines
from bot.core.domain.i18n import ENGLISH
from bot.digest.domain.forecast import Forecast
from bot.digest.services import plan, subscribe
from bot.digest.services.forecasts import forecast_all
from bot.digest.services.options.typed import TypedOptions
from tests.stage import GENERAL, Stage, english, staged

MONDAY = date(2026, 2, 2)
DAY = timedelta(days=1)


def at(day: date, hour: int) -> datetime:
    """That hour in Seoul."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC) - timedelta(hours=9)


async def take_in(stage: Stage, notes: Mapping[date, str], *, dry_run: bool = False) -> Forecast:
    """Write a note for each day, with the day's text, import them, and forecast."""
    for day, text in notes.items():
        note = stage.vault / f"{day:%y%m%d} N{day.day}.md"
        note.write_text(f"*T{day}* (A B)\n\n{text}\n", encoding="utf-8")
    report = await import_files(stage.db, [stage.vault], now=stage.clock(), dry_run=dry_run)
    ((_, found),) = await forecast_all(stage.db, report.added, now=stage.clock())
    return found


async def test_what_is_forecast_is_what_is_planned(tmp_path: Path):
    async with staged(tmp_path, at(MONDAY, 15)) as stage:
        words = TypedOptions(at="09:00", zone="Asia/Seoul", weekdays="mon-fri", tags="-#moe")
        await subscribe.add(stage.db, GENERAL, words, now=stage.clock(), since=MONDAY - 3 * DAY)
        await plan.plan_due(stage.db, now=stage.clock(), voices=english)
        stage.clock.at = at(MONDAY + DAY, 8)
        notes = {
            MONDAY - 30 * DAY: "Old.",
            MONDAY - 2 * DAY: "Late.",
            MONDAY: "Yesterday.",
            MONDAY + DAY: "Today.",
            MONDAY + 2 * DAY: "Not wanted.\n\n#moe",
            MONDAY + 5 * DAY: "Saturday.",
        }

        dry = await take_in(stage, notes, dry_run=True)
        found = await take_in(stage, notes)

        assert dry == found
        assert (found.soon, found.not_posted) == (0, 1)
        planned = []
        for slot, days in found.slots:
            stage.clock.at = slot.at
            (closed,) = await plan.plan_due(stage.db, now=stage.clock(), voices=english)
            planned.append((closed.on, closed.papers))
            assert closed.papers == sum(days.values())
        assert planned == [(MONDAY + DAY, 3), (MONDAY + 7 * DAY, 1)]


async def test_the_lines_say_it_in_the_channels_time(tmp_path: Path):
    async with staged(tmp_path, at(MONDAY, 15)) as stage:
        words = TypedOptions(at="09:00", zone="Asia/Seoul")
        await subscribe.add(stage.db, GENERAL, words, now=stage.clock())
        await plan.plan_due(stage.db, now=stage.clock(), voices=english)
        for name in ("A", "B"):
            await stage.note(name, MONDAY + DAY)
        (stage.vault / "251201 Old.md").write_text("*Old* (A B)\n\nOld.\n")
        (stage.vault / f"{MONDAY + DAY:%y%m%d} Empty.md").write_text("")
        report = await import_files(stage.db, [stage.vault], now=stage.clock())
        added = {**report.added, (MONDAY + DAY, ()): 2}

        found = await forecast_all(stage.db, added, now=stage.clock())
        lines = list(forecast_lines(found, updated=1, now=stage.clock(), say=ENGLISH))

        expected, past, changed = lines
        assert expected == (
            f"2 papers of 2026-02-03 will be posted on 2026-02-03 09:00 Asia/Seoul in {GENERAL}."
        )
        assert past.startswith(f"1 paper is of a day that is past in {GENERAL}: it is found, but")
        assert changed == "1 entry has changed: where it was posted, its messages are edited."


async def test_an_empty_note_is_posted_once_something_is_in_it(tmp_path: Path):
    async with staged(tmp_path, at(MONDAY, 15)) as stage:
        words = TypedOptions(at="09:00", zone="Asia/Seoul")
        await subscribe.add(stage.db, GENERAL, words, now=stage.clock())
        await plan.plan_due(stage.db, now=stage.clock(), voices=english)
        note = stage.vault / f"{MONDAY + DAY:%y%m%d} Empty.md"
        note.write_text("#rl\n")
        await import_files(stage.db, [stage.vault], now=stage.clock())

        stage.clock.at = at(MONDAY + DAY, 9)
        (first,) = await plan.plan_due(stage.db, now=stage.clock(), voices=english)
        note.write_text("Now there is a text.\n\n#rl\n")
        await import_files(stage.db, [stage.vault], now=stage.clock())
        stage.clock.at = at(MONDAY + 2 * DAY, 9)
        (second,) = await plan.plan_due(stage.db, now=stage.clock(), voices=english)

        assert (first.papers, second.papers) == (0, 1)
