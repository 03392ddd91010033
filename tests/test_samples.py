"""The bundled entries are a fair sample of what a curator writes."""

from collections import Counter

import pytest

from bot.archive.domain.entry import Entry, Language
from bot.archive.domain.formats import digest_page
from bot.samples import PAGE


@pytest.fixture(scope="module")
def entries() -> tuple[Entry, ...]:
    parsed = digest_page.parse(PAGE.read_text(encoding="utf-8"), PAGE.name)
    assert parsed.problems == ()
    return parsed.entries


def test_every_sample_has_everything_that_an_entry_may_have(entries: tuple[Entry, ...]):
    for entry in entries:
        assert entry.paper.arxiv_id is not None, entry.paper.title
        assert entry.paper.authors, entry.paper.title
        assert entry.paper.abstract, entry.paper.title
        assert entry.tags, entry.paper.title
        assert entry.paragraphs(Language.KO), entry.paper.title
        assert len(entry.paragraphs(Language.KO)) == len(entry.paragraphs(Language.EN))


def test_the_samples_make_a_few_days_the_newest_a_full_one(entries: tuple[Entry, ...]):
    days = Counter(entry.date for entry in entries if entry.date is not None)

    assert 9 <= len(entries) <= 12
    assert len(days) == 4
    assert days[max(days)] == 5


def test_the_samples_refer_to_each_other(entries: tuple[Entry, ...]):
    known = {entry.paper.key for entry in entries}

    mentioned = {reference.key for entry in entries for reference in entry.references}
    assert len(mentioned) >= 5
    assert mentioned <= known


def test_there_is_something_to_find_for_the_first_look_up(entries: tuple[Entry, ...]):
    assert sum("reasoning" in entry.tags for entry in entries) >= 3
