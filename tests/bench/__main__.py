"""`make bench`: what the bot does, as ratios to what plain tools do on this machine, in one run.

`--quick` stays with small archives and few rounds; words choose rows.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path

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
    outbox,
    slack,
    start,
)
from tests.bench.measure import Row
from tests.bench.postgresql import imports as imports_postgresql
from tests.bench.postgresql import morning as morning_postgresql
from tests.bench.postgresql import outbox as outbox_postgresql
from tests.bench.postgresql.server import of_postgresql

Part = Callable[[bool], AsyncIterator[Row]]
PARTS: dict[str, Part] = {
    "import": imports.rows,
    "lookup": lookups.rows,
    "lookup-postgresql": lookups.rows_on_postgresql,
    "slack": slack.rows,
    "discord": discord.rows,
    "start": start.rows,
    "arxiv": arxiv.rows,
    "outbox": outbox.rows,
    "discussion": discussion.rows,
    "follow": follow.rows,
    "forms": forms.rows,
    "forms-postgresql": of_postgresql(forms.rows_on_postgresql),
    "import-postgresql": of_postgresql(imports_postgresql.rows),
    "outbox-postgresql": of_postgresql(outbox_postgresql.rows),
    "morning-postgresql": of_postgresql(morning_postgresql.rows),
}


async def measure(parts: Mapping[str, Part], *, quick: bool) -> bool:
    """Measure and print; whether every aim was held."""
    table = Table("what", "result", "compared", "aim", "", title="Measured in one run, medians")
    console = Console(width=None if sys.stdout.isatty() else 160)
    progress = Console(stderr=True)
    held = True
    for part, rows in parts.items():
        with progress.status(f"measuring {part} …"):
            async for row in rows(quick):
                mark = {True: "[green]held[/]", False: "[red]missed[/]", None: ""}[row.held]
                table.add_row(row.name, row.result, row.compared, row.aim, mark)
                held = held and row.held is not False
    console.print(table)
    return held


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="small archives, few rounds")
    parser.add_argument("--announced", type=Path, metavar="FOLDER", help="see bench/ranking.py")
    chosen = parser.parse_args()
    if not PARTS.keys() >= set(chosen.parts):
        parser.error(f"the parts are {', '.join(PARTS)}")
    if chosen.announced:
        PARTS["arxiv"] = partial(arxiv.rows, announced=chosen.announced)
    parts = {name: PARTS[name] for name in chosen.parts or PARTS}
    held = asyncio.run(measure(parts, quick=chosen.quick))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
