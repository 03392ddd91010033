"""Lines of `export --format jsonl`: read back they are the same entry; broken ones are explained."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.arxiv_record import ArxivRecord
from bot.archive.domain.entry import (
    AtArxiv,
    Entry,
    EntryId,
    Reference,
    Source,
    SourceKind,
    StoredEntry,
)
from bot.archive.domain.formats.export_line import LAST_ID, parse, with_all
from bot.archive.services.export import entry_json
from bot.core.domain.errors import UnreadableError
from tests.archive.domain.formats.texts import made_entries

AT = datetime(2025, 2, 4, 9, 30, tzinfo=UTC)


def record_of(number: str) -> ArxivRecord:
    return ArxivRecord(
        id=ArxivId(number, 4),
        title="As arXiv has it",
        authors=("Ada One", "Bo Two"),
        abstract="arXiv says this.",
        categories=("cs.LG",),
        submitted_at=AT,
        updated_at=AT + timedelta(days=1),
        comment="12 pages",
    )


def filled_in(entry: Entry, record: ArxivRecord | None) -> Entry:
    """The entry as the store fills it in."""
    if record is None:
        return entry
    paper = replace(
        entry.paper,
        authors=entry.paper.authors or record.authors,
        abstract=entry.paper.abstract or record.abstract,
        at_arxiv=AtArxiv(4, category="cs.LG"),
    )
    return replace(entry, paper=paper)


@st.composite
def kept(draw: st.DrawFn) -> Entry:
    """Entries as the store has them, of any source."""
    entry: Entry = draw(made_entries())
    kind = draw(st.sampled_from(SourceKind))
    text = draw(st.sampled_from(["", "Title\r\n\r\n%%hidden%%\u2028 …", "\ufeff#RL"]))
    paper = entry.paper
    if paper.arxiv_id is not None and draw(st.booleans()):
        paper = replace(paper, url=None)
    if not paper.abstract:
        paper = replace(paper, abstract=None)
    references = (
        Reference(ArxivId("1706.03762"), title=draw(st.sampled_from([None, "Attention"]))),
        Reference(None, "https://example.org/a%20b"),
    )
    return replace(
        entry,
        paper=paper,
        source=Source(kind, "2025/노트.md", draw(st.integers(0, 9)), text),
        spellings=tuple(draw(st.sampled_from([tag, tag.upper()])) for tag in entry.tags),
        references=draw(st.sampled_from([(), references])),
    )


@settings(max_examples=60)
@given(kept(), st.booleans())
def test_a_line_is_read_back_as_the_entry_that_the_curator_wrote(entry: Entry, is_known: bool):
    arxiv_id = entry.paper.arxiv_id
    record = record_of(arxiv_id.number) if is_known and arxiv_id is not None else None
    shown = filled_in(entry, record)
    stored = StoredEntry(EntryId(7), shown, changed_at=AT)
    form = with_all(entry_json(stored), shown, entry, record=record, first_key="2025-01-01 url:x")

    restored = parse(json.dumps(form))

    assert restored.entry == entry
    assert (restored.id, restored.changed_at, restored.record) == (7, AT, record)
    assert restored.first_key == "2025-01-01 url:x"


def test_a_tag_that_is_too_long_is_left_out():
    entry = made("A title")
    form = entry_json(StoredEntry(EntryId(1), entry)) | {"tags": ["rl", "x" * 4_000]}

    assert parse(json.dumps(form)).entry.tags == ("rl",)


def test_what_was_edited_in_the_form_counts():
    entry = made("A title")
    form = with_all(
        entry_json(StoredEntry(EntryId(1), entry)), entry, entry, record=None, first_key="k"
    )

    edited = form | {
        "tags": ["New Tag", "rl"],
        "commentary": {"en": "One.\n\nTwo."},
        "abstract": "Mine.",
    }
    restored = parse(json.dumps(edited)).entry

    assert restored.tags == ("new-tag", "rl")
    assert [each.paragraphs for each in restored.commentary] == [("One.", "Two.")]
    assert restored.paper.abstract == "Mine."


def made(title: str) -> Entry:
    return parse(json.dumps({"title": title, "tags": ["rl"], "commentary": {"ko": "글"}})).entry


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "no JSON from character 2"),
        ("[" * 100_000, "no JSON that can be read"),
        ('{"title": ' + "1" * 5_000 + "}", "no JSON that can be read"),
        ("[]", "no JSON object"),
        ('{"id": 1}', "“title” is missing"),
        ('{"title": 1}', "“title” is no text"),
        ('{"title": "\\u0000"}', "“title” has characters"),
        ('{"title": "\\ud800"}', "“title” has characters"),
        ('{"title": "a", "id": true}', "“id” is no whole number from 1"),
        (f'{{"title": "a", "id": {LAST_ID + 1}}}', "“id” is no whole number from 1"),
        ('{"title": "a", "date": "yesterday"}', "“date” is no date: yesterday"),
        ('{"title": "a", "changed_at": "2025-02-04T09:00"}', "“changed_at” is no instant"),
        ('{"title": "a", "changed_at": "0001-01-01T00:00+09:00"}', "“changed_at” is no instant"),
        ('{"title": "a", "arxiv_id": "12"}', "“arxiv_id” is no arXiv id: 12"),
        ('{"title": "a", "authors": "Ada"}', "“authors” is no list"),
        ('{"title": "a", "tags": [1]}', "“tags” is no text"),
        ('{"title": "a", "commentary": "b"}', "“commentary” is no object"),
        ('{"title": "a", "commentary": {"de": "b"}}', "no known language: de"),
        ('{"title": "a", "references": [1]}', "“references” is no list of objects"),
        ('{"title": "a", "references": [{}]}', "neither “arxiv_id” nor “url”"),
        ('{"title": "a", "source": {"kind": "book"}}', "no kind of source: book"),
        (json.dumps({"title": "a", "source": {"path": "a" * 2_501}}), "“path” is too long"),
        ('{"title": "a", "arxiv_id": "2502.01456", "arxiv": {"version": 1}}', "“arxiv” lacks"),
    ],
)
def test_a_line_that_is_no_entry_is_explained(line: str, said: str):
    with pytest.raises(UnreadableError, match=said):
        parse(line)
