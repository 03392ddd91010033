"""What a run found, as a file beside the table, and two such files row by row."""

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench.measure import Row
from tests.bench.verdict import Figure, Verdict, change

_ROOT = Path(__file__).resolve().parents[2]
_FORM = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """A row with its part of the bench; `name` says what it is without the rows above it."""

    part: str
    name: str
    row: Row


def named(part: str, rows: Iterable[Row]) -> list[Measured]:
    """The rows of a part: one that begins with `…` goes on with the last name that does not."""
    found, whole = [], ""
    for row in rows:
        whole = whole if row.name.startswith("…") else row.name
        name = f"{whole} {row.name}" if row.name.startswith("…") else whole
        found.append(Measured(part, name, row))
    return found


def summary(rows: Sequence[Measured]) -> str:
    """One line: what was missed, and what the noise left open."""
    by = {v: [each for each in rows if each.row.verdict is v] for v in Verdict}
    missed, open_ = by[Verdict.MISSED], by[Verdict.NOISE]
    said = f"{len(by[Verdict.HELD])} held, {len(missed)} missed"
    said += f": {'; '.join(map(_in_short, missed))}" if missed else ""
    said += f". Not judged for noise: {'; '.join(map(_in_short, open_))}" if open_ else ""
    return said


def _in_short(measured: Measured) -> str:
    row = measured.row
    compared = f", {row.compared.partition(';')[0]}" if row.compared else ""
    part = "" if measured.name.startswith(measured.part) else f"{measured.part}: "
    return f"{part}{measured.name} ({row.result}{compared}; aim {row.aim})"


def as_json(rows: Sequence[Measured], *, quick: bool, speed: Sequence[float] = ()) -> str:
    """The run: the commit, the machine, each row with the figures of its rounds.

    `speed` is `machine_seconds` before each part.
    """
    run = {
        "form": _FORM,
        "commit": commit(),
        "quick": quick,
        "machine": {
            "processors": os.cpu_count(),
            "kind": platform.machine(),
            "python": platform.python_version(),
            "seconds": list(speed),
        },
        "rows": [
            {
                "part": each.part,
                "name": each.name,
                "result": each.row.result,
                "compared": each.row.compared,
                "aim": each.row.aim,
                "verdict": each.row.verdict.value,
                "figures": [asdict(figure) for figure in each.row.figures],
            }
            for each in rows
        ],
    }
    return json.dumps(run, ensure_ascii=False, indent=1) + "\n"


def read(text: str) -> Mapping[str, Any]:
    """A run as `as_json` wrote it; raises `ValueError` for anything else."""
    run = json.loads(text)
    if not isinstance(run, dict) or run.get("form") != _FORM:
        raise ValueError("this is no file that `make bench` wrote")
    return run


def slowdown(old: Mapping[str, Any], speed: Sequence[float]) -> float:
    """How many times as long the machine takes as in an older run; 1 where that did not measure it."""
    before = old["machine"].get("seconds")
    return statistics.median(speed) / statistics.median(before) if before and speed else 1.0


def compare(
    old: Mapping[str, Any], rows: Sequence[Measured], slower: float = 1.0
) -> list[tuple[str, str, str, str]]:
    """Name, result then, result now, change; rows that only one run has are said, too."""
    before = {(each["part"], each["name"]): each for each in old["rows"]}
    found = []
    for each in rows:
        name, then = f"{each.part}: {each.name}", before.pop((each.part, each.name), None)
        if then is None:
            found.append((name, "", each.row.result, "new"))
            continue
        earlier = [Figure(**(f | {"rounds": tuple(f["rounds"])})) for f in then["figures"]]
        changes = [change(o, n, slower) for o, n in zip(earlier, each.row.figures, strict=False)]
        found.append((name, then["result"], each.row.result, "; ".join(changes)))
    parts = {each.part for each in rows}
    gone = [each for (part, _), each in before.items() if part in parts]
    return found + [(f"{e['part']}: {e['name']}", e["result"], "", "gone") for e in gone]


def commit() -> str:
    """`1a2b3c4d`, or `1a2b3c4d-changed` where the work tree has other contents."""
    head, changed = _git("rev-parse", "--short=8", "HEAD"), _git("status", "--porcelain")
    return (head or "unknown") + ("-changed" if changed else "")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ("git", *arguments), cwd=_ROOT, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip()


def default_path() -> Path:
    """Where Git does not look."""
    return _ROOT / "build" / "bench" / f"{commit()}.json"
