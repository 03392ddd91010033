"""`make bench`: what the bot does, as ratios to what plain tools do on this machine, in one run.

`--quick` stays with small archives and few rounds; words choose rows. The last line says what was
missed; a missed aim is no failure of the program. What was measured is also written as JSON, and
`--against` compares with such a file of another commit.
"""

import argparse
import asyncio
import statistics
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import (
    arxiv,
    discord,
    discussion,
    follow,
    forms,
    imports,
    lookups,
    memory,
    outbox,
    ranking_rows,
    site,
    slack,
    start,
)
from tests.bench.measure import Row, machine_seconds
from tests.bench.postgresql import imports as imports_postgresql
from tests.bench.postgresql import morning as morning_postgresql
from tests.bench.postgresql import outbox as outbox_postgresql
from tests.bench.postgresql.server import of_postgresql
from tests.bench.report import (
    Measured,
    as_json,
    commit,
    compare,
    default_path,
    named,
    read,
    slowdown,
    summary,
)
from tests.bench.verdict import Verdict

Part = Callable[[bool], AsyncIterator[Row]]
PARTS: dict[str, Part] = {
    "import": imports.rows,
    "lookup": lookups.rows,
    "lookup-postgresql": lookups.rows_on_postgresql,
    "slack": slack.rows,
    "slack-postgresql": of_postgresql(slack.rows_on_postgresql),
    "discord": discord.rows,
    "discord-postgresql": of_postgresql(discord.rows_on_postgresql),
    "start": start.rows,
    "arxiv": arxiv.rows,
    "ranking": ranking_rows.rows,
    "memory": memory.rows,
    "memory-postgresql": of_postgresql(memory.rows_on_postgresql),
    "outbox": outbox.rows,
    "fan-out-postgresql": of_postgresql(outbox.fan_out_on_postgresql),
    "discussion": discussion.rows,
    "follow": follow.rows,
    "site": site.rows,
    "forms": forms.rows,
    "forms-postgresql": of_postgresql(forms.rows_on_postgresql),
    "import-postgresql": of_postgresql(imports_postgresql.rows),
    "outbox-postgresql": of_postgresql(outbox_postgresql.rows),
    "morning-postgresql": of_postgresql(morning_postgresql.rows),
}

_MARKS = {
    Verdict.HELD: "[green]held[/]",
    Verdict.MISSED: "[red]missed[/]",
    Verdict.NOISE: "[yellow]noise[/]",
    Verdict.NO_AIM: "",
}


async def measure(parts: Mapping[str, Part], speed: list[float], *, quick: bool) -> list[Measured]:
    """What the parts yield; each row is also said on stderr as it comes.

    `speed` gets `machine_seconds` before each part.
    """
    progress = Console(stderr=True)
    found: list[Measured] = []
    for part, rows in parts.items():
        speed.append(machine_seconds())
        with progress.status(f"measuring {part} …"):
            kept: list[Row] = []
            try:
                async for row in rows(quick):
                    kept.append(row)
                    progress.print(*_cells(row), sep="  ", soft_wrap=True)
            except Exception as error:  # noqa: BLE001 - one part must not lose the others
                kept.append(Row(part, "did not finish", repr(error)[:200], held=False))
            found += named(part, kept)
    return found


def _cells(row: Row) -> tuple[str, ...]:
    return row.name, row.result, row.compared, row.aim, _MARKS[row.verdict]


def show(
    rows: Sequence[Measured],
    speed: Sequence[float],
    old: Mapping[str, Any] | None,
    *,
    quick: bool,
) -> None:
    """The table, the comparison with an older run, and one line that says what was missed."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table("what", "result", "compared", "aim", "", title="Measured in one run, medians")
    for each in rows:
        table.add_row(*_cells(each.row))
    console.print(table)
    fastest, slowest = min(speed) * 1e3, max(speed) * 1e3
    console.print(
        f"The machine: {statistics.median(speed) * 1e3:.0f} ms for 500,000 additions in Python, "
        f"{fastest:.0f} to {slowest:.0f} by part. Times change with it, ratios less."
    )
    if old is not None:
        title = f"{old['commit']}, then {commit()}; by medians, noise by the spread of the rounds"
        changes = Table("what", "then", "now", "change", title=title)
        times = slowdown(old, speed)
        for line in compare(old, rows, times):
            changes.add_row(*line)
        console.print(changes)
        console.print(f"The machine took {times:.2f} × as long as then for the same additions.")
        if old["quick"] != quick:
            console.print("One of the two runs was --quick: sizes and rounds differ.")
    console.print(summary(rows), markup=False, soft_wrap=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="small archives, few rounds")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="default: build/bench/COMMIT.json"
    )
    parser.add_argument("--against", type=Path, metavar="FILE", help="a file of an older run")
    for option in ("--announced", "--vault"):
        parser.add_argument(option, type=Path, metavar="DIR", help="see tests/bench/ranking.py")
    chosen = parser.parse_args()
    if not PARTS.keys() >= set(chosen.parts):
        parser.error(f"the parts are {', '.join(PARTS)}")
    folders = {"announced": chosen.announced, "vault": chosen.vault}
    given = {name: path.resolve() for name, path in folders.items() if path is not None}
    if missing := [str(path) for path in given.values() if not path.is_dir()]:
        parser.error(f"no such folder: {', '.join(missing)}")
    PARTS["ranking"] = partial(ranking_rows.rows, **given)
    try:
        old = read(chosen.against.read_text(encoding="utf-8")) if chosen.against else None
    except (OSError, ValueError) as error:
        parser.error(f"--against {chosen.against}: {error}")
    speed: list[float] = []
    found = asyncio.run(
        measure({name: PARTS[name] for name in chosen.parts or PARTS}, speed, quick=chosen.quick)
    )
    path = chosen.json or default_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_json(found, quick=chosen.quick, speed=speed), encoding="utf-8")
    show(found, speed, old, quick=chosen.quick)
    Console(stderr=True).print(f"written to {path}", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
