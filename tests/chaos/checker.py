"""What must hold after everything was killed: the platform's own log against the plan."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Verdict:
    """How often the outbox broke its word."""

    duplicates: int
    lost: int
    out_of_order: int
    unplanned: int


CLEAN = Verdict(duplicates=0, lost=0, out_of_order=0, unplanned=0)


def check(plan: Mapping[str, Sequence[str]], log: Path) -> Verdict:
    """Compare the plan (the keys of each channel, in order) with what the platform kept."""
    posted: dict[str, list[str]] = {channel: [] for channel in plan}
    for line in log.read_text(encoding="utf-8").splitlines():
        message = json.loads(line)
        posted.setdefault(message["channel"], []).append(message["key"])
    duplicates = lost = out_of_order = unplanned = 0
    for channel, keys in posted.items():
        wanted = list(plan.get(channel, ()))
        once = list(dict.fromkeys(keys))
        duplicates += len(keys) - len(once)
        unplanned += len(set(once) - set(wanted))
        lost += len(set(wanted) - set(once))
        places = [wanted.index(key) for key in once if key in set(wanted)]
        out_of_order += sum(later < earlier for earlier, later in pairwise(places))
    return Verdict(duplicates, lost, out_of_order, unplanned)
