"""New papers and the status of arXiv's categories, as documents and lines."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from bot.archive.domain.entry import Entry
from bot.arxiv.domain.absence import Absence
from bot.arxiv.domain.batches import CategoryStatus, State, Trouble, may_be_holiday
from bot.arxiv.domain.candidates import (
    CandidatePage,
    RankedCandidate,
    penalty,
    picked_weight,
    recency,
)
from bot.arxiv.domain.categories import find_category
from bot.core.domain import command_line, commands
from bot.core.domain.day_text import day_text
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Document,
    Heading,
    Inline,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    Text,
    notice,
    run,
)
from bot.core.domain.i18n import Translate, translatable

_AUTHORS_SHOWN = 3
_TITLE_SHOWN = 60

_STATES = {
    State.FRESH: translatable("today's papers are here"),
    State.WAITING: translatable("today's papers are expected"),
    State.QUIET: translatable("no papers today"),
    State.STALLED: translatable("today's papers are late"),
    State.FAILED: translatable("the last answer was rejected"),
}

REFUSALS = {
    "throttled": translatable("arXiv limits the bot's requests"),
    "unreachable": translatable("arXiv does not answer"),
    "server_error": translatable("arXiv's server has an error"),
    "too_large": translatable("the answer is too large"),
    "html": translatable("a web page was returned instead of a feed"),
    "entities": translatable("the answer contains markup that a feed may not contain"),
    "malformed": translatable("the answer is malformed"),
    "redirect": translatable("the answer redirects to another server"),
    "error_feed": translatable("arXiv answers with an error"),
    "question": translatable("arXiv rejects the request"),
}
"""The kinds of `ports.Refusal` in words."""

_ABSENCES = {
    Absence.NOT_ASKED: translatable(
        "This bot does not ask arXiv: it is the demo, or its operator has set ARXIV_POLL=off."
    ),
    Absence.NOT_YET_ASKED: translatable(
        "The bot has not asked arXiv yet; it does so within minutes of its start."
    ),
    Absence.NOT_YET: translatable(
        "Today's papers are not here yet: arXiv usually lists them between 04:00 and 06:00 UTC."
    ),
    Absence.LATE: translatable("Today's papers are late: the bot goes on asking arXiv."),
    Absence.FAILED: translatable(
        "arXiv's last answer could not be used; the bot asks again. “/digest status” says why."
    ),
    Absence.WEEKEND: translatable("No papers today: arXiv lists none on weekends."),
    Absence.HOLIDAY: translatable("No papers today: it is a holiday at arXiv."),
}
"""Why there are no papers today."""

_ABSENCES_OF_A_DAY = {
    Absence.WEEKEND: translatable("No papers of {day}: arXiv lists none on weekends."),
    Absence.HOLIDAY: translatable("No papers of {day}: it was a holiday at arXiv."),
    Absence.FUTURE: translatable("{day} has not come yet."),
    Absence.UNKNOWN: translatable(
        "The bot has no list of {day}: it did not ask arXiv then, or has deleted the list since."
    ),
}
"""Why there are no papers of a day other than today."""

_ALL_IS_SAID = frozenset({"html", "entities"})
"""The kinds whose reason adds nothing."""


def present_candidates(
    ranking: CandidatePage,
    *,
    page: int,
    per_page: int,
    say: Translate,
    absence: Absence | None = None,
) -> Document:
    """A page of a day's candidates, each with the reasons for its rank, and links to other pages.

    `absence` says why there are none, or none of today.
    """
    if ranking.on is None or not ranking.is_listed:
        text = say("There are no new papers from arXiv yet.")
        if absence is not None:
            text = absence_words(absence, ranking.on, say)
        return notice(text, say("Newest papers"), command_line.format_line("paper"))
    day = day_text(ranking.on, say.locale)
    title = say("New on arXiv, {day}", day=day)
    count = say.count("{n} paper", "{n} papers", ranking.total)
    why = (Note(run(absence_words(absence, None, say))),) if absence is not None else ()
    ways = (*why, *_ways(ranking, page, per_page, say))
    if ranking.found:
        shown = _page_of(ranking, title, count, (page - 1) * per_page, say)
        return Document((*shown, *ways), summary=f"{title}: {count}")
    if ranking.total:
        last = _last_page(ranking, per_page)
        text = say(
            "There is no page {page} of new papers; the last one is {last}.", page=page, last=last
        )
    else:
        text = say("Every new paper of {day} has an entry.", day=day)
    return Document((Paragraph(run(text)), *ways), summary=text)


def absence_words(absence: Absence, day: date | None, say: Translate) -> str:
    """Why there are no papers of a day, or of today."""
    if day is None or absence not in _ABSENCES_OF_A_DAY:
        return say(_ABSENCES.get(absence, _ABSENCES[Absence.NOT_YET]))
    return say(_ABSENCES_OF_A_DAY[absence], day=day_text(day, say.locale))


def _page_of(
    ranking: CandidatePage, title: str, count: str, before: int, say: Translate
) -> tuple[Block, ...]:
    order = (
        say.count(
            "by similarity to {n} paper with an entry",
            "by similarity to {n} papers with entries",
            ranking.learnt_from,
        )
        if ranking.learnt_from
        else say("in arXiv's order")
    )
    rows = tuple(
        _row(ranked, place, ranking.on, say)
        for place, ranked in enumerate(ranking.found, start=before + 1)
    )
    return (Heading(run(title)), Note(run(f"{count}, {order}")), Items(rows))


def _last_page(ranking: CandidatePage, per_page: int) -> int:
    return -(-ranking.total // per_page)


def _ways(ranking: CandidatePage, page: int, per_page: int, say: Translate) -> Iterator[Block]:
    """Buttons for the other pages of the day, and for the day before: its papers may be late."""
    buttons = []
    last = _last_page(ranking, per_page)
    if 1 < page <= last:
        buttons.append(Button(say("Back"), _line(ranking.on, page - 1)))
    if page < last:
        buttons.append(Button(say("More"), _line(ranking.on, page + 1)))
    if page > last > 0:
        buttons.append(Button(say("Last page"), _line(ranking.on, last)))
    if ranking.earlier is not None:
        day = day_text(ranking.earlier, say.locale)
        if ranking.late:
            late = say.count(
                "{n} paper of {day} arrived late",
                "{n} papers of {day} arrived late",
                ranking.late,
                day=day,
            )
            yield Note(run(late))
        buttons.append(Button(say("Papers of {day}", day=day), _line(ranking.earlier, 1)))
    if buttons:
        yield Buttons(tuple(buttons))


def _line(day: date | None, page: int) -> str:
    """The command of a page; it names the day, so that paging stays within it."""
    free = f"new {day}" if day is not None else "new"
    return command_line.format_line("paper", free, **({"page": page} if page > 1 else {}))


def _row(ranked: RankedCandidate, number: int, on: date | None, say: Translate) -> Item:
    item = ranked.candidate.item
    detail: list[Inline] = [Text(_authors(item.authors, say))]
    if item.categories:
        detail.append(Text(f" · {item.categories[0]}"))
    judgement = ranked.candidate.judgement
    if judgement is not None and judgement.words:
        words = ", ".join(judgement.words)
        detail.append(Text(f" · {say('reasons: {words}', words=words)}"))
    if ranked.nearest:
        likes = ranked.likes or (0,) * len(ranked.nearest)
        titles = ", ".join(
            _similar(stored.entry, liked, on, say)
            for stored, liked in zip(ranked.nearest, likes, strict=True)
        )
        detail.append(Text(f" · {say('similar: {titles}', titles=titles)}"))
    if ranked.candidate.tags:
        detail.append(Text(" · " + " ".join(f"#{tag}" for tag in ranked.candidate.tags)))
    unwanted = ranked.candidate.unwanted
    if unwanted:
        words = say.count(
            "not for us: {n} person (−{weight})",
            "not for us: {n} people (−{weight})",
            unwanted,
            weight=f"{penalty(unwanted):g}",
        )
        detail.append(Text(f" · {words}"))
    line = command_line.format_line("paper", f"{commands.NOT_FOR_US.name} {item.id.number}")
    return Item(
        (Link(item.title, item.id.url),),
        detail=tuple(detail),
        number=number,
        button=Button(say("Not for us"), line),
    )


def _similar(entry: Entry, likes: int, on: date | None, say: Translate) -> str:
    """The title of a similar entry, and how much it weighs at its age where people like it."""
    title = _short(entry.paper.title)
    if not likes:
        return title
    if entry.date is None or on is None:
        words = say.count("{n} like", "{n} likes", likes)
    else:
        weight = f"{picked_weight(likes) * recency(entry.date, on):.2g}"
        words = say.count(
            "{n} like, weight with its age {weight}",
            "{n} likes, weight with its age {weight}",
            likes,
            weight=weight,
        )
    return f"{title} ({words})"


def present_unwanted(number: str, *, is_undone: bool, say: Translate) -> Document:
    """The answer to “Not for us”, with a button that takes it back."""
    if is_undone:
        return notice(say("Taken back: arXiv {number} is ranked as before.", number=number))
    line = command_line.format_line("paper", f"{commands.NOT_FOR_US.name} {number} {commands.UNDO}")
    text = say(
        "arXiv {number} is not for you: it is ranked lower, and so are papers like it.",
        number=number,
    )
    return notice(text, say("Undo"), line)


def _authors(authors: Sequence[str], say: Translate) -> str:
    shown = list(authors[:_AUTHORS_SHOWN])
    if len(authors) > _AUTHORS_SHOWN:
        shown.append(say("and {n} more", n=len(authors) - _AUTHORS_SHOWN))
    return ", ".join(shown)


def _short(title: str) -> str:
    return title if len(title) <= _TITLE_SHOWN else title[: _TITLE_SHOWN - 1].rstrip() + "…"


def status_line(statuses: Sequence[CategoryStatus], trouble: Trouble, say: Translate) -> str:
    """The status of arXiv's categories in one line; empty where none is configured."""
    if not statuses:
        return ""
    parts = [_standing(each, say) for each in statuses]
    if trouble is not Trouble.NONE:
        parts.append(say("nothing new in any category"))
    return "arXiv — " + "; ".join(parts)


