"""Help as documents: the commands, their options, the filters and the words of threads."""

from collections.abc import Iterable, Sequence

from bot.core.domain import command_line, commands
from bot.core.domain.command_spec import CommandSpec, Verb, Who
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
    private,
    run,
)
from bot.core.domain.i18n import Translate
from bot.discussion.domain.present_discussion import ANSWERS
from bot.lookup.domain.examples import Example
from bot.lookup.domain.query import FIELDS

_IN_OVERVIEW = 3
"""Examples of queries in the overview."""


def present_overview(examples: Sequence[Example], say: Translate) -> Document:
    """Every command in a line, a few examples, and where to read on."""
    blocks: list[Block] = [Heading(run(say("How to ask")))]
    blocks += (
        Paragraph((Text(spec.usage, Style.CODE), Text(f" — {say(spec.summary)}")))
        for spec in commands.COMMANDS
    )
    if examples:
        blocks += (_title(say("For example")), *_queries(examples[:_IN_OVERVIEW], say))
    blocks.append(
        Note(
            run(
                say(
                    "You can search by tag (reasoning, #rl, -#moe), words, “a phrase”, author:, "
                    "date:, before:, after:, an arXiv id, cites:, similar:, path: or random. The best "
                    "hit comes first; sort:new lists the newest first."
                )
            )
        )
    )
    blocks.append(_thread_words(say))
    blocks.append(
        _buttons("/paper help", "/digest help", *_examples_of(commands.PAPER, is_changing=False))
    )
    return private(Document(tuple(blocks), summary=say("How to ask")))


def present_paper_help(examples: Sequence[Example], say: Translate) -> Document:
    """Everything that `/paper` understands; each example finds something."""
    spec = commands.PAPER
    blocks: list[Block] = [Heading(run(spec.usage)), Paragraph(run(say(spec.summary)))]
    if examples:
        blocks += (_title(say("For example")), *_queries(examples, say))
    blocks.append(Note(run(say("Filters: {known}", known=" ".join(FIELDS)))))
    blocks.append(
        Note(
            run(
                say(
                    "in:discussion and a word: papers in whose discussion somebody wrote it. "
                    "sort:new: the newest first. popular: what people like, popular:week: this week."
                )
            )
        )
    )
    blocks.append(
        Note(
            run(
                say(
                    "Dates: 2025-02, yesterday, 2 days ago, last friday, Feb 4, newest. "
                    "Parts may be combined, and all must hold."
                )
            )
        )
    )
    blocks += (*_verbs(spec, say), _thread_words(say))
    return private(Document(tuple(blocks), summary=spec.usage))


def present_digest_help(say: Translate) -> Document:
    """Everything that `/digest` understands."""
    spec = commands.DIGEST
    asking = tuple(_examples_of(spec, is_changing=False))
    changing = tuple(_examples_of(spec, is_changing=True))
    options = Items(
        tuple(
            Item((Text(f"{option.name}:", Style.CODE), Text(f" — {say(option.summary)}")))
            for option in spec.options
            if not option.free
        )
    )
    lines = Items(tuple(Item((Text(say(line), Style.CODE),)) for line in changing))
    takers = ", ".join(f"/digest {verb.name}" for verb in spec.verbs if verb.takes_options)
    return private(
        Document(
            (
                Heading(run("/digest")),
                Paragraph(run(say(spec.summary))),
                *_verbs(spec, say),
                _title(say("Options of {commands}", commands=takers)),
                options,
                _title(say("For example")),
                lines,
                _buttons(*map(say, asking)),
            ),
            summary="/digest",
        )
    )


def present_follow_help(say: Translate) -> Document:
    """Everything that `/follow` and `/unfollow` understand."""
    spec = commands.FOLLOW
    about = say(
        "Anything that /paper finds can be followed, filters included. A paper that is followed "
        "tells of new versions, papers that cite it, and replies in its threads here."
    )
    options = Items(
        tuple(
            Item((Text(f"{option.name}:", Style.CODE), Text(f" — {say(option.summary)}")))
            for option in spec.options
            if not option.free
        )
    )
    lines = (*spec.examples, *commands.UNFOLLOW.examples)
    return private(
        Document(
            (
                Heading(run(spec.usage)),
                Paragraph(run(say(spec.summary))),
                Paragraph(run(about)),
                *_verbs(spec, say),
                _title(say("Options of {commands}", commands="/follow settings")),
                options,
                _title(say("For example")),
                Items(tuple(Item((Text(line, Style.CODE),)) for line in lines)),
            ),
            summary=spec.usage,
        )
    )


def present_note_help(say: Translate) -> Document:
    """How a note is written and changed."""
    spec = commands.NOTE
    about = say(
        "A form opens, filled in with what arXiv and the archive know. What you type is kept as a "
        "draft until you save it, and /note offers it again. /note entry:12 changes the note of "
        "that entry."
    )
    return private(
        Document(
            (
                Heading(run(spec.usage)),
                Paragraph(run(say(spec.summary))),
                Paragraph(run(about)),
                _title(say("For example")),
                Items(tuple(Item((Text(line, Style.CODE),)) for line in spec.examples)),
            ),
            summary=spec.usage,
        )
    )


def _title(text: str) -> Paragraph:
    return Paragraph((Text(text, Style.STRONG),))


def _queries(examples: Sequence[Example], say: Translate) -> tuple[Block, ...]:
    rows = (
        Item((Text(example.query, Style.CODE), Text(f" — {say(example.finds)}")))
        for example in examples
    )
    tries = (
        Button(example.query, command_line.format_line("paper", example.query))
        for example in examples
    )
    return Items(tuple(rows)), Buttons(tuple(tries))


def _verbs(spec: CommandSpec, say: Translate) -> tuple[Block, ...]:
    """The verbs for everyone, then those for managers."""
    blocks: list[Block] = [_title(say("Words after /{command}", command=spec.name))]
    blocks.append(_rows((verb for verb in spec.verbs if verb.who is not Who.MANAGERS), say))
    managing = tuple(verb for verb in spec.verbs if verb.who is Who.MANAGERS)
    if managing:
        blocks.append(_title(say("For people who may manage the channel")))
        blocks.append(_rows(managing, say))
    return tuple(blocks)


def _rows(verbs: Iterable[Verb], say: Translate) -> Items:
    return Items(
        tuple(
            Item((Text(verb.name, Style.CODE), Text(f" — {say(verb.summary)}"))) for verb in verbs
        )
    )


def _thread_words(say: Translate) -> Note:
    words = ", ".join(str(wish) for wish in ANSWERS)
    return Note(
        run(say("In a paper's thread, mention the bot with one word: {words}", words=words))
    )


def _examples_of(spec: CommandSpec, *, is_changing: bool) -> Iterable[str]:
    return (line for line in spec.examples if command_line.changes(line) is is_changing)


def _buttons(*lines: str) -> Buttons:
    return Buttons(tuple(Button(line, command=line) for line in lines))
