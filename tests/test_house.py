"""Rules of the tree that import-linter cannot see."""

import re
from pathlib import Path

import pytest

BOT = Path(__file__).parent.parent / "bot"
OWNED = {
    "delivery": "outbox",
    "lease": "core",
    "process": "core",
    "settled_slot": "outbox",
}
"""Tables that one subject alone names in SQL; others call its functions."""


@pytest.mark.parametrize(("table", "subject"), OWNED.items())
def test_a_table_is_named_by_its_subject_only(table: str, subject: str):
    named = re.compile(rf"\b(?:FROM|INTO|UPDATE|JOIN|TABLE)\s+{table}\b")

    found = [
        str(path.relative_to(BOT))
        for path in BOT.rglob("*.py")
        if named.search(path.read_text(encoding="utf-8"))
        and path.relative_to(BOT).parts[0] != subject
    ]

    assert found == []
