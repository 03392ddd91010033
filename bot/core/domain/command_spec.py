"""What a command of the table is made of: its options, its verbs, who may give it, who sees it."""

from collections.abc import Sequence
from enum import StrEnum

from bot.core.domain.dataclass import dataclass


class Who(StrEnum):
    """Who may give a command."""

    ANYONE = "anyone"
    MANAGERS = "managers"


class Audience(StrEnum):
    """Who sees the answer."""

    PRIVATE = "private"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a command; the `free` one takes the rest of the line.

    `values` are suggested while it is typed; others may be allowed too.
    """

    name: str
    summary: str
    free: bool = False
    completes: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verb:
    """A first word of a command's free option, and who may use it.

    An `alone` verb counts only if nothing follows it. The command's options belong to the verbs
    with `takes_options`; free text may follow the verbs with `takes_text`, and nothing the others.
    The answer to an `is_secret` verb is never
    posted where others can read it.
    """

    name: str
    summary: str
    who: Who = Who.ANYONE
    audience: Audience | None = None
    aliases: tuple[str, ...] = ()
    alone: bool = False
    is_secret: bool = False
    takes_options: bool = False
    takes_text: bool = False

    def begins(self, words: Sequence[str]) -> bool:
        """Whether these words begin with the verb."""
        is_said = bool(words) and words[0].casefold() in (self.name, *self.aliases)
        return is_said and not (self.alone and len(words) > 1)


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command: `/name …`; `takes_people` says that it may mention people.

    A command that `opens_form` is answered with a form, except its verbs.
    """

    name: str
    summary: str
    usage: str
    audience: Audience
    takes_people: bool = False
    opens_form: bool = False
    options: tuple[Option, ...] = ()
    verbs: tuple[Verb, ...] = ()
    examples: tuple[str, ...] = ()

    @property
    def free_option(self) -> Option | None:
        """The option that takes the rest of the line."""
        return next((option for option in self.options if option.free), None)
