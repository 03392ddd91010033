from datetime import date, timedelta

from bot.archive.domain.entry import EntryId
from bot.arxiv.domain.candidates import (
    HALF_LIFE,
    LEAST_RECENT,
    Likeness,
    example_text,
    recency,
    suggest_tags,
)


def test_tags_are_voted_for_by_the_nearest_entries():
    nearest = [Likeness(EntryId(n), 1.0 / n) for n in range(1, 40)]
    tags = {
        EntryId(1): ("rl", "reasoning"),
        EntryId(2): ("rl",),
        EntryId(3): ("moe",),
        EntryId(30): ("too-far",),
    }

    assert suggest_tags(nearest, tags) == ("rl", "reasoning", "moe")


def test_ranking_reads_title_and_abstract_on_one_line():
    assert example_text("A  title", "of\nlines ") == "A title of lines"


def test_an_entry_counts_half_after_a_year_and_never_nothing():
    day = date(2025, 7, 1)

    assert recency(day, day) == recency(day + timedelta(days=9), day) == 1
    assert recency(day - HALF_LIFE, day) == 0.5
    assert recency(day - 2 * HALF_LIFE, day) == 0.25
    assert recency(date.min, day) == LEAST_RECENT > 0
