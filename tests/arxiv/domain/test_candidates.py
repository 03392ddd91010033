from bot.archive.domain.entry import EntryId
from bot.arxiv.domain.candidates import Likeness, example_text, suggest_tags


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
