"""What is said once a note is written, or may not be."""

from bot.core.domain.command_line import format_line
from bot.core.domain.commands import NOTE, PAPER
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Document,
    Note,
    Paragraph,
    notice,
    private,
    run,
)
from bot.core.domain.i18n import Translate
from bot.desk.domain.outcome import Outcome


def present_outcome(outcome: Outcome, say: Translate) -> Document:
    """The note is saved; with buttons that show and change it."""
    title = outcome.title
    if outcome.is_unchanged:
        text = say("Nothing was changed: {title}", title=title)
    elif outcome.is_new:
        text = say("Saved: {title}", title=title)
    else:
        text = say("Changed: {title}", title=title)
    blocks: list[Block] = [Paragraph(run(text))]
    if outcome.path:
        blocks.append(Note(run(say("File: {path}", path=outcome.path))))
    if outcome.theirs:
        remark = say(
            "{theirs} was changed meanwhile. Yours is a file of its own; both name each other.",
            theirs=outcome.theirs,
        )
        blocks.append(Note(run(remark)))
    blocks += (Note(run(remark)) for remark in outcome.remarks)
    if outcome.trouble:
        blocks.append(Note(run(outcome.trouble)))
    if outcome.entry_id is None:
        return private(Document(tuple(blocks), summary=text))
    one = f"entry:{outcome.entry_id}"
    buttons = (
        Button(say("Show"), format_line(PAPER.name, one)),
        Button(say("Change"), format_line(NOTE.name, one)),
    )
    return private(Document((*blocks, Buttons(buttons)), summary=text))


def present_refusal(text: str) -> Document:
    """This person may not write here."""
    return private(notice(text))


def present_form_elsewhere(platform: str, say: Translate) -> Document:
    """The answer to `/note` where no form can be shown."""
    if platform == "discord":
        text = say("The form for notes opens in Slack and on the web page, not in Discord yet.")
    else:
        text = say("The form for notes does not open here: type /note in the channel.")
    return private(notice(text))
