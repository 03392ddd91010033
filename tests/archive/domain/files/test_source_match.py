"""Which source a file is."""

from dataclasses import replace
from itertools import islice

import pytest

from bot.archive.domain.files.source_match import (
    InputFile,
    KnownSource,
    other_paths,
    path_of,
    same_source,
)

FILE = InputFile("2025/note.md", "/vault/2025/note.md", "/vault", "h1")
KNOWN = KnownSource(1, "2025/note.md", "/vault/2025/note.md", "h0")


def is_same(file: InputFile, known: KnownSource, *there: str) -> bool:
    return same_source(file, [known], there.__contains__) == known


@pytest.mark.parametrize(
    ("file", "known", "there", "same"),
    [
        # The same file, changed.
        (FILE, KNOWN, [KNOWN.location], True),
        # The same place in a copy of the vault, changed, while the other is still there.
        (FILE, replace(KNOWN, location="/old/2025/note.md"), ["/old/2025/note.md"], True),
        # A bare name in another folder is another file …
        (
            InputFile("note.md", "/b/note.md", None, "h1"),
            KnownSource(1, "note.md", "/a/note.md", "h0"),
            ["/a/note.md"],
            False,
        ),
        # … unless it says the same, or the other is gone.
        (
            InputFile("note.md", "/b/note.md", None, "h0"),
            KnownSource(1, "note.md", "/a/note.md", "h0"),
            ["/a/note.md"],
            True,
        ),
        (
            InputFile("note.md", "/b/note.md", None, "h1"),
            KnownSource(1, "note.md", "/a/note.md", "h0"),
            [],
            True,
        ),
        # Seen from a folder above or below, in a moved vault.
        (FILE, KnownSource(1, "note.md", "/old/note.md", "h0"), [], True),
        (FILE, KnownSource(1, "vault/2025/note.md", "/old/note.md", "h0"), [], True),
        (FILE, KnownSource(1, "xx2025/note.md", "/old/note.md", "h0"), [], False),
        # Renamed: the same content, and nothing under the old name.
        (FILE, KnownSource(1, "2025/old.md", "/vault/2025/old.md", "h1"), [], True),
        # A second note with the same content in the same vault.
        (
            FILE,
            KnownSource(1, "2025/twin.md", "/vault/2025/twin.md", "h1"),
            ["/vault/2025/twin.md"],
            False,
        ),
        (FILE, KnownSource(1, "note.md", "/vault/note.md", "h1"), ["/vault/note.md"], False),
        # Standard input that says what a file says.
        (InputFile("stdin/x.md", None, None, "h0"), KNOWN, [KNOWN.location], True),
        (InputFile("stdin/x.md", None, None, "h1"), KNOWN, [KNOWN.location], False),
        # Nothing in common.
        (FILE, KnownSource(1, "else.md", "/vault/else.md", "h9"), [], False),
    ],
)
def test_a_file_matches_the_source_that_a_person_calls_the_same_note(file, known, there, same):
    assert is_same(file, known, *there) == same


def test_a_source_at_the_same_location_is_matched_first():
    twin = KnownSource(2, "2025/note.md", "/copy/2025/note.md", "h1")

    assert same_source(FILE, [twin, KNOWN], {twin.location, KNOWN.location}.__contains__) == KNOWN


@pytest.mark.parametrize(
    ("known", "path"),
    [
        (None, "2025/note.md"),
        (KNOWN, "2025/note.md"),
        (replace(KNOWN, path="note.md"), "2025/note.md"),
        (replace(KNOWN, path="vault/2025/note.md"), "vault/2025/note.md"),
        (replace(KNOWN, path="2025/old.md"), "2025/note.md"),
        # Moved below the folder from which its path counts.
        (KnownSource(1, "vault/old/note.md", "/vault/old/note.md", "h0"), "vault/2025/note.md"),
        (KnownSource(1, "vault/old/note.md", "/home/vault/old/note.md", "h0"), "2025/note.md"),
        # Imported alone from above the vault, and moved into it.
        (KnownSource(1, "note.md", "/note.md", "h0"), "2025/note.md"),
    ],
)
def test_a_source_gets_the_longest_known_path_or_the_new_one(known, path):
    assert path_of(FILE, known) == path


def test_a_used_path_gets_more_folders_and_then_numbers():
    file = InputFile("note.md", "/home/curator/note.md", None, "h")

    assert list(islice(other_paths(file), 4)) == [
        "curator/note.md",
        "home/curator/note.md",
        "note (2).md",
        "note (3).md",
    ]


def test_a_source_is_unchanged_only_if_no_entry_would_change():
    assert KNOWN.is_unchanged_by(replace(FILE, content_hash="h0"))
    assert not KNOWN.is_unchanged_by(FILE)
    assert not replace(KNOWN, is_gone=True).is_unchanged_by(replace(FILE, content_hash="h0"))
    assert not KNOWN.is_unchanged_by(replace(FILE, content_hash="h0", path="2025/renamed.md"))


@pytest.mark.parametrize(
    ("known", "path", "is_unchanged"),
    [
        ("2025/02/03/note.md", "2025/02/03/note.md", True),
        ("2025/02/03/note.md", "note.md", False),
        ("2025/02/03/note.md", "vault/2025/02/03/note.md", True),
        ("2025/02/03/note.md", "2025/02/04/note.md", False),
        ("old/note.md", "new/note.md", True),
        ("note.md", "2025/02/03/note.md", False),
        # Of a month or of its first day: only one of them is less than the note's own date.
        ("2025/02/note.md", "2025/02/01/note.md", False),
    ],
)
def test_a_file_in_the_folders_of_another_date_is_changed(known, path, is_unchanged):
    source = KnownSource(1, known, f"/vault/{known}", "h0")
    file = InputFile(path, f"/vault/{path}", None, "h0")

    assert source.is_unchanged_by(file) == is_unchanged


def test_a_file_imported_alone_from_where_it_was_is_unchanged():
    source = KnownSource(1, "2025/02/03/note.md", "/vault/2025/02/03/note.md", "h0")

    assert source.is_unchanged_by(InputFile("note.md", source.location, None, "h0"))
