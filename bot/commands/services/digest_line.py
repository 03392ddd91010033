"""Reads what follows `/digest`: a verb with its options, or a date. Nothing is ignored."""

from collections.abc import Mapping
from dataclasses import field

from bot.archive.domain.typed_dates import Days, read_date
from bot.core.domain import command_line
from bot.core.domain.command_spec import Verb
from bot.core.domain.commands import DIGEST
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError, UserError
from bot.core.domain.option_line import OptionLine, is_named, nearest, read_options
from bot.digest.services.options import parsing


@dataclass(frozen=True, slots=True)
class DigestLine:
    """A `/digest …` line: `text` is the date, or what follows a verb that takes text.

    Of a verb that takes options too it is the first word.
    """

    verb: Verb | None
    text: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


def read(typed: Mapping[str, str], *, days: Days) -> DigestLine:
    """The line that these options of the command are; every value in it can be read.

    Raises one `UserError` with everything that is wrong.
    """
    free = typed.get("what", "").strip()
    given = {name: value for name, value in typed.items() if name != "what"}
    verb = command_line.find_verb(DIGEST, typed)
    if verb is None:
        return _date_line(free, given, days)
    first, _, rest = free.partition(" ")
    rest = rest.strip()
    if verb.takes_options:
        text = ""
        if verb.takes_text:
            text, _, rest = rest.partition(" ")
        line = _options(rest, given, days)
        parsing.raise_all(line.problems)
        return DigestLine(verb, text, line.options)
    if verb.takes_text and not given:
        return DigestLine(verb, rest)
    problems = _misplaced(given)
    if not verb.takes_text:
        problems += _superfluous(f"/digest {first}", rest, days)
    parsing.raise_all(problems)
    return DigestLine(verb, rest)


def _date_line(free: str, given: Mapping[str, str], days: Days) -> DigestLine:
    text, named = _split(free)
    if not text and (named or given):
        line = " ".join([named, *(f"{name}:{value}" for name, value in given.items())]).strip()
        if setting := _setting(line, days):
            raise setting
    problems = [*_misplaced(given), *_superfluous("/digest", named, days)]
    try:
        if text:
            read_date(text, days)
    except UserError as error:
        problems.insert(0, _near_verb(text) or _setting(text, days) or error)
    parsing.raise_all(problems)
    return DigestLine(None, text)


def _split(text: str) -> tuple[str, str]:
    """The words before the first `name:value`, and the rest."""
    words = text.split()
    end = next((at for at, word in enumerate(words) if is_named(word)), len(words))
    return " ".join(words[:end]), " ".join(words[end:])


_SAME = {
    **dict.fromkeys(("stop", "off", "mute", "unsubscribe", "멈춤", "중단", "그만"), "pause"),
    **dict.fromkeys(("start", "on", "continue", "시작", "다시"), "resume"),
    **dict.fromkeys(("subscribe", "구독"), "here"),
    **dict.fromkeys(("next", "when", "언제", "다음", "일정"), "status"),
    **dict.fromkeys(("who", "admins", "누구", "권한"), "managers"),
    **dict.fromkeys(("unshare", "공유해제"), "unlink"),
    **dict.fromkeys(("share", "공유"), "link"),
    **dict.fromkeys(("options", "config", "change", "옵션", "변경"), "settings"),
}
"""Other words for the verbs, which are suggested and not carried out."""


def _near_verb(text: str) -> UsageError | None:
    word, *more = text.split()
    known = [verb.name for verb in DIGEST.verbs]
    known += [alias for verb in DIGEST.verbs for alias in verb.aliases]
    near = None if more else _SAME.get(word.casefold())
    near = near or nearest(word, known)
    if near is None:
        return None
    return UsageError("There is no “{word}”; did you mean “/digest {near}”?", word=word, near=near)


def _setting(text: str, days: Days) -> UsageError | None:
    """What to type where the options are given without the verb that takes them."""
    words = text.split()
    words = words[words[0].casefold() in _ONLY :]
    line = _options(" ".join(words), {}, days)
    is_named = bool(words) and words[0].casefold() in parsing.parsers(days)
    if not is_named and (line.problems or not line.options):
        return None
    return UsageError(
        "“{text}” changes the digest: write “/digest settings {options}”",
        text=text,
        options=" ".join(words),
    )


_ONLY = frozenset({"only", "just", "set"})


def _options(text: str, given: Mapping[str, str], days: Days) -> OptionLine:
    values = {option.name: option.values for option in DIGEST.options if option.values}
    return read_options(text, given, parsing.parsers(days), parsing.UNNAMED, values)


def _superfluous(command: str, rest: str, days: Days) -> list[UserError]:
    """What is wrong with text where none is expected: options of the table do not belong there."""
    plain, named = _split(rest)
    line = _options(named, {}, days)
    problems = [*line.problems, *_misplaced(line.options)]
    if plain:
        problems.insert(
            0,
            UsageError("“{rest}” is not understood after “{command}”", rest=plain, command=command),
        )
    return problems


def _misplaced(options: Mapping[str, str]) -> list[UserError]:
    verbs = [f"/digest {verb.name}" for verb in DIGEST.verbs if verb.takes_options]
    return [
        UsageError("“{name}” belongs to {verbs}", name=name, verbs=", ".join(verbs))
        for name in options
    ]
