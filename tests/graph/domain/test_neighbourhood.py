"""The picture of an entry's neighbourhood: its columns, and the curves between them."""

from bot.archive.domain.entry import EntryId
from bot.graph.domain.neighbourhood import MOST, Column, Neighbour, column


def test_a_column_shows_each_entry_once_and_counts_those_beyond_its_rows():
    many = [Neighbour(EntryId(number), f"Paper {number}") for number in range(MOST + 3)]

    found = column([many[1], *many], str.upper)

    assert [each.title for each in found.shown[:3]] == ["PAPER 1", "PAPER 0", "PAPER 2"]
    assert (len(found.shown), found.more, found.rows) == (MOST, 3, MOST + 1)
    assert column([], str).rows == 0


def test_a_long_title_is_cut_and_whole_letters_stay():
    [shown] = column([Neighbour(EntryId(1), "가나 다라 " * 40)], str).shown

    assert shown.title.endswith("다라…")
    assert len(shown.title) <= 91


def test_curves_lead_from_the_middle_of_each_row_to_the_middle_of_the_entry():
    two = Column((Neighbour(EntryId(1), "a"),), more=5)

    assert two.height == 4
    assert two.towards == ("M0 1C5 1 5 2 10 2", "M0 3C5 3 5 2 10 2")
    assert two.away == ("M0 2C5 2 5 1 10 1", "M0 2C5 2 5 3 10 3")
