"""Command lines, as people type them and as buttons carry them, by the command table."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from bot.core.domain.command_spec import Audience, CommandSpec, Verb, Who
from bot.core.domain.commands import COMMANDS, HELP, PAPER, find
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.core.domain.late import late_pattern
from bot.core.domain.option_line import nearest


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command line, parsed by the table."""

    spec: CommandSpec
    options: Mapping[str, str]

    @property
    def audience(self) -> Audience:
        """Who sees the answer to exactly this line."""
        verb = find_verb(self.spec, self.options)
        if verb is not None and verb.audience is not None:
            return verb.audience
        return self.spec.audience


def find_verb(spec: CommandSpec, options: Mapping[str, str]) -> Verb | None:
    """The verb that the free option begins with, if the table knows it."""
    free = spec.free_option
    words = options.get(free.name, "").split() if free else []
    return next((verb for verb in spec.verbs if verb.begins(words)), None)


def opens_form(spec: CommandSpec, options: Mapping[str, str]) -> bool:
    """Whether a command is answered with a form."""
    return spec.opens_form and find_verb(spec, options) is None


_QUOTED = late_pattern(r"[\"“]([^\"“”]+)[\"”]")
_QUOTE = late_pattern(r"[\"“”„＂]")


@lru_cache(maxsize=128)  # each layer that a command passes asks for its own needs
def parse_line(line: str) -> CommandLine:
    """A typed line (`/paper reasoning page:2`) as a command; raises `UsageError`.

    Options other than the free one are `name:value` or `name:"value"` words at the end of the line.
    Any white space separates words.
    """
    name, _, rest = spaced(line).removeprefix("/").partition(" ")
    spec = find(name.casefold())
    if spec is None:
        known = ", ".join(f"/{command.name}" for command in COMMANDS)
        near = nearest(name, [command.name for command in COMMANDS])
        if near is not None:
            raise UsageError(
                "There is no command “/{name}”; did you mean “/{near}”?", name=name, near=near
            )
        raise UsageError(
            "There is no command “/{name}”. The commands are: {known}", name=name, known=known
        )
    named = {option.name for option in spec.options if not option.free}
    words = rest.split(" ")
    options: dict[str, str] = {}
    while words:
        key, colon, value = words[-1].partition(":")
        if not colon or key not in named or not value or key in options:
            break
        if _opens_phrase(value) and _opens_phrase(" ".join(words[:-1])):
            break  # the end of a phrase: "turn to page:3"
        quoted = _QUOTED.fullmatch(value)
        options[key] = quoted[1] if quoted is not None else value
        words.pop()
    if spec.free_option is not None and " ".join(words).strip():
        options[spec.free_option.name] = " ".join(words).strip()
    return CommandLine(spec, MappingProxyType(dict(reversed(options.items()))))


def _opens_phrase(text: str) -> bool:
    """Whether its last quotation mark has no partner."""
    return len(_QUOTE.findall(text)) % 2 == 1


def spaced(text: str) -> str:
    """The words of a text with one space between them, whatever white space was typed."""
    return " ".join(text.split())


def typed_options(spec: CommandSpec, options: Mapping[str, str]) -> Mapping[str, str]:
    """The options, and those typed at the end of the free one where a platform has fields for both."""
    free = spec.free_option
    if free is None or free.name not in options:
        return options
    line = parse_line(f"/{spec.name} {options[free.name]}")
    given = {name: value for name, value in options.items() if name != free.name}
    return {**line.options, **given}


def mentioned_line(words: str) -> str:
    """The command line for a message to the bot: help for none, a look-up if it names no command."""
    name = words.removeprefix("/").partition(" ")[0].casefold()
    if not words:
        return format_line(HELP.name)
    if find(name) is not None:
        return f"/{words.removeprefix('/')}"
    return format_line(PAPER.name, words)


def changes(line: str) -> bool:
    """Whether a line changes something for the channel: only managers may use it."""
    parsed = parse_line(line)
    verb = find_verb(parsed.spec, parsed.options)
    return verb is not None and verb.who is Who.MANAGERS


def format_line(name: str, free: str = "", **options: object) -> str:
    """The line that `parse_line` reads back: what a button carries."""
    words = [f"/{name}", *free.split(), *(f"{key}:{value}" for key, value in options.items())]
    return " ".join(words)
