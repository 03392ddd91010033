"""Questions in threads: what a text asks the bot, and which papers it links.

A person mentions the bot with one word of `Wish`, a command line, or a look-up. Anything else is
not guessed at: the answer lists what can be asked.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from bot.archive.domain.arxiv_id import ArxivId, iter_arxiv_ids
from bot.archive.domain.typed_dates import Days, find_date
from bot.core.domain import command_line, commands
from bot.core.domain.command_spec import Audience, CommandSpec, Verb
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import QueryError
from bot.core.domain.late import late_pattern
from bot.lookup.domain import query, query_terms
from bot.lookup.domain.query_terms import About, PaperRef

MOST_CARDS = 3
"""The most cards for one reply: a list of twenty links is not a question."""

MOST_LINKS = 50
"""The most papers stored as references of one reply."""

_LONGEST_LOOKUP = 120
"""The most characters of a look-up in a thread: longer text is conversation."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A person's reply in a discussion; `channel` is its origin's REF, `author` a name.

    `link` is its address at its origin, if it has one.
    """

    id: int
    channel: str
    message_id: str
    author: str
    text: str
    said_at: datetime
    edited_at: datetime | None = None
    link: str | None = None

    @property
    def platform(self) -> str:
        """The name of the platform of its origin: `Slack`."""
        return platform_of(self.channel)


def platform_of(channel: str) -> str:
    """The name of the platform of a channel's REF: `Slack`."""
    return channel.partition(":")[0].capitalize()


class Wish(StrEnum):
    """What can be asked about the paper of a thread."""

    ABSTRACT = "abstract"
    REFS = "refs"
    CITED = "cited"
    SIMILAR = "similar"
    BIB = "bib"
    KO = "ko"
    EN = "en"
    HELP = "help"


WORDS: dict[str, Wish] = {
    **{wish.value: wish for wish in Wish},
    "references": Wish.REFS,
    "citations": Wish.CITED,
    "bibtex": Wish.BIB,
    "korean": Wish.KO,
    "english": Wish.EN,
    "?": Wish.HELP,
    "초록": Wish.ABSTRACT,
    "참고": Wish.REFS,
    "참고문헌": Wish.REFS,
    "인용": Wish.CITED,
    "비슷한": Wish.SIMILAR,
    "유사": Wish.SIMILAR,
    "서지": Wish.BIB,
    "한국어": Wish.KO,
    "영어": Wish.EN,
    "도움": Wish.HELP,
    "도움말": Wish.HELP,
}
"""Every word that stands for a `Wish`, case-folded."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """A question in the look-up language."""

    asked: str


@dataclass(frozen=True, slots=True)
class Line:
    """A command of the command table, as it would be typed: `parse_line` reads it."""

    text: str

    @property
    def is_private(self) -> bool:
        """Whether the command's answer is private outside threads: then it is no discussion."""
        return command_line.parse_line(self.text).audience is Audience.PRIVATE

    @property
    def is_secret(self) -> bool:
        """Whether the answer must not be posted in a thread, where everybody reads it."""
        return self.verb is not None and self.verb.is_secret

    @property
    def verb(self) -> Verb | None:
        """The verb that it says, if the table knows it."""
        line = command_line.parse_line(self.text)
        return command_line.find_verb(line.spec, line.options)

    @property
    def bare(self) -> str:
        """The line reduced to words of the command table: nothing that a person typed freely."""
        verb = self.verb
        name = command_line.parse_line(self.text).spec.name
        return command_line.format_line(name, verb.name if verb is not None else "")

    @property
    def kept(self) -> str:
        """What stays of a stored reply that is edited into a private command: a call of the bot.

        Not its old text, which its author replaced, and no tombstone: it may be edited back.
        """
        return f"@paperbot {self.bare}"


@dataclass(frozen=True, slots=True)
class Unclear:
    """A text that is no question the bot can answer; `meant` is a word of `WORDS` close to it."""

    meant: str | None = None


Question: TypeAlias = Wish | LookUp | Line | Unclear

# ASCII: in Korean the next word may follow the name without a space.
_NAME = late_pattern(r"\u2060?@(?:paperbot|paper-digest-bot)\b[:,]?", re.IGNORECASE | re.ASCII)
_LINE = late_pattern(r"/?paper(?:\s+|$)", re.IGNORECASE)
_ASKING = "?？"
_SHORTEST, _ALIKE = 2, 0.75
"""The length and the likeness (of 1) of what counts as a typing error in a word."""
_ENDS = f" .!。！{_ASKING}"
_PAUSES = ":,"
_PHRASE = late_pattern(r"[\"“][^\"“”]*[\"”]")
_VALUE = late_pattern(r"[#＃@/]|[0-9]|:\S")
_PROSE_OF_VERB = 3
_PROSE = {commands.FOLLOW.name: 2, commands.UNFOLLOW.name: 2}
"""How many words that are no value (`#rl`, `author:lee`, `"a phrase"`) a command has at most when it
is typed without its slash, behind a verb that takes text, and without a verb: `follow reward model`,
but not `follow up on table 3`."""
_ANY_DAY = Days(date(2099, 12, 31))
"""Dates in English words are read up to that year."""


