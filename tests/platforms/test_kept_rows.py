"""Rows and documents that were laid out are kept: never out of date, and never too many of them."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import (
    AtArxiv,
    Commentary,
    Entry,
    EntryId,
    Language,
    Paper,
    Source,
    SourceKind,
    StoredEntry,
)
from bot.archive.domain.present_entry import row
from bot.core.catalogue import Catalogues
from bot.core.domain.document import (
    Button,
    Buttons,
    Document,
    Heading,
    Item,
    Items,
    Link,
    Quote,
    Style,
    Text,
)
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import DeliveryKey
from bot.platforms.discord.rendering import render as discord
from bot.platforms.slack.rendering import render as slack

KOREAN = Catalogues()("ko")
BOTH = (Language.KO, Language.EN)
MOST = 512


def stored(number: int, *, text: str = "") -> StoredEntry:
    entry = Entry(
        Paper(f"Paper {number}", arxiv_id=ArxivId("2501.00001")),
        Source(SourceKind.VAULT_NOTE, f"{number}.md", 0),
        date(2025, 2, 4),
        (Commentary(Language.EN, (text or f"Thought {number}.",)),),
        ("rl",),
        ("RL",),
    )
    return StoredEntry(EntryId(number), entry)


def changed(before: StoredEntry) -> Iterator[StoredEntry]:
    """The same entry after one change that a row shows."""
    entry, paper = before.entry, before.entry.paper
    for after in (
        replace(entry, paper=replace(paper, title="Another title")),
        replace(entry, paper=replace(paper, arxiv_id=ArxivId("2501.00002"))),
        replace(entry, paper=replace(paper, arxiv_id=None, url="https://example.org/p")),
        replace(entry, paper=replace(paper, at_arxiv=AtArxiv(2, is_withdrawn=True))),
        replace(entry, date=date(2025, 2, 5)),
        replace(entry, date=None),
        replace(entry, tags=("rl", "nlp")),
        replace(entry, tags=()),
        replace(entry, commentary=(Commentary(Language.EN, ("Other words.",)),)),
        replace(entry, commentary=(Commentary(Language.KO, ("다른 말.",)), *entry.commentary)),
        replace(entry, commentary=()),
    ):
        yield replace(before, entry=after)
    yield replace(before, id=EntryId(8))


def test_a_row_shows_every_change_of_its_entry_at_once():
    before = stored(7)
    shown = row(before, 1, languages=BOTH, say=ENGLISH)

    others = [row(after, 1, languages=BOTH, say=ENGLISH) for after in changed(before)]

    assert shown not in others
    assert len(set(others)) == len(others)
    assert row(before, 1, languages=BOTH, say=ENGLISH) == shown


def test_a_row_is_in_the_readers_language_and_has_its_number():
    entry = replace(
        stored(7).entry,
        commentary=(
            Commentary(Language.KO, ("한국어.",)),
            Commentary(Language.EN, ("English.",)),
        ),
    )
    both = StoredEntry(EntryId(7), entry)

    def last_words(number: int, *languages: Language) -> tuple[int | None, str]:
        item = row(both, number, languages=languages, say=ENGLISH)
        return item.number, item.detail[-1].text

    assert last_words(1, Language.KO) == (1, "한국어.")
    assert last_words(1, Language.EN) == (1, "English.")
    assert last_words(2, Language.EN) == (2, "English.")
    korean = row(both, 1, languages=BOTH, say=KOREAN)
    assert korean.button is not None
    assert korean.button.label != "Read"
    assert korean.detail[0].text.startswith("2025년 2월 4일")


ITEM = Item(
    (Link("A title", "https://example.org/a"),),
    (Text("4 February 2025"), Text("\n"), Text("Words.")),
    1,
    Button("Read", command="/paper entry:1"),
)
CHANGES = (
    replace(ITEM, inlines=(Link("Another title", "https://example.org/a"),)),
    replace(ITEM, inlines=(Link("A title", "https://example.org/b"),)),
    replace(ITEM, inlines=(Text("A title", Style.STRONG),)),
    replace(ITEM, detail=(Text("Other words."),)),
    replace(ITEM, detail=()),
    replace(ITEM, number=2),
    replace(ITEM, number=None),
    replace(ITEM, button=Button("Open", command="/paper entry:1")),
    replace(ITEM, button=Button("Read", command="/paper entry:2")),
    replace(ITEM, button=Button("Read", url="https://example.org/")),
    replace(ITEM, button=None),
)
OTHER = Item((Text("Other"),), (), 3, Button("Read", command="/paper entry:3"))


def in_slack(*items: Item) -> object:
    return slack.render(Document((Items(items),), "s"), mark="m")


def in_discord(*items: Item) -> object:
    return discord.render(Document((Items(items),), "s"))


@pytest.mark.parametrize("render", [in_slack, in_discord])
def test_a_renderer_shows_every_change_of_a_row_at_once(render: Callable[..., object]):
    before = render(ITEM, OTHER)

    after = [render(item, OTHER) for item in CHANGES]

    assert before not in after
    assert all(one not in after[:place] for place, one in enumerate(after))
    assert render(ITEM, OTHER) == before
    assert render(replace(ITEM), replace(OTHER)) == before


DOCUMENT = Document(
    (
        Heading((Text("A title"),)),
        Items((ITEM, OTHER)),
        Buttons((Button("Next page", command="/paper x page:2"),)),
    ),
    "A summary",
)
CHANGED_DOCUMENTS = (
    replace(DOCUMENT, summary="Another summary"),
    replace(DOCUMENT, blocks=(Heading((Text("Another title"),)), *DOCUMENT.blocks[1:])),
    replace(DOCUMENT, blocks=(Quote((Text("A title"),)), *DOCUMENT.blocks[1:])),
    replace(DOCUMENT, blocks=(*DOCUMENT.blocks[:1], Items((CHANGES[0], OTHER)))),
    replace(DOCUMENT, blocks=DOCUMENT.blocks[:2]),
    replace(
        DOCUMENT, blocks=(*DOCUMENT.blocks[:2], Buttons((Button("Next", command="/paper y"),)))
    ),
)
CALLED = ("slack:T1/U7", "discord:7")


def whole_in_slack(document: Document) -> object:
    return slack.render(document, mark="m")


@pytest.mark.parametrize("render", [whole_in_slack, discord.render])
def test_a_renderer_shows_every_change_of_a_document_at_once(render: Callable[..., object]):
    documents = [
        DOCUMENT,
        *CHANGED_DOCUMENTS,
        *(replace(DOCUMENT, calls=person) for person in CALLED),
    ]

    first, again = ([render(each) for each in documents] for _ in range(2))
    for number in range(200):  # so that none of them is kept any more
        render(replace(DOCUMENT, summary=f"{number}"))
    fresh = [render(each) for each in documents]

    assert first == again == fresh
    shown = [*map(first.index, first)]
    # Discord shows no summary where there are words, and each calls only its own people.
    assert len(set(shown)) == len(documents) - (2 if render is discord.render else 1)


def test_a_document_in_slack_has_the_mark_of_each_message():
    marks = ["m", "a.U1.abc/def", "a.U2.abc/def", "n"]

    written = [slack.render(DOCUMENT, mark=mark)[0] for mark in (*marks, *marks)]

    assert written[:4] == written[4:]
    for mark, payload in zip(marks, written, strict=False):
        ids = [block["block_id"] for block in payload.blocks]
        assert all(each.startswith(f"{mark}/1-1.") for each in ids)
        assert all(each.encode() in payload.written for each in ids)


def test_a_document_in_discord_that_is_posted_once_is_marked_for_its_delivery():
    key = DeliveryKey("d0123456789abcdef01234567")

    plain, marked, again = (discord.render(DOCUMENT, each) for each in (None, key, None))

    assert plain == again != marked


def test_a_row_in_discord_follows_what_makes_its_latex_readable():
    document = Document((Items((ITEM, OTHER)),), "s")

    loud, plain = (discord.render(document, shown=change) for change in (str.upper, str))

    assert "A TITLE" in loud[0].content
    assert "A title" in plain[0].content


def test_no_more_than_hundreds_of_rows_are_kept():
    for number in range(3 * MOST):
        item = row(stored(number), 1, languages=BOTH, say=ENGLISH)
        in_slack(item)
        in_discord(item)

    gc.collect()
    alive = [each for each in gc.get_objects() if isinstance(each, Item)]

    assert len(alive) <= 3 * MOST + 100


def test_long_entries_and_rows_are_not_kept():
    long = "word " * 20_000
    for number in range(20):
        row(stored(number, text=long + str(number)), 1, languages=BOTH, say=ENGLISH)
        for render in (in_slack, in_discord):
            render(replace(OTHER, detail=(Text(f"{number} {long}"),)))

    gc.collect()
    entries = [each for each in gc.get_objects() if isinstance(each, Commentary)]
    items = [each for each in gc.get_objects() if isinstance(each, Item)]

    assert not [each for each in entries if each.paragraphs[0].startswith(long)]
    assert not [each for each in items if any(len(run.text) > 50_000 for run in each.detail)]
