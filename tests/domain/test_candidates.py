from datetime import date

from bot.domain.announce import Announcement, FeedItem
from bot.domain.arxiv import ArxivId
from bot.domain.candidates import Candidate, Judgement, Likeness, in_order, suggest_tags
from bot.domain.entry import EntryId

DAY = date(2026, 11, 17)


def candidate(number: str, score: float | None) -> Candidate:
    item = FeedItem(ArxivId(number, 1), Announcement.NEW, "T", (), "A", ("cs.LG",))
    return Candidate(item, DAY, None if score is None else Judgement(number, score, (), ()))


def test_the_best_come_first_and_the_unjudged_last():
    ordered = in_order([candidate("1", None), candidate("2", -0.5), candidate("3", 1.0)])

    assert [each.item.id.number for each in ordered] == ["3", "2", "1"]


def test_tags_are_voted_for_by_the_nearest_entries():
    nearest = [Likeness(EntryId(n), 1.0 / n) for n in range(1, 40)]
    tags = {
        EntryId(1): ("rl", "reasoning"),
        EntryId(2): ("rl",),
        EntryId(3): ("moe",),
        EntryId(30): ("too-far",),
    }

    assert suggest_tags(nearest, tags) == ("rl", "reasoning", "moe")