def read_question(text: str) -> Question:
    """The question in a message that mentions the bot."""
    asked = " ".join(_NAME.sub(" ", text).split())
    if not asked:
        return Wish.HELP
    name, _, rest = asked.removeprefix("/").partition(" ")
    spec = commands.find(name.casefold().rstrip(_PAUSES))
    if spec is not None and spec is not commands.PAPER and spec.name not in WORDS:
        is_named = name.casefold() == spec.name
        if is_named and (asked.startswith("/") or _is_command(spec, rest)):
            return Line("/" + asked.removeprefix("/"))
        return Unclear()  # "note that table 3 is wrong"
    line = _LINE.match(asked)
    if line is not None:
        asked = asked[line.end() :].strip()
    wish = _wish(asked.casefold().removeprefix("/"))
    if wish is not None:
        return wish
    if any(verb.begins(asked.split()) for verb in commands.PAPER.verbs):
        return Line(command_line.format_line(commands.PAPER.name, asked))
    if not asked or asked.startswith("/"):
        return Unclear(near_word(asked))
    is_talk = line is None and (asked.endswith(tuple(_ASKING)) or len(asked) > _LONGEST_LOOKUP)
    if is_talk:
        return Unclear(near_word(asked))
    try:
        query.parse(asked)
    except QueryError:
        return Unclear()
    return LookUp(asked)


def _is_command(spec: CommandSpec, rest: str) -> bool:
    """Whether what follows a command's name makes it a command without its slash, and no sentence.

    In doubt it is a sentence: a command is typed again, but a lost remark is not.
    """
    words = _PHRASE.sub("#", rest).split()
    words[:1] = [word.rstrip(_PAUSES) for word in words[:1]]  # "mail: kim@example.org" is private
    verb = next((verb for verb in spec.verbs if verb.begins(words)), None)
    others = words[1:] if verb is not None else words
    values = sum(_VALUE.search(word) is not None for word in others)
    if verb is None:
        most = _PROSE.get(spec.name, 0)
        is_date = spec is commands.DIGEST and find_date(rest, _ANY_DAY) is not None
        return len(words) - values <= most or is_date
    if verb.takes_options:
        if values:
            return True  # "here every mon, wed and fri at 9"
        known = {
            word for each in spec.options if not each.free for word in (each.name, *each.values)
        }
        values = sum(word.casefold().strip(",") in known for word in others)
    return len(others) - values <= (_PROSE_OF_VERB if verb.takes_options or verb.takes_text else 0)


def is_call(text: str) -> bool:
    """Whether a message only calls the bot: `@paperbot refs`, `@paperbot #rl`, `@paperbot /paper …`.

    A message that mentions the bot within a sentence is talk.
    """
    named = _NAME.search(text)
    if named is None:
        return False
    match read_question(text):
        case Unclear():
            return False
        case LookUp():
            return not text[: named.start()].strip()
        case _:
            return True


def _wish(folded: str) -> Wish | None:
    return WORDS.get(folded) or WORDS.get(folded.strip(_ENDS))


def near_word(text: str) -> str | None:
    """The word of `WORDS` that a single word probably means: `reffs`, `초롟`; itself if it is one."""
    word = text.casefold().removeprefix("/").strip(_ENDS)
    if word in WORDS:
        return word
    if " " in word or len(word) < _SHORTEST:
        return None
    # By letters, so that one wrong letter of a Korean syllable is one letter.
    spelled = {unicodedata.normalize("NFD", known): known for known in WORDS}
    near = difflib.get_close_matches(
        unicodedata.normalize("NFD", word), spelled, n=1, cutoff=_ALIKE
    )
    return spelled[near[0]] if near else None


def sole_paper(asked: query_terms.Query) -> str | None:
    """The arXiv number, if the look-up asks for exactly one paper."""
    match asked.terms:
        case (About(PaperRef(arxiv_id=ArxivId(number)), negated=False),):
            return number
        case _:
            return None


def asked_paper(text: str) -> str | None:
    """The arXiv number that a message asks the bot for; `None` if it does not mention the bot."""
    question = read_question(text) if _NAME.search(text) else None
    return sole_paper(query.parse(question.asked)) if isinstance(question, LookUp) else None


def linked_papers(text: str, *, except_for: Iterable[str] = ()) -> tuple[str, ...]:
    """The arXiv numbers that a reply names, in order, without repeats and `except_for`."""
    known = set(except_for)
    numbers = (mention.id.number for mention in iter_arxiv_ids(text) if mention.id is not None)
    return tuple(dict.fromkeys(number for number in numbers if number not in known))[:MOST_LINKS]
