"""The commands `poll` and `candidates`: arXiv, now."""

from datetime import timedelta
from typing import Annotated

import typer

from bot.cli.output.terminal import (
    DONE,
    FAILED,
    print_line,
    print_remark,
    show_document,
    show_json,
    translator,
)
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]

_PATIENCE = timedelta(minutes=5)
_NO_PATIENCE = timedelta(seconds=10)


def poll(
    once: Annotated[
        bool, typer.Option("--once", help="One pass: skip what arXiv may not be asked yet.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Poll arXiv now: today's papers, new versions of papers, papers of entries without a link."""
    import random

    from bot.app.arxiv import arxiv_leases, open_arxiv
    from bot.arxiv.services.polling import (
        ArxivStatus,
        Round,
        get_status,
        run_until_done,
        take_round,
    )
    from bot.cli.database import now, with_database
    from bot.cli.output.arxiv_forms import status_json, status_lines
    from bot.core.database.database import Database
    from bot.settings import Settings

    chance = random.Random().random  # noqa: S311 - not for security
    patience = _NO_PATIENCE if once else _PATIENCE

    async def work(db: Database, settings: Settings) -> tuple[ArxivStatus, Round]:
        if not settings.arxiv_poll:
            raise UsageError(translatable("ARXIV_POLL is off: set it to on, and arXiv is asked"))
        categories = settings.arxiv_categories
        leases = arxiv_leases(db, clock=now, patience=patience)
        async with open_arxiv(db, settings, clock=now, jitter=chance, patience=patience) as source:
            if once:
                done = await take_round(
                    db, source, categories, leases=leases, clock=now, jitter=chance
                )
            else:
                done = await run_until_done(
                    db,
                    source,
                    categories,
                    leases=leases,
                    clock=now,
                    jitter=chance,
                    patience=patience,
                )
        return await get_status(db, categories, now()), done

    status, done = with_database(work, make=True)
    if as_json:
        show_json(status_json(status, done))
    else:
        for line in status_lines(status, done, say=translator()):
            print_line(line)
    if done.is_left:
        print_remark(
            translator()("Another process is polling arXiv: run this again when it is done")
        )
    return FAILED if status.waits or done.is_left else DONE


def candidates(
    date: Annotated[
        str | None,
        typer.Argument(metavar="DATE", help="Like 2025-02-04, yesterday; default: the newest day."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="Show at most N.")
    ] = 20,
    as_json: AsJson = False,
) -> int:
    """List a day's new papers that have no entry yet, the most likely picks first, with reasons."""
    from bot.app.arxiv import ranker_of
    from bot.archive.domain.typed_dates import names_newest
    from bot.arxiv.domain.absence import Absence
    from bot.arxiv.domain.candidates import CandidatePage
    from bot.arxiv.domain.present_arxiv import present_candidates
    from bot.arxiv.services.candidates import find_absence, list_ranked, refresh
    from bot.cli.database import check_date, now, with_database
    from bot.cli.output.arxiv_forms import candidate_json
    from bot.cli.output.text import printable
    from bot.core.database.database import Database
    from bot.core.domain.errors import RankerError
    from bot.core.domain.i18n import error_text
    from bot.lookup.services import typed_dates
    from bot.settings import Settings

    check_date(date)

    async def work(db: Database, settings: Settings) -> tuple[CandidatePage, Absence | None]:
        day = None
        if date is not None and not names_newest(date):
            day = await typed_dates.read(db, date, now=now(), zone=settings.timezone)
        ranker = ranker_of(db.location)
        if ranker is None:
            print_remark(translator()("Not ranked: install paper-digest-bot[rank]"))
        else:
            say = translator()
            try:
                stale = (await refresh(db, ranker, now=now())).stale
            except RankerError as error:
                print_remark(printable(say("Not ranked: {reason}", reason=error_text(error, say))))
            else:
                if stale is not None:
                    reason = error_text(stale, say)
                    print_remark(
                        printable(say("Ranked by the previous model: {reason}", reason=reason))
                    )
        page = await list_ranked(db, day=day, per_page=limit)
        if day is not None and page.is_listed:
            return page, None
        categories = settings.arxiv_categories if settings.arxiv_poll else ()
        return page, await find_absence(db, categories, now=now(), day=day)

    found, absence = with_database(work)
    if as_json:
        show_json([candidate_json(ranked) for ranked in found.found])
    else:
        show_document(
            present_candidates(found, page=1, per_page=limit, say=translator(), absence=absence)
        )
    return DONE
