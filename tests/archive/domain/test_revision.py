"""Which entry of a source is which, when it is read again."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import Entry, EntryId, SourceKind, StoredEntry
from bot.archive.domain.revision import Revision, revise
from tests.archive_stage import NOW, an_entry


def on_page(*entries: Entry) -> list[Entry]:
    return [
        replace(entry, source=replace(entry.source, kind=SourceKind.DIGEST_PAGE, part=part))
        for part, entry in enumerate(entries)
    ]


def kept(*entries: Entry) -> list[StoredEntry]:
    return [StoredEntry(EntryId(n), entry) for n, entry in enumerate(on_page(*entries), start=1)]


ONE = an_entry("One", authors=("Ada",), ko="하나")
TWO = an_entry("Two", authors=("Alan",), ko="둘")
THREE = an_entry("Three", authors=("Grace",), ko="셋")


def test_what_says_the_same_is_unchanged():
    unchanged = (EntryId(1), EntryId(2))

    assert revise(kept(ONE, TWO), on_page(ONE, TWO)) == Revision((), (), (), unchanged, ())


def test_what_comes_between_moves_the_rest():
    revision = revise(kept(ONE, TWO), on_page(ONE, THREE, TWO))

    assert (revision.added, revision.moved, revision.unchanged) == ((1,), ((2, 2),), (1,))


def test_what_is_no_longer_there_vanished():
    revision = revise(kept(ONE, TWO), on_page(TWO))

    assert (revision.vanished, revision.moved) == ((1,), ((2, 0),))


def test_a_mended_title_is_the_same_entry():
    mended = an_entry("One!", authors=("Ada",), ko="하나")

    assert revise(kept(ONE, TWO), on_page(TWO, mended)).changed == ((1, 1),)


def test_a_rewritten_commentary_is_the_same_entry():
    rewritten = an_entry("One", authors=("Ada",), ko="하나도 아니다")

    assert revise(kept(ONE, TWO), on_page(rewritten, TWO)).changed == ((1, 0),)


def test_another_entry_in_the_same_place_is_the_same_if_none_came_or_went():
    other = an_entry("Else", authors=("Kurt",), ko="다른")

    assert revise(kept(ONE, TWO), on_page(ONE, other)).changed == ((2, 1),)
    assert revise(kept(ONE, TWO), on_page(ONE, TWO, other)).added == (2,)


def test_a_withdrawn_entry_that_is_back_is_changed():
    (stored,) = kept(ONE)

    assert revise([replace(stored, withdrawn_at=NOW)], on_page(ONE)).changed == ((1, 0),)


def test_the_same_paper_on_two_days_stays_two():
    later = replace(ONE, date=date(2025, 3, 1))

    assert revise(kept(ONE, later), on_page(later, ONE)).moved == ((2, 0), (1, 1))


def test_a_renamed_note_is_changed_for_its_links():
    (stored,) = kept(ONE)
    note = replace(stored, entry=an_entry("One", path="a/Old.md"))

    assert revise([note], [an_entry("One", path="b/Old.md")]).unchanged == (1,)
    assert revise([note], [an_entry("One", path="a/New.md")]).changed == ((1, 0),)


drafts = st.builds(
    lambda title, author, ko: an_entry(title, authors=(author,) if author else (), ko=ko),
    st.sampled_from("abc"),
    st.sampled_from(["", "x", "y"]),
    st.sampled_from(["", "하나", "둘"]),
)
pages = st.lists(drafts, max_size=6)


@given(before=pages, after=pages)
def test_every_entry_has_exactly_one_fate(before, after):
    revision = revise(kept(*before), on_page(*after))

    met = [*revision.changed, *revision.moved]
    old = [i for i, _ in met] + [*revision.unchanged, *revision.vanished]
    assert sorted(old) == list(range(1, len(before) + 1))
    assert len(revision.added) + len(met) + len(revision.unchanged) == len(after)


@given(page=pages)
def test_reading_the_same_again_changes_nothing(page):
    assert len(revise(kept(*page), on_page(*page)).unchanged) == len(page)
