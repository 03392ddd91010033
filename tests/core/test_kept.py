"""What is kept, and that it is never much."""

from bot.core.domain.document import Code, Document
from bot.core.kept import MOST, Kept, is_short


def test_a_document_of_much_text_is_not_short() -> None:
    assert is_short(Document((Code("x" * 12_000),), ""))
    assert not is_short(Document((Code("x" * 12_001),), ""))


def test_what_was_not_wanted_longest_makes_room() -> None:
    kept = Kept[int, str]()
    for number in range(MOST):
        kept.keep(number, str(number))

    assert kept.find(0) == "0"
    kept.keep(MOST, "new")

    assert kept.find(1) is None
    assert [kept.find(number) for number in (0, 2, MOST)] == ["0", "2", "new"]
