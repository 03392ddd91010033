"""The command `review`: a digest before it is posted, and what is decided of it."""

from typing import Annotated

import typer

from bot.cli.output.terminal import DONE, LARGEST, show_document, translator
from bot.core.domain.document import Document


def review(
    date: Annotated[
        str | None,
        typer.Argument(metavar="DATE", help="Like tomorrow, 2025-02-04; default: the next digest."),
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(
            metavar="REF", help="The digest of this channel; needed if there are several."
        ),
    ] = None,
    approve: Annotated[
        bool, typer.Option("--approve", help="Post exactly what is shown, at its time.")
    ] = False,
    skip: Annotated[bool, typer.Option("--skip", help="Post nothing on this day.")] = False,
    reopen: Annotated[
        bool, typer.Option("--reopen", help="Take an approval or a skip back.")
    ] = False,
    hold: Annotated[
        int | None,
        typer.Option(metavar="ENTRY", max=LARGEST, help="Leave this entry for another day."),
    ] = None,
    release: Annotated[
        int | None,
        typer.Option(metavar="ENTRY", max=LARGEST, help="Put an entry back that was held."),
    ] = None,
    move: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="ENTRY PLACE", help="Put an entry at that place, from 1."),
    ] = None,
) -> int:
    """Show the next digest of a channel, and decide about it."""
    from bot.archive.domain.entry import EntryId
    from bot.cli.database import check_date, now, with_database
    from bot.core.catalogue import Catalogues
    from bot.core.database.database import Database
    from bot.core.domain.errors import UsageError
    from bot.core.ports import parse_channel
    from bot.digest.domain.present_review import day_after, present_review
    from bot.digest.domain.review import (
        COMMAND_LINE,
        Act,
        Approve,
        Hold,
        Move,
        Release,
        Reopen,
        Skip,
    )
    from bot.digest.services import subscribe
    from bot.digest.services.review import review as reviewing
    from bot.lookup.services import typed_dates
    from bot.settings import Settings

    check_date(date)
    ref = parse_channel(channel) if channel is not None else None

    async def work(db: Database, _: Settings) -> Document:
        if ref is not None:
            subscription = await subscribe.get(db, ref)
        else:
            active = await reviewing.list_active(db)
            if len(active) != 1:
                raise UsageError("Name the channel of the digest with --channel REF")
            [subscription] = active
        zone = subscription.options.schedule.zone
        on = await typed_dates.read(db, date, now=now(), zone=zone) if date is not None else None
        shown = await reviewing.show(db, subscription.id, on, now=now())
        day = shown.slot.on
        asked: list[Act] = []
        asked += [Approve()] if approve else []
        asked += [Skip()] if skip else []
        asked += [Reopen()] if reopen else []
        asked += [Hold(EntryId(hold), day_after(day))] if hold is not None else []
        asked += [Release(EntryId(release))] if release is not None else []
        asked += [Move(EntryId(move[0]), move[1] - 1)] if move is not None else []
        if len(asked) > 1:
            raise UsageError("Decide one thing at a time")
        for act in asked:
            decided = await reviewing.decide(
                db,
                subscription.id,
                day,
                act,
                code=shown.code,
                by=COMMAND_LINE,
                now=now(),
                voices=Catalogues(),
            )
            if not decided.is_done:
                raise UsageError("Nothing was done: that is not possible as the digest stands now")
            shown = decided.slot
        return present_review(shown, translator())

    show_document(with_database(work))
    return DONE
