"""The work behind `post` and `deliveries …`: change the outbox in the database and print it."""

from collections.abc import Iterable

from bot.app.platforms import message_address
from bot.cli.database import check_date, checker, now, with_database
from bot.cli.output.terminal import print_line, translator
from bot.cli.output.text import printable
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.ports import parse_channel
from bot.digest.services import plan, subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.digest.services.options.zones import name_of
from bot.digest.services.plan import Planned
from bot.lookup.services import typed_dates
from bot.outbox.domain.delivery import State
from bot.outbox.services import operator_actions
from bot.outbox.store.operator_view import Delivery
from bot.settings import Settings


def post(ref: str, date: str | None) -> Planned:
    """Plan a day's digest for a channel, subscribed or not; raises `UserError`."""
    channel = parse_channel(ref)
    check_date(date)

    async def work(db: Database, settings: Settings) -> Planned:
        words = TypedOptions(zone=name_of(settings.timezone))
        subscription = await subscribe.by_hand(
            db, channel, words, now=now(), check=checker(db, settings, make=False)
        )
        zone = subscription.options.schedule.zone
        day = await typed_dates.read(db, date, now=now(), zone=zone) if date is not None else None
        return await plan.plan_by_hand(
            db, subscription, day, now=now(), voices=Catalogues(), link=message_address
        )

    return with_database(work)


def list_deliveries(
    states: Iterable[State], ref: str | None, limit: int, *, failing: bool
) -> tuple[Delivery, ...]:
    """The newest in these states and that channel, oldest first; with `failing` those that are stuck."""
    channel = str(parse_channel(ref)) if ref is not None else None

    async def work(db: Database, _: Settings) -> tuple[Delivery, ...]:
        return await operator_actions.list_deliveries(
            db, states=states, channel=channel, failing=failing, limit=limit
        )

    return with_database(work)


def retry(delivery_id: int) -> Delivery:
    """Try a delivery again; raises `UserError`."""

    async def work(db: Database, _: Settings) -> Delivery:
        return await operator_actions.retry(db, delivery_id, now=now())

    return with_database(work)


def drop(delivery_id: int) -> Delivery:
    """Give a delivery up; raises `UserError`."""

    async def work(db: Database, _: Settings) -> Delivery:
        return await operator_actions.drop(db, delivery_id, now=now())

    return with_database(work)


def form(delivery: Delivery) -> dict[str, object]:
    """A delivery as JSON."""
    return {
        "id": delivery.id,
        "key": delivery.key,
        "channel": delivery.channel,
        "state": str(delivery.state),
        "date": delivery.on.isoformat() if delivery.on is not None else None,
        "part": delivery.part,
        "entry_id": delivery.entry_id,
        "summary": delivery.summary,
        "attempt": delivery.attempt,
        "not_before": delivery.not_before.isoformat(),
        "reason": delivery.reason,
        "detail": delivery.detail,
        "message_id": delivery.message_id,
        "planned_at": delivery.planned_at.isoformat(),
        "sent_at": delivery.sent_at.isoformat() if delivery.sent_at is not None else None,
    }


def show(delivery: Delivery) -> None:
    """Print a delivery in a line, and the reason why it is stuck in another."""
    day = delivery.on.isoformat() if delivery.on is not None else "-"
    summary = printable(" ".join(delivery.summary.split()))
    print_line(f"{delivery.id}  {delivery.state}  {delivery.channel}  {day}  {summary}")
    if delivery.reason:
        detail = f": {delivery.detail}" if delivery.detail else ""
        print_line(f"    {translator()(delivery.reason)}{printable(detail)}")
