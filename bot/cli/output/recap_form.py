"""The JSON of the command `recap`."""

from bot.recap.domain.recap import CitedPaper, TagCounts
from bot.recap.services.look_back import LookedBack


def recap_form(found: LookedBack) -> dict[str, object]:
    """The JSON of `recap`."""
    made = found.recap
    titles = {entry_id: stored.entry.paper.title for entry_id, stored in found.entries.items()}
    return {
        "period": made.period.name,
        "first": made.period.first.isoformat(),
        "last": made.period.last.isoformat(),
        "papers": made.papers,
        "before": dict(zip(made.before, made.papers_before, strict=True)),
        "discussed": [
            {
                "entry": each.entry_id,
                "title": titles.get(each.entry_id),
                "replies": each.replies,
                "people": each.people,
            }
            for each in made.discussed
        ],
        "liked": [
            {"entry": entry_id, "title": titles.get(entry_id), "people": people}
            for entry_id, people in made.liked
        ],
        "tags": [_tag(each) for each in made.drawn],
        "rising": [_tag(each) for each in made.rising],
        "falling": [_tag(each) for each in made.falling],
        "taken_up": [_cited(each) for each in made.taken_up],
        "most_cited": [_cited(each) for each in made.most_cited],
        "events": [
            {
                "arxiv_id": each.number,
                "kind": str(each.kind),
                "version": each.version,
                "title": each.title,
            }
            for each in made.events
        ],
        "people": made.people,
        "replies": made.replies,
        "names": [*made.names],
    }


def _tag(tag: TagCounts) -> dict[str, object]:
    return {"tag": tag.slug, "count": tag.count, "before": [*tag.before]}


def _cited(paper: CitedPaper) -> dict[str, object]:
    return {
        "title": paper.title,
        "url": paper.url,
        "times": paper.times,
        "earlier_entry": paper.earlier,
    }
