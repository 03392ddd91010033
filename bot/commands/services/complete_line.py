"""Completes what follows a command's name: verbs, then the options of the verb, then their values."""

from collections.abc import Callable, Iterator

from bot.core.domain import command_line
from bot.core.domain.command_spec import CommandSpec
from bot.core.domain.i18n import Translate
from bot.core.ports import Choice

_MOST = 25
_LONGEST = 100
"""Characters of a label or value; no platform takes more."""
_UNNAMED_FROM = 3
"""Letters from which values are offered where no name is typed."""
_WITHOUT_NAME = ("tz", "weekdays", "layout")
"""The options whose values are."""

Values = Callable[[CommandSpec, str, str], tuple[str, ...]]
"""The values of an option of a command that begin with a text."""


def complete_line(
    spec: CommandSpec, typed: str, values: Values, say: Translate
) -> tuple[Choice, ...]:
    """At most 25 completions of the last word of a command's free option."""
    line = typed.lstrip()
    verb = command_line.find_verb(spec, {_free_name(spec): line})
    before, space, word = line.rpartition(" ")
    if not space:
        found = _beginnings(spec, word, values, say)
    elif verb is not None and verb.takes_options:
        found = _options(spec, f"{before} ", word, values, say)
    else:
        found = iter(())
    fitting = {each.value: each for each in found if len(each.value) <= _LONGEST}
    return tuple(fitting.values())[:_MOST]


def suggested_values(spec: CommandSpec, name: str, typed: str) -> tuple[str, ...]:
    """The table's values of an option that begin with what is typed."""
    option = next((each for each in spec.options if each.name == name), None)
    folded = typed.strip().casefold()
    return tuple(value for value in option.values if value.startswith(folded)) if option else ()


def _free_name(spec: CommandSpec) -> str:
    return spec.free_option.name if spec.free_option is not None else ""


def _beginnings(spec: CommandSpec, word: str, values: Values, say: Translate) -> Iterator[Choice]:
    folded = word.casefold()
    for verb in spec.verbs:
        name = next((n for n in (verb.name, *verb.aliases) if n.startswith(folded)), None)
        if name is not None:
            more = " " if verb.takes_options else ""
            yield Choice(_label(f"{name} — {say(verb.summary)}"), f"{name}{more}")
    yield from (Choice(value, value) for value in values(spec, _free_name(spec), word))


def _options(
    spec: CommandSpec, before: str, word: str, values: Values, say: Translate
) -> Iterator[Choice]:
    name, colon, value = word.partition(":")
    if colon:
        for each in values(spec, name.casefold(), value):
            yield Choice(_label(each), f"{before}{name}:{each}")
        return
    used = {each.partition(":")[0].casefold() for each in before.split() if ":" in each}
    for option in spec.options:
        if not option.free and option.name not in used and option.name.startswith(name.casefold()):
            yield Choice(
                _label(f"{option.name}: — {say(option.summary)}"), f"{before}{option.name}:"
            )
    for option_name in _WITHOUT_NAME:
        if len(word) >= _UNNAMED_FROM and option_name not in used:
            yield from (Choice(_label(v), f"{before}{v}") for v in values(spec, option_name, word))


def _label(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
