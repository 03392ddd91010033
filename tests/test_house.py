"""Rules of the tree that import-linter cannot see."""

import ast
import re
from collections import Counter
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
MOST_MODULES, MOST_LINES = 16, 450
"""Of a folder and of a file: about 400 lines are the aim (CONTRIBUTING.md, "The tree")."""


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


def test_data_classes_are_made_by_our_decorator():
    importing = {
        str(path.relative_to(BOT))
        for path in BOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if _imports_the_standard_decorator(node)
    }

    assert importing == {"core/domain/dataclass.py"}


def _imports_the_standard_decorator(node: ast.AST) -> bool:
    match node:
        case ast.Import(names):
            return any(each.name == "dataclasses" for each in names)
        case ast.ImportFrom("dataclasses", names):
            return any(each.name == "dataclass" for each in names)
        case _:
            return False


def test_folders_and_files_are_small_enough_to_be_found_and_read():
    modules = [path for path in BOT.rglob("*.py") if path.name != "__init__.py"]
    folders = Counter(path.parent.relative_to(BOT) for path in modules)
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in modules}

    assert {str(folder): n for folder, n in folders.items() if n > MOST_MODULES} == {}
    assert {path.name: n for path, n in lines.items() if n > MOST_LINES} == {}
