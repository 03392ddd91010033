"""The output of `poll` and `candidates`: JSON for scripts, lines for people."""

from collections.abc import Iterator
from datetime import datetime

from bot.arxiv.domain.batches import CategoryStatus, Trouble
from bot.arxiv.domain.candidates import RankedCandidate
from bot.arxiv.domain.present_arxiv import detail_words, refusal_words, status_line, wait_words
from bot.arxiv.services.daily_batches import kind_of
from bot.arxiv.services.polling import ArxivStatus, Round
from bot.cli.output.text import printable
from bot.core.domain.i18n import ENGLISH, Translate
from bot.core.latex import readable


def status_json(status: ArxivStatus, done: Round) -> dict[str, object]:
    """The JSON of `poll`."""
    return {
        "categories": [_category(each) for each in status.categories],
        "trouble": status.trouble,
        "papers": {
            "known": status.coverage.known,
            "withdrawn": status.coverage.withdrawn,
            "missing": list(status.coverage.missing),
            "absent": list(status.coverage.absent),
            "refused": list(status.coverage.refused),
            "unreadable": dict(status.coverage.unreadable),
        },
        "identified": status.identified,
        "open": [
            {
                "id": each.entry_id,
                "title": each.title,
                "confidence": round(each.confidence, 3),
                "tries": each.tries,
            }
            for each in status.open
        ],
        "done": {
            "new": done.new,
            "asked": done.resolved.asked,
            "found": done.resolved.found,
            "events": done.resolved.events,
            "searched": done.searched.asked,
            "identified": done.searched.found,
            "cited": done.cited,
            "requests": done.requests,
            "left": done.is_left,
        },
        "refusals": [
            {
                "target": each.target,
                "kind": each.kind,
                "times": each.times,
                "reason": each.reason,
                "last_at": _instant(each.last_at),
            }
            for each in status.refusals
        ],
        "waits": [
            {
                "target": each.target,
                "until": _instant(each.until),
                "failures": each.failures,
                "reason": each.reason,
            }
            for each in status.waits
        ],
        "requests": status.requests,
    }


def _category(status: CategoryStatus) -> dict[str, object]:
    return {
        "category": status.category,
        "state": status.state,
        "items": status.items,
        "cut": status.is_cut,
        "recovered": status.recovered,
        "checked_at": _instant(status.checked_at),
        "next_at": _instant(status.next_at),
        "detail": detail_words(status, ENGLISH),
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at is not None else None


def status_lines(status: ArxivStatus, done: Round, *, say: Translate) -> Iterator[str]:
    """The lines of `poll`; titles and reasons from outside cannot control the terminal."""
    yield from map(printable, _status_lines(status, done, say=say))


def _status_lines(status: ArxivStatus, done: Round, *, say: Translate) -> Iterator[str]:
    for each in status.categories:
        yield status_line((each,), Trouble.NONE, say)
    if status.trouble is not Trouble.NONE:
        yield say("There is nothing new in any category: see https://status.arxiv.org")
    yield say(
        "New papers: {new}; details found: {found} of {asked}; changed: {events}; "
        "requests: {requests}.",
        new=done.new,
        found=done.resolved.found,
        asked=done.resolved.asked,
        events=done.resolved.events,
        requests=done.requests,
    )
    for label, numbers in (
        (say("Not at arXiv"), status.coverage.absent),
        (say("Not at arXiv yet"), status.coverage.missing),
        (say("Not an arXiv id"), status.coverage.refused),
    ):
        if numbers:
            yield f"{label}: {', '.join(numbers)}"
    for number, reason in status.coverage.unreadable:
        yield say(
            "arXiv's answer about {number} is unusable: {reason}", number=number, reason=reason
        )
    for open_title in (each for each in status.open if each.tries):
        yield say(
            "No arXiv paper found for entry {id}: {title}",
            id=open_title.entry_id,
            title=readable(open_title.title),
        )
    for wait in status.waits:
        refusal = refusal_words(kind_of(wait, status.refusals), wait.reason, say)
        yield wait_words(wait.target, wait.until, refusal, say)


def candidate_json(ranked: RankedCandidate) -> dict[str, object]:
    """The JSON of one candidate."""
    item, judgement = ranked.candidate.item, ranked.candidate.judgement
    return {
        "arxiv_id": item.id.number,
        "version": item.id.version,
        "date": ranked.candidate.on.isoformat(),
        "announced": item.announcement,
        "title": item.title,
        "authors": list(item.authors),
        "abstract": item.abstract,
        "categories": list(item.categories),
        "url": item.id.url,
        "score": judgement.score if judgement is not None else None,
        "words": list(judgement.words) if judgement is not None else [],
        "like": [{"id": each.id, "title": each.entry.paper.title} for each in ranked.nearest],
        "tags": list(ranked.candidate.tags),
        "not_for_us": ranked.candidate.unwanted,
    }
