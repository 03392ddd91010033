"""Reads the options of a command line as people type them, and says what it cannot read.

`at:09:00 tz:Asia/Seoul`, `at 9 am`, `9am every weekday Asia/Seoul`: with a name and a colon, with a
name alone, or without a name where the value itself says which option is meant. Nothing is ignored:
each word is part of a value or of a problem (issue 13, item 4).
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from types import MappingProxyType

from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError, UserError
from bot.core.domain.late import late_pattern

Parser = Callable[[str], object]
"""Reads a value; raises `UserError` with what to type instead."""

_NAME = late_pattern(r"(?P<name>[^\W\d_][\w-]*)[:：](?P<value>.*)", re.DOTALL)
_QUOTED = late_pattern(
    r"(?<!\S)(?P<name>[^\W\d_][\w-]*)[:：][\"“](?P<value>[^\"“”]*)[\"”](?!\S)", re.DOTALL
)
"""`name:"value"`: the value may have colons of its own."""
_LONGEST = 6
"""The most words of a value without a name: `every mon, wed and fri`."""
_FILLERS = frozenset({"at", "on", "in", "and", "with", "every", "each", "에", "마다", "그리고"})
_NEAR = 0.7
_EDGES = " ,;，、"


@dataclass(frozen=True, slots=True)
class Unnamed:
    """An option that may be given without its name.

    `parse` reads its values; `is_meant` says of a word that it was meant as a value, even if it is
    a wrong one.
    """

    option: str
    parse: Parser
    is_meant: Callable[[str], bool] = lambda _word: False


@dataclass(frozen=True, slots=True)
class OptionLine:
    """The options of a line as text, and everything that is wrong with the line."""

    options: Mapping[str, str]
    problems: tuple[UserError, ...] = ()


def read_options(
    text: str,
    given: Mapping[str, str],
    parsers: Mapping[str, Parser],
    unnamed: Sequence[Unnamed] = (),
    values: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> OptionLine:
    """The options in a text, and those `given` beside it (a platform's own fields).

    `parsers` has every option of the command, `values` some that a person may choose from. Each value in the result can be read by its parser,
    unless it is among the problems.
    """
    reader = _Reader(parsers, unnamed, values)
    for name, value in given.items():
        reader.add(name, value)
    reader.read(_QUOTED.sub(reader.take_quoted, text).split())
    return OptionLine(dict(reader.options), tuple(reader.problems))


def is_named(word: str) -> bool:
    """Whether a word has the form `name:value` or `name:`."""
    return _NAME.fullmatch(word) is not None


def unknown_option(name: str, known: Iterable[str]) -> UsageError:
    """The error for an option that does not exist: with the one that was probably meant."""
    names = tuple(known)
    meant = nearest(name, names)
    if meant is not None:
        return UsageError(
            "There is no option “{name}”; did you mean “{meant}”?", name=name, meant=meant
        )
    return UsageError(
        "There is no option “{name}”. The options are: {known}", name=name, known=", ".join(names)
    )


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant: one that it begins or abbreviates, or a near miss."""
    folded = word.casefold()
    names = tuple(known)
    begun = [name for name in names if len(folded) > 1 and name.startswith(folded)]
    if len(begun) == 1:
        return begun[0]
    near = difflib.get_close_matches(folded, names, n=1, cutoff=_NEAR)
    return near[0] if near else None


class _Reader:
    def __init__(
        self,
        parsers: Mapping[str, Parser],
        unnamed: Sequence[Unnamed],
        values: Mapping[str, Sequence[str]],
    ) -> None:
        self._parsers = parsers
        self._unnamed = unnamed
        self._values = values
        self.options: dict[str, str] = {}
        self.problems: list[UserError] = []

    def add(self, name: str, value: str) -> None:
        value = value.strip(_EDGES)
        present = self.options.setdefault(name, value)
        if present != value:
            self.problems.append(
                UsageError(
                    "“{name}” is given twice: “{first}” and “{second}”",
                    name=name,
                    first=present,
                    second=value,
                )
            )
        elif (problem := _problem(self._parsers[name], value)) is not None:
            self.problems.append(problem)

    def take_quoted(self, found: re.Match[str]) -> str:
        """Add a quoted value; returns what is left of the text."""
        name = found["name"].casefold()
        if name not in self._parsers:
            return found[0]
        self.add(name, found["value"])
        return " "

    def read(self, words: list[str]) -> None:
        strange: list[str] = []
        at = 0
        while at < len(words):
            taken = (
                self._named(words, at)
                or self._by_name(words, at)
                or self._bare(words, at)
                or self._name_alone(words, at)
            )
            if not taken and words[at].strip(_EDGES).casefold() not in _FILLERS:
                strange.append(words[at])
            at += taken or 1
        if strange:
            self.problems.append(
                UsageError(
                    "“{words}” is not understood. Write options like at:09:00. "
                    "The options are: {known}",
                    words=" ".join(strange),
                    known=", ".join(self._parsers),
                )
            )

    def _named(self, words: list[str], at: int) -> int:
        """The words that `name:value` takes here, 0 if none."""
        named = _NAME.fullmatch(words[at])
        if named is None:
            return 0
        name, first = named["name"].casefold(), named["value"]
        own = 1 if first else 0
        if name not in self._parsers:
            self.problems.append(unknown_option(named["name"], self._parsers))
            has_value = bool(own) or not self._may_follow(words, at + 1)
            return 1 if has_value else 2
        values = [first] * own
        for word in words[at + 1 :]:
            if is_named(word):
                break
            values.append(word)
        if not values:
            self._missing(name)
            return 1
        count = self._accepted(name, values) or self._refused(values)
        self.add(name, " ".join(values[:count]))
        return 1 - own + count

    def _missing(self, name: str) -> None:
        choices = ", ".join(f"{name}:{value}" for value in self._values.get(name, ()))
        self.problems.append(
            UsageError(
                "A value is missing after “{name}:”: write {choices}", name=name, choices=choices
            )
            if choices
            else UsageError("A value is missing after “{name}:”", name=name)
        )

    def _may_follow(self, words: list[str], at: int) -> bool:
        return at < len(words) and not is_named(words[at])

    def _accepted(self, name: str, values: Sequence[str]) -> int:
        """The most of these words that are a value of the option, 0 if none are."""
        for count in range(len(values), 0, -1):
            value = " ".join(values[:count]).strip(_EDGES)
            if value and _problem(self._parsers[name], value) is None:
                return count
        return 0

    def _refused(self, values: list[str]) -> int:
        """How many words a wrong value has: up to one that stands for another option."""
        for count in range(1, len(values)):
            is_other = values[count].casefold() in self._parsers
            if is_other or self._match(values, count) is not None:
                return count
        return len(values)

    def _by_name(self, words: list[str], at: int) -> int:
        """The words that `name value` takes here, 0 if none."""
        name = words[at].casefold()
        if name not in self._parsers:
            return 0
        values = list(takewhile(lambda word: not is_named(word), words[at + 1 :]))
        count = self._accepted(name, values)
        if not count:
            return 0
        self.add(name, " ".join(values[:count]))
        return 1 + count

    def _name_alone(self, words: list[str], at: int) -> int:
        """The words that a name without a colon takes here with a wrong value or none, else 0."""
        name = words[at].casefold()
        values = list(takewhile(lambda word: not is_named(word), words[at + 1 :]))
        is_other = bool(values) and (
            values[0].casefold() in self._parsers or self._match(values, 0) is not None
        )
        if name not in self._parsers or (name in _FILLERS and (is_other or not values)):
            return 0
        if is_other or not values:
            self._missing(name)
            return 1
        count = self._refused(values)
        self.add(name, " ".join(values[:count]))
        return 1 + count

    def _bare(self, words: list[str], at: int) -> int:
        """The words that a value without a name takes here, 0 if none."""
        match = self._match(words, at)
        if match is not None:
            option, count = match
            self.add(option, " ".join(words[at : at + count]))
            return count
        for each in self._unnamed:
            if each.is_meant(words[at].strip(_EDGES)):
                self.add(each.option, words[at])
                return 1
        return 0

    def _match(self, words: Sequence[str], at: int) -> tuple[str, int] | None:
        """The option that is named by its value alone, and how many words that has."""
        for count in range(min(_LONGEST, len(words) - at), 0, -1):
            span = words[at : at + count]
            if any(map(is_named, span)):
                continue
            value = " ".join(span).strip(_EDGES)
            for each in self._unnamed:
                if value and _problem(each.parse, value) is None:
                    return each.option, count
        return None


def _problem(parse: Parser, value: str) -> UserError | None:
    try:
        parse(value)
    except UserError as error:
        return error
    return None
