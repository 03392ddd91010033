"""What to answer in a thread: which question a text asks, which papers it links.

A person calls the bot by its name and says one word of `Wish`, or whatever the look-up language
understands. What asks neither is not guessed at: it gets a short way out.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from bot.domain import commands, query
from bot.domain.arxiv import iter_arxiv_ids
from bot.domain.errors import QueryError

MOST_CARDS = 3
"""Cards of one reply: a list of twenty links is no question."""

_LONGEST_LOOKUP = 120
"""Characters of a look-up in a thread: what is longer is talk."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person said in a discussion; `channel` is its origin's REF, `author` a name.

    `link` is where it is read at its origin, if there is an address for that.
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
        """Where it was said, for people: `Slack`."""
        return self.channel.partition(":")[0].capitalize()


class Wish(StrEnum):
    """What the bot tells in the thread of a paper about that paper."""

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
"""Every word that means a wish, folded."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """A question in the look-up language."""

    asked: str


@dataclass(frozen=True, slots=True)
class Line:
    """A command of the command table, as it would be typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """Something that the bot cannot answer."""


Question: TypeAlias = Wish | LookUp | Line | Unclear

_NAME = re.compile(r"@(?:paperbot|paper-digest-bot)\b[:,]?", re.IGNORECASE)
_LINE = re.compile(r"/?paper(?:\s+|$)", re.IGNORECASE)


def read_question(text: str) -> Question:
    """What somebody asks who called the bot by its name."""
    asked = " ".join(_NAME.sub(" ", text).split())
    if not asked:
        return Wish.HELP
    name = asked.removeprefix("/").partition(" ")[0].casefold()
    if name not in WORDS and name != commands.PAPER.name and commands.find(name) is not None:
        return Line("/" + asked.removeprefix("/"))
    line = _LINE.match(asked)
    if line is not None:
        asked = asked[line.end() :].strip()
    wish = WORDS.get(asked.casefold().strip(".!").removeprefix("/"))
    if wish is not None:
        return wish
    if not asked or asked.startswith("/"):
        return Unclear()
    is_talk = line is None and (asked.endswith(("?", "？")) or len(asked) > _LONGEST_LOOKUP)
    if is_talk:
        return Unclear()
    try:
        query.parse(asked)
    except QueryError:
        return Unclear()
    return LookUp(asked)


def linked_papers(text: str, *, except_for: Iterable[str] = ()) -> tuple[str, ...]:
    """The arXiv numbers that a reply names, in order, without repeats and `except_for`."""
    known = set(except_for)
    numbers = (mention.id.number for mention in iter_arxiv_ids(text) if mention.id is not None)
    return tuple(dict.fromkeys(number for number in numbers if number not in known))[:MOST_CARDS]
