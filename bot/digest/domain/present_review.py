"""The review of a digest as a document: the card, and one of its papers in full."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.domain.present_entry import count_papers, entry_query, present_entry, row
from bot.channels.domain.digest_options import Unapproved
from bot.core.domain import command_line, commands
from bot.core.domain.day_text import day_text
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Document,
    Heading,
    Item,
    Items,
    Note,
    Paragraph,
    Style,
    Text,
    run,
)
from bot.core.domain.i18n import Translate
from bot.digest.domain.review import COMMAND_LINE, Decision, ReviewedSlot, Reviewer, Stage

VERB = "review"


def review_line(shown: ReviewedSlot, *words: object) -> str:
    """The command line of a button: of which slot, as it stands, and what to do."""
    slot = f"{shown.subscription.id} {shown.slot.on.isoformat()}"
    parts = (slot, shown.code, *map(str, words)) if words else (slot,)
    return command_line.format_line("digest", " ".join((VERB, *filter(None, parts))))


def present_review(shown: ReviewedSlot, say: Translate) -> Document:
    """The card of a slot: what it posts, what is decided, and the buttons that decide."""
    day = day_text(shown.slot.on, say.locale, weekday=True)
    title = say("Review of the digest of {day}", day=day)
    state = _state(shown, say)
    papers = shown.choice.shown
    blocks: list[Block] = [
        Heading(run(title)),
        Note(run(_place(shown, say))),
        Paragraph((Text(state, Style.STRONG),)),
    ]
    if papers:
        blocks.append(Items(tuple(_rows(shown, say))))
    if shown.choice.counted:
        blocks.append(
            Note(
                run(
                    say.count(
                        "{n} more paper is only counted in the digest",
                        "{n} more papers are only counted in the digest",
                        len(shown.choice.counted),
                    )
                )
            )
        )
    blocks += _others(shown, say)
    if buttons := _decisions(shown, say):
        blocks.append(Buttons(buttons))
    return Document(tuple(blocks), f"{title}: {state}")


def _place(shown: ReviewedSlot, say: Translate) -> str:
    subscription = shown.subscription
    schedule = subscription.options.schedule
    time = f"{schedule.at:%H:%M} {schedule.zone.key}"
    parts = [subscription.channel, time]
    if shown.choice.shown:
        parts.append(count_papers(len(shown.choice.shown), say))
    return " · ".join(parts)


def _state(shown: ReviewedSlot, say: Translate) -> str:
    by = _name(shown.review.by, say)
    skipped = shown.review.decision is Decision.SKIPPED
    match shown.stage:
        case Stage.PASSED:
            return say("It was not posted: its papers are in the next digest.")
        case Stage.CLOSED if not shown.choice.shown:
            if skipped:
                return say("Nothing was posted on this day. Skipped by: {name}", name=by)
            return say("Nothing was posted on this day.")
        case Stage.CLOSED:
            if shown.review.decision is Decision.APPROVED:
                return say("Posted. Approved by: {name}", name=by)
            return say("Posted, without an approval.")
    if skipped:
        return say(
            "Nothing is posted on this day; its papers are in the next digest. Skipped by: {name}",
            name=by,
        )
    if shown.review.decision is Decision.APPROVED:
        return say("Exactly this is posted. Approved by: {name}", name=by)
    if not shown.choice.shown:
        return say("There is nothing to post yet.")
    if shown.stage is Stage.WAITING:
        return say("It waits: it is posted as soon as somebody approves it.")
    if shown.subscription.options.unapproved is Unapproved.HOLD:
        return say("It is not posted before somebody approves it.")
    return say("Nobody has approved it yet. Without an approval it is posted all the same.")


def _name(reviewer: Reviewer, say: Translate) -> str:
    if reviewer == COMMAND_LINE:
        return say("the command line")
    return reviewer.name or say("somebody")


def _rows(shown: ReviewedSlot, say: Translate) -> Sequence[Item]:
    rows = []
    for number, stored in enumerate(shown.choice.shown, start=1):
        item = row(stored, number, languages=shown.subscription.options.languages, say=say)
        if shown.is_open:
            line = review_line(shown, "look", stored.id)
            item = replace(item, button=Button(say("Look"), command=line))
        rows.append(item)
    return rows


def _others(shown: ReviewedSlot, say: Translate) -> list[Block]:
    """What is held for another day, and what a decision leaves to the next digest."""
    blocks: list[Block] = []
    if shown.choice.held:
        blocks.append(Paragraph(run(say("Held for another day:"))))
        back = shown.is_open and shown.review.decision is Decision.OPEN
        blocks.append(
            Items(
                tuple(
                    Item(
                        run(stored.entry.paper.title),
                        button=Button(
                            say("Put back"), command=review_line(shown, "back", stored.id)
                        )
                        if back
                        else None,
                    )
                    for stored in shown.choice.held
                )
            )
        )
    if shown.choice.left and shown.review.decision is Decision.APPROVED:
        text = say("Written or changed after the approval, so in the next digest:")
        blocks.append(Paragraph(run(text)))
        titles = (Item(run(stored.entry.paper.title)) for stored in shown.choice.left)
        blocks.append(Items(tuple(titles)))
    return blocks


def _decisions(shown: ReviewedSlot, say: Translate) -> tuple[Button, ...]:
    if not shown.is_open:
        return ()
    if shown.review.decision is not Decision.OPEN:
        return (Button(say("Review again"), command=review_line(shown, "reopen")),)
    if not shown.choice.shown:
        return ()
    return (
        Button(say("Approve"), command=review_line(shown, "approve")),
        Button(say("Skip this day"), command=review_line(shown, "skip")),
    )


def present_reviewed_paper(shown: ReviewedSlot, entry_id: EntryId, say: Translate) -> Document:
    """A paper of the slot in full, with what can be done with it there."""
    papers = shown.choice.shown
    place = next(n for n, each in enumerate(papers) if each.id == entry_id)
    stored = papers[place]
    document = present_entry(stored, languages=shown.subscription.options.languages, say=say)
    day = day_text(shown.slot.on, say.locale)
    text = say("Paper {n} of {all} in the digest of {day}", n=place + 1, all=len(papers), day=day)
    buttons = (*_paper_buttons(shown, stored, place, say), _back(shown, say))
    return replace(
        document,
        blocks=(*document.blocks, Note(run(text)), Buttons(buttons)),
        opens_thread=False,
        thread_name="",
    )


def _paper_buttons(
    shown: ReviewedSlot, stored: StoredEntry, place: int, say: Translate
) -> tuple[Button, ...]:
    buttons: list[Button] = []
    if shown.review.decision is Decision.OPEN:
        line = review_line(shown, "hold", stored.id)
        buttons.append(Button(say("Hold for another day"), command=line))
        if place:
            line = review_line(shown, "move", stored.id, place)
            buttons.append(Button(say("Move up"), command=line))
        if place + 1 < len(shown.choice.shown):
            line = review_line(shown, "move", stored.id, place + 2)
            buttons.append(Button(say("Move down"), command=line))
    if commands.find(commands.NOTE.name) is not None:
        line = command_line.format_line(commands.NOTE.name, entry_query(stored))
        buttons.append(Button(say("Edit"), command=line))
    return tuple(buttons)


def _back(shown: ReviewedSlot, say: Translate) -> Button:
    return Button(say("Back to the review"), command=review_line(shown))


def present_choice(found: Sequence[ReviewedSlot], say: Translate) -> Document:
    """The digests that a curator may review, with a button for each."""
    title = say("Which digest do you want to review?")
    rows = tuple(
        Item(
            run(each.subscription.channel),
            detail=run(
                f"{day_text(each.slot.on, say.locale)} · {count_papers(len(each.choice.shown), say)}"
            ),
            button=Button(say("Review"), command=review_line(each)),
        )
        for each in found
    )
    return Document((Heading(run(title)), Items(rows)), title)


def day_after(on: date) -> date:
    """The day until which a paper is held by a button."""
    return on + timedelta(days=1)
