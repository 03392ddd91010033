"""Answers that are for one person: where to ask for them, and what `forget-me` deletes."""

from bot.core.domain import command_line, commands, document
from bot.core.domain.document import Button, Buttons, Document, Paragraph, Style, Text, run
from bot.core.domain.i18n import Translate


def present_elsewhere(line: str, say: Translate) -> Document:
    """The answer to a command in a thread whose real answer is private: where to give it instead."""
    text = say(
        "Only you should see that answer, but everybody reads this thread. Press the button, or "
        "type the command in the channel, outside of threads:"
    )
    blocks = (
        Paragraph(run(text)),
        Paragraph((Text(line, Style.CODE),)),
        Buttons((Button(line, command=line),)),
    )
    return Document(blocks, summary=f"{text} {line}")


def present_forgettable(
    replies: int,
    copies: int,
    platform: str,
    say: Translate,
    *,
    likes: int = 0,
    follows: int | None = None,
    drafts: int = 0,
    reviews: int = 0,
) -> Document:
    """What `forget-me` would delete, and a button that does it.

    `follows` is `None` for who never followed anything; who ended all still has settings.
    """
    ends = ""
    if follows:
        ends = say.count("It ends {n} follow.", "It ends {n} follows.", follows)
    elif follows is not None:
        ends = say("It deletes when you wanted your direct messages, and what they told.")
    line = command_line.format_line(
        commands.PAPER.name, f"{commands.FORGET_ME.name} {commands.CONFIRM}"
    )
    if not (replies or likes or drafts or reviews) and ends:
        return document.notice(ends, say("Delete it"), line)
    if not (replies or likes or drafts or reviews):
        return document.notice(say("Nothing that you wrote is stored."))
    parts = []
    if replies:
        parts.append(say.count("{n} reply of yours", "{n} replies of yours", replies))
    if likes:
        parts.append(say.count("{n} reaction of yours", "{n} reactions of yours", likes))
    if drafts:
        parts.append(say.count("{n} draft of a note", "{n} drafts of notes", drafts))
    if reviews:
        parts.append(
            say.count(
                "your name in {n} review of a digest",
                "your name in {n} reviews of digests",
                reviews,
            )
        )
    if copies:
        parts.append(
            say.count("{n} copy in a linked channel", "{n} copies in linked channels", copies)
        )
    text = say(
        "This deletes what you wrote on {platform}, with my answers to it: {what}. It cannot be undone.",
        platform=platform.capitalize(),
        what=", ".join(parts),
    )
    return document.notice(" ".join(filter(None, (text, ends))), say("Delete it"), line)
