"""Documents that were rendered are kept: they are never out of date, and there are never too many."""

import gc
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

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
from bot.core.ports import DeliveryKey
from bot.platforms.discord.rendering import render as discord
from bot.platforms.slack.rendering import render as slack

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


@pytest.mark.parametrize("render", [whole_in_slack, discord.render])
def test_no_more_than_192_documents_are_kept_and_no_long_one(render: Callable[..., object]):
    def alive() -> list[Document]:
        gc.collect()
        return [each for each in gc.get_objects() if isinstance(each, Document)]

    short, long, words = f"{render} short", f"{render} long", "word " * 3_000
    for number in range(400):
        render(Document((Items((replace(ITEM, number=number), OTHER)),), short))
    for number in range(20):
        render(Document((Items((replace(OTHER, detail=(Text(f"{number} {words}"),)),)),), long))

    summaries = Counter(each.summary for each in alive())
    assert summaries[short] == 192
    assert summaries[long] == 0
