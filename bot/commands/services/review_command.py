"""`/digest review …`: shows a digest before it is posted, and carries out what curators decide.

A button's line says of which digest it is, of which date, as it stood there (a code), and what to do:
`/digest review 3 2026-11-29 1a2b3c4d5e6f hold 17`. People write `/digest review` and a date.
"""

from collections.abc import Callable, Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.archive.domain.entry import EntryId
from bot.archive.domain.typed_dates import Days, read_date
from bot.channels.domain.digest_options import Unapproved
from bot.channels.domain.subscription import Standing, Subscription
from bot.commands.services import digest_managers
from bot.core.database.database import Database
from bot.core.domain import document
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Button, Buttons, Document, Paragraph, run
from bot.core.domain.errors import NotFoundError, UsageError
from bot.core.domain.i18n import Translate
from bot.core.domain.late import late_pattern
from bot.core.ports import ChannelRef, Command, Platform, parse_channel, person_ids
from bot.digest.domain.present_review import (
    day_after,
    present_choice,
    present_review,
    present_reviewed_paper,
    review_line,
)
from bot.digest.domain.review import (
    Act,
    Approve,
    Hold,
    Move,
    Release,
    Reopen,
    ReviewedSlot,
    Reviewer,
    Skip,
)
from bot.digest.services import managers, subscribe
from bot.digest.services.filtered import find_problem
from bot.digest.services.review import review
from bot.discussion.domain.present_private import present_elsewhere
from bot.lookup.services import typed_dates
from bot.mail.store import addresses

_SLOT = late_pattern(r"(?P<id>[0-9]{1,9}) (?P<on>[0-9]{4}-[0-9]{2}-[0-9]{2})(?: (?P<rest>.+))?")
_STEP = late_pattern(
    r"(?P<code>[0-9a-f]{12}) (?P<act>[a-z]+)(?: (?P<entry>[0-9]{1,15}))?(?: (?P<place>[0-9]{1,3}))?"
)


@dataclass(frozen=True, slots=True)
class ReviewContext:
    """The dependencies of `/digest review`.

    `curators` are ids of people; `decided` is called when a digest may be due and cards have changed.
    """

    db: Database
    clock: Callable[[], datetime]
    zone: ZoneInfo
    voices: Callable[[str], Translate]
    curators: Collection[str]
    decided: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Asked:
    context: ReviewContext
    command: Command
    say: Translate


async def answer(context: ReviewContext, command: Command, text: str, say: Translate) -> Document:
    """The answer to `/digest review` and the `text` behind it; raises `UserError`."""
    asked = _Asked(context, command, say)
    line = _SLOT.fullmatch(text)
    if line is None:
        now, zone = context.clock(), context.zone
        day = await typed_dates.read(context.db, text, now=now, zone=zone) if text else None
        return await _show(asked, day)
    subscription = await review.find(context.db, int(line["id"]))
    refusal = await _find_refusal(asked, subscription)
    if refusal is not None:
        return refusal
    if _shows_address(asked, subscription):
        return present_elsewhere(f"/digest review {text}", say)
    on = read_date(line["on"], Days(context.clock().date()))
    step = _STEP.fullmatch(line["rest"] or "")
    if step is None:
        return present_review(await _look(asked, subscription, on), say)
    entry_id = EntryId(int(step["entry"] or 0))
    if step["act"] == "look":
        return await _show_paper(asked, subscription, on, entry_id)
    act = _act(step["act"], entry_id, int(step["place"] or 1) - 1, on)
    return await _decide(asked, subscription, on, act, step["code"])


def _act(word: str, entry_id: EntryId, place: int, on: date) -> Act:
    match word:
        case "approve":
            return Approve()
        case "skip":
            return Skip()
        case "reopen":
            return Reopen()
        case "hold":
            return Hold(entry_id, day_after(on))
        case "back":
            return Release(entry_id)
        case "move":
            return Move(entry_id, place)
        case _:
            raise UsageError("“{word}” is not understood: write /digest review", word=word)


async def _look(asked: _Asked, subscription: Subscription, on: date | None) -> ReviewedSlot:
    now = asked.context.clock()
    return await review.show(asked.context.db, subscription.id, on, now=now)


