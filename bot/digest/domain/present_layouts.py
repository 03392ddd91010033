"""The choice of a layout: what each looks like, and how many messages a day makes in it."""

from collections.abc import Sequence
from datetime import date

from bot.channels.domain.digest_options import Layout
from bot.core.domain import command_line
from bot.core.domain.day_text import day_text
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Heading,
    Note,
    Paragraph,
    Quote,
    Style,
    Text,
    run,
)
from bot.core.domain.i18n import Translate, translatable

PAPERS = 5
"""The size of the day for which messages are counted."""

_TITLES = 2

_LOOKS = {
    Layout.PAPERS: translatable("a message for each paper, whose thread is its discussion"),
    Layout.THREAD: translatable("one message with the titles, the papers in its thread"),
    Layout.COMPACT: translatable("one message with every paper in full"),
    Layout.TITLES: translatable("one message with a line for each paper"),
}


def count_messages(layout: Layout, papers: int = PAPERS) -> tuple[int, int]:
    """How many messages a day makes in the channel, and how many in threads.

    Where each fits in one message and every thread of a paper has an intro.
    """
    match layout:
        case Layout.PAPERS:
            return papers + 1, papers
        case Layout.THREAD:
            return 1, papers
        case Layout.COMPACT | Layout.TITLES:
            return 1, 0


def present_layouts(
    day: date, titles: Sequence[str], *, waits: bool, say: Translate
) -> tuple[Block, ...]:
    """Every layout with a preview and a button; `titles` are papers of that day, if it has any.

    `waits` says that the first digest waits a minute for the choice.
    """
    blocks: list[Block] = [Heading(run(say("How should the digest look in this channel?")))]
    if waits:
        text = say(
            "The first digest is posted in a minute at the earliest, in the layout papers unless you "
            "choose another. It can be changed at any time."
        )
        blocks.append(Paragraph(run(text)))
    for layout in Layout:
        look = Text(f" — {say(_LOOKS[layout])}")
        blocks.append(Paragraph((Text(str(layout), Style.STRONG), look)))
        blocks += (Quote(run(text)) for text in _preview(layout, day, titles, say))
        blocks.append(Note(run(_counted(layout, say))))
        line = command_line.format_line("digest", "here", layout=layout)
        blocks.append(Buttons((Button(say("Use {layout}", layout=str(layout)), command=line),)))
    return tuple(blocks)


def _counted(layout: Layout, say: Translate) -> str:
    in_channel, in_threads = count_messages(layout)
    where = say.count(
        "A day of five papers: {n} message in the channel",
        "A day of five papers: {n} messages in the channel",
        in_channel,
    )
    if not in_threads:
        return where
    return f"{where}, {say.count('{n} in a thread', '{n} in threads', in_threads)}"


def _preview(layout: Layout, day: date, titles: Sequence[str], say: Translate) -> list[str]:
    """The beginning of such a digest, a text for each message."""
    shown = list(titles[:_TITLES]) or [say("A paper"), say("Another paper")]
    head = day_text(day, say.locale, weekday=True)
    words = say("What the curator wrote about it …")
    numbered = [f"{number}. {title}" for number, title in enumerate(shown, start=1)]
    listed = "\n".join([head, *numbered, "…"])
    match layout:
        case Layout.PAPERS:
            return [listed, f"{shown[0]}\n{words}\n↳ {say('Abstract, references, replies')}"]
        case Layout.THREAD:
            return ["\n".join([listed, *(f"↳ {title}: {words}" for title in shown), "↳ …"])]
        case Layout.COMPACT:
            return ["\n".join([head, *(f"{title}\n{words}" for title in numbered), "…"])]
        case Layout.TITLES:
            return [listed]
