"""What is kept, and that it is never much."""

import pytest

from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Code,
    Divider,
    Document,
    Fields,
    Heading,
    Item,
    Items,
    Paragraph,
    Text,
    run,
)
from bot.core.kept import MOST, Kept, is_short


def test_a_list_as_look_ups_show_it_is_short() -> None:
    items = tuple(
        Item(
            run("A title of eighty characters, as papers have it " * 2),
            button=Button("Read", "/paper entry:1"),
        )
        for _ in range(10)
    )

    assert is_short(Document((Heading(run("Papers")), Items(items)), "Papers"))


@pytest.mark.parametrize(
    "blocks",
    [
        (Code("x" * 12_001),),
        (Items((Item(()),) * 3_000),),
        (Fields((("", ()),) * 3_000),),
        (Buttons((Button(""),) * 3_000),),
        (Paragraph((Text(""),) * 3_000),),
        (Divider(),) * 3_000,
    ],
    ids=["text", "items", "fields", "buttons", "runs", "blocks"],
)
def test_a_document_of_much_text_or_many_parts_is_not_short(blocks: tuple[Block, ...]) -> None:
    assert not is_short(Document(blocks, ""))


def test_what_was_not_wanted_longest_makes_room() -> None:
    kept = Kept[int, str]()
    for number in range(MOST):
        kept.keep(number, str(number))

    assert kept.find(0) == "0"
    kept.keep(MOST, "new")

    assert kept.find(1) is None
    assert [kept.find(number) for number in (0, 2, MOST)] == ["0", "2", "new"]