async def _show(asked: _Asked, on: date | None) -> Document:
    """The card of the channel's digest; of a curator elsewhere, that of the only one, or a choice.

    A choice, too, where digests by e-mail that were asked for in the channel wait for an approval.
    """
    context, channel, say = asked.context, asked.command.channel, asked.say
    here = await _list_by_mail(asked) if on is None else []
    try:
        own = await subscribe.get(context.db, channel)
        if not here or (own.standing is Standing.ACTIVE and find_problem(own) is None):
            here = [own, *here]
    except NotFoundError:
        if not here:
            elsewhere = await _show_elsewhere(asked, on)
            if elsewhere is None:
                raise
            return elsewhere
    refusal = await _find_refusal(asked, here[0])
    if refusal is not None:
        return refusal
    if len(here) > 1:
        return present_choice([await _look(asked, each, None) for each in here], say)
    return present_review(await _look(asked, here[0], on), say)


async def _show_elsewhere(asked: _Asked, on: date | None) -> Document | None:
    """For a curator: the card of the only digest that there is, or a choice; `None` if there is none."""
    if not _is_curator(asked):
        return None
    every = await review.list_active(asked.context.db)
    active = [each for each in every if not _shows_address(asked, each)]
    found = [each for each in active if find_problem(each) is None] or active
    if len(found) == 1:
        return present_review(await _look(asked, found[0], on), asked.say)
    if not found:
        return None
    return present_choice([await _look(asked, each, None) for each in found], asked.say)


async def _list_by_mail(asked: _Asked) -> list[Subscription]:
    """The digests by e-mail that were asked for in the channel and wait for an approval."""
    db, channel = asked.context.db, asked.command.channel
    async with db.reading() as tx:
        known = await addresses.list_asked_in(tx, str(channel))
    places = {str(ChannelRef(Platform.MAIL, "", each)) for each in known}
    return [
        each
        for each in (await review.list_active(db) if places else ())
        if each.channel in places
        and not _shows_address(asked, each)
        and each.options.unapproved is Unapproved.HOLD
        and find_problem(each) is None
    ]


def _shows_address(asked: _Asked, subscription: Subscription) -> bool:
    """Whether an answer would show an address of somebody's mail to everybody in a thread."""
    is_mail = parse_channel(subscription.channel).platform is Platform.MAIL
    return is_mail and asked.command.root is not None


async def _show_paper(
    asked: _Asked, subscription: Subscription, on: date, entry_id: EntryId
) -> Document:
    shown = await _look(asked, subscription, on)
    if entry_id in {each.id for each in shown.choice.shown}:
        return present_reviewed_paper(shown, entry_id, asked.say)
    return _with_remark(present_review(shown, asked.say), _changed(asked.say))


def _changed(say: Translate) -> str:
    return say("This digest has changed since then, and nothing was done: look at it as it is now.")


def _with_remark(card: Document, remark: str) -> Document:
    return Document((Paragraph(run(remark)), *card.blocks), remark)


async def _decide(
    asked: _Asked, subscription: Subscription, on: date, act: Act, code: str
) -> Document:
    context, say = asked.context, asked.say
    decided = await review.decide(
        context.db,
        subscription.id,
        on,
        act,
        code=code,
        by=Reviewer(asked.command.user.name, _people(asked)[0]),
        now=context.clock(),
        voices=context.voices,
    )
    context.decided()
    card = present_review(decided.slot, say)
    if not decided.is_done:
        return _with_remark(card, _changed(say))
    if await review.has_card(context.db, subscription.id, on, _people(asked)):
        # The person's own card is edited; beside it, a sentence is enough.
        show = Button(say("Show"), command=review_line(decided.slot))
        return Document((Paragraph(run(card.summary)), Buttons((show,))), card.summary)
    if isinstance(act, Move):
        return present_reviewed_paper(decided.slot, act.entry_id, say)
    return card


def _people(asked: _Asked) -> tuple[str, ...]:
    return person_ids(asked.command.channel, asked.command.user)


def _is_curator(asked: _Asked) -> bool:
    return any(person in asked.context.curators for person in _people(asked))


async def _find_refusal(asked: _Asked, subscription: Subscription) -> Document | None:
    """The refusal to a person who is no curator and may not manage the channel's digest.

    Who manages a channel reviews also what is sent to the addresses that were asked for in it. What the platform says of the person holds in the channel at hand only, not in direct messages.
    """
    if _is_curator(asked):
        return None
    command = asked.command
    home = parse_channel(subscription.channel)
    asked_in = ""
    if home.platform is Platform.MAIL:
        async with asked.context.db.reading() as tx:
            asked_in = await addresses.find_asked_in(tx, home.id)
    if str(command.channel) in {subscription.channel, asked_in}:
        return await digest_managers.find_refusal(asked.context.db, command, asked.say)
    if home.platform is command.channel.platform:
        named = {each.person for each in await managers.list_named(asked.context.db, home)}
        if named & set(_people(asked)):
            return None
    text = asked.say(
        "Only curators, and the people who manage that channel, may review its digest."
    )
    return document.notice(text)