def _standing(status: CategoryStatus, say: Translate) -> str:
    words = f"{status.category}: {say(_STATES[status.state])}"
    if status.items:
        words += f" ({status.items})"
    detail = detail_words(status, say)
    return f"{words} — {detail}" if detail else words


def detail_words(status: CategoryStatus, say: Translate) -> str:
    """Further details of a category; empty where there are none."""
    return ", ".join(_details(status, say))


def _details(status: CategoryStatus, say: Translate) -> Iterator[str]:
    if status.refusal:
        yield refusal_words(status.refusal, status.reason, say)
    elif status.state is State.FAILED and find_category(status.category) is None:
        yield say("not an arXiv category")
    if status.older is not None:
        yield say("the papers received are of {day}", day=day_text(status.older, say.locale))
    if status.is_cut:
        yield say(
            "cut off by arXiv at {n} items; the rest is fetched by date",
            n=status.items,
        )
    # A bot that was off at the end of a day cannot tell whether it was a holiday.
    for days, is_unsure, worded in (
        (status.missed, False, translatable("missed, being fetched by date: {days}")),
        (status.missed, True, translatable("maybe a holiday, being fetched by date: {days}")),
        (status.lost, False, translatable("missed and not found: {days}")),
        (status.lost, True, translatable("maybe a holiday, not found by date: {days}")),
    ):
        if told := [day for day in days if may_be_holiday(day) == is_unsure]:
            yield say(worded, days=_days(told, say))


def _days(days: Sequence[date], say: Translate) -> str:
    return ", ".join(day_text(day, say.locale) for day in days)


def refusal_words(kind: str, reason: str, say: Translate) -> str:
    """Why a request failed, by its kind; `reason` is the technical detail."""
    if kind not in REFUSALS:
        return reason
    words = say(REFUSALS[kind])
    return f"{words} ({reason})" if reason and kind not in _ALL_IS_SAID else words


def wait_words(target: str, until: datetime, refusal: str, say: Translate) -> str:
    """A backoff in words: its target, end and reason; `*` is all of arXiv."""
    return say(
        "{target}: no requests until {until}: {reason}",
        target="arXiv" if target == "*" else target,
        until=until.isoformat(timespec="seconds"),
        reason=refusal,
    )
