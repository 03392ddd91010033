"""A channel's subscription as a document: schedule, options, and delivery status."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.domain.typed_schedule import format_weekdays
from bot.core.domain import command_line
from bot.core.domain.day_text import day_text
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Document,
    Fields,
    Heading,
    Note,
    Paragraph,
    run,
)
from bot.core.domain.errors import UserError
from bot.core.domain.i18n import Translate, error_text, translatable

_STANDINGS = {
    Standing.ACTIVE: translatable("A digest is posted here."),
    Standing.PAUSED: translatable("The digest of this channel is paused."),
    Standing.REFUSED: translatable(
        "The digest of this channel has stopped: the platform refuses it."
    ),
    Standing.MANUAL: translatable("Digests are posted here by hand only."),
    Standing.REMOVED: translatable("No digest is posted here."),
}


def present_subscription(
    subscription: Subscription,
    *,
    next_at: datetime | None = None,
    last_on: date | None = None,
    waiting: int = 0,
    wait: tuple[str, str] = ("", ""),
    stuck: int = 0,
    problem: UserError | None = None,
    say: Translate,
) -> Document:
    """A subscription's status. `next_at` is an aware instant; `stuck` counts held and dead messages.

    `wait` is why messages wait, and the platform's words for it; `problem` why nothing is planned.
    """
    standing = say(_STANDINGS[subscription.standing])
    blocks: list[Block] = [Heading(run(standing))]
    if subscription.reason:
        words = say(subscription.reason)
        detail = f"{words}: {subscription.detail}" if subscription.detail else words
        blocks.append(Paragraph(run(detail)))
    if problem is not None:
        blocks += (Paragraph(run(line)) for line in error_text(problem, say).splitlines())
    blocks.append(Fields(tuple((label, run(text)) for label, text in _options(subscription, say))))
    zone = subscription.options.schedule.zone
    lines = _progress(next_at, last_on, waiting=waiting, stuck=stuck, zone=zone, say=say)
    blocks += (Note(run(line)) for line in lines)
    if waiting and wait[0]:
        blocks.append(Note(run(": ".join(filter(None, (say(wait[0]), wait[1]))))))
    blocks.append(Buttons(_buttons(subscription.standing, say)))
    return Document(tuple(blocks), summary=standing)


def _options(subscription: Subscription, say: Translate) -> Sequence[tuple[str, str]]:
    options = subscription.options
    schedule = options.schedule
    return (
        (say("Time"), f"{schedule.at:%H:%M} {schedule.zone.key}"),
        (say("Days"), format_weekdays(schedule.weekdays)),
        (say("Languages"), ", ".join(options.languages)),
        (say("Interface"), options.spoken),
        (say("Tags"), options.tags or say("all")),
        (say("Only"), options.only or say("all")),
        (say("Layout"), options.layout),
        (say("Maximum papers"), str(options.most)),
        (say("First reply in threads"), options.intro),
        (say("Recap"), options.recap),
        (say("Quiet hours"), str(options.quiet or "off")),
        (say("Without approval"), options.unapproved),
    )


def _progress(
    next_at: datetime | None,
    last_on: date | None,
    *,
    waiting: int,
    stuck: int,
    zone: ZoneInfo,
    say: Translate,
) -> Sequence[str]:
    lines = []
    if next_at is not None:
        local = next_at.astimezone(zone)
        day = day_text(local.date(), say.locale, weekday=True)
        lines.append(say("Next: {day}, {time}", day=day, time=f"{local:%H:%M}"))
    if last_on is not None:
        lines.append(say("Last: {day}", day=day_text(last_on, say.locale)))
    if waiting:
        lines.append(
            say.count(
                "{n} message is waiting to be posted",
                "{n} messages are waiting to be posted",
                waiting,
            )
        )
    if stuck:
        lines.append(
            say.count(
                "{n} message needs the operator's attention",
                "{n} messages need the operator's attention",
                stuck,
            )
        )
    return lines


def _buttons(standing: Standing, say: Translate) -> tuple[Button, ...]:
    change = (
        Button(say("Pause"), command=command_line.format_line("digest", "pause"))
        if standing is Standing.ACTIVE
        else Button(say("Resume"), command=command_line.format_line("digest", "resume"))
    )
    return (change, Button(say("Today"), command=command_line.format_line("digest", "today")))
