"""Checks the lines of a `.env` file; messages never repeat a value, which may be a secret.

python-dotenv skips a line that it cannot parse, and pydantic ignores a name that it does not know:
without this check, the setting would silently keep its default.
"""

import difflib
import io
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable
from bot.core.domain.late import late_pattern

_OWN_PREFIX = "PAPERBOT_"
_OF_PLATFORMS = ("SLACK_", "DISCORD_", "ARXIV_", "DRAFT_")
_PREFIXES = (_OWN_PREFIX, *_OF_PLATFORMS)
_LARGEST = 1_000_000
_ALIKE = 0.9
"""How alike a name without our prefix must be to a setting to count as misspelt."""
_SIMILAR = 0.85
"""The same, where that is told only: `ARXIV_CATEGORY`."""
_NAME = late_pattern(r"[A-Za-z][A-Za-z0-9_.-]*")
_ASSIGNED = late_pattern(r"[\s;,]([A-Z][A-Z0-9_]*)\s*=")
_COMMAND = late_pattern(r"(?:(?:setx?|export|declare -x|env)\s+|\$env:|\W+)", re.IGNORECASE)


def check_env_file(file: Path, known: Collection[str]) -> Iterator[UsageError]:
    """Yield a `UsageError` for each malformed line and each misspelt name of a setting.

    Variables of other programs are ignored. Raises `OSError` and `UnicodeDecodeError`.
    """
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        yield UsageError(
            translatable("This is not a file: settings are read from a file"), path=str(file)
        )
        return
    with file.open(encoding="utf-8-sig", newline="") as opened:
        text = opened.read(_LARGEST)
    lines: dict[str, int] = {}
    for binding in parse_stream(io.StringIO(text, newline="")):
        skipped = len(binding.original.string) - len(binding.original.string.lstrip())
        line = binding.original.line + _line_ends(binding.original.string[:skipped])
        problem = _wrong(binding, known) or _set_twice(binding, lines, known)
        if problem is not None:
            yield UsageError(problem.message, path=str(file), line=line, **problem.values)
        elif binding.key is not None and binding.value:
            lines[binding.key] = line


def meant_by(name: str, known: Collection[str]) -> str | None:
    """The setting that a name of the environment spells wrongly; `None` for any other name.

    In lower case, with hyphens, in quotes, with `$env:`; or with a typing error, behind our own
    prefix only: `SLACK_API_TOKEN` may be another program's.
    """
    plain = _plain(name)
    if plain in known:
        return plain if plain != name else None
    if not plain.startswith(_OWN_PREFIX):
        return None
    return next(iter(difflib.get_close_matches(plain, known, n=1, cutoff=_ALIKE)), None)


def platform_setting_like(name: str, unset: Collection[str]) -> str | None:
    """The unset setting that a name of the environment is like, with the prefix of a platform.

    `None` for a name of our own, which `meant_by` judges, and for any that is like none.
    """
    if not name.startswith(_OF_PLATFORMS):
        return None
    return next(iter(difflib.get_close_matches(name, unset, n=1, cutoff=_SIMILAR)), None)


def _plain(name: str) -> str:
    bare = name.strip(" \t\"'`“”‘’").removeprefix("$env:").lstrip("$")
    return re.sub(r"[-.\s]", "_", bare).upper()


def _wrong(binding: Binding, known: Collection[str]) -> UsageError | None:
    """The problem of a line, still without its path and line number; `None` for a good line."""
    if binding.error or (binding.key is not None and binding.value is None):
        return _malformed(binding.original.string.strip(), known)
    if binding.key is None:
        return None
    plain = _plain(binding.key)
    if "\n" in (binding.value or "") and (plain in known or _swallows(binding.value or "", known)):
        return UsageError(
            translatable("the quote that begins the value of {name} is not closed"), name=plain
        )
    if binding.key in known:
        return _wrong_quotes(binding) or _two_settings(binding, known)
    is_alike = difflib.get_close_matches(plain, known, n=1, cutoff=_ALIKE)
    if not plain.startswith(_PREFIXES) and not is_alike:
        return None
    return _unknown(binding.key, plain, known)


def _wrong_quotes(binding: Binding) -> UsageError | None:
    """A word processor makes quotes that are a part of the value."""
    if not (binding.value or "").startswith(("“", "”", "„", "‘", "’", "«")):
        return None
    message = translatable('{name} is quoted with “ or ‘: use " or no quotes')
    return UsageError(message, name=binding.key)


def _two_settings(binding: Binding, known: Collection[str]) -> UsageError | None:
    """A shell reads `A=1 B=2` as two settings; here the second one is a part of the value."""
    further = next((name for name in _ASSIGNED.findall(binding.value or "") if name in known), None)
    if further is None:
        return None
    message = translatable("{name} and {further} are on one line: write each on its own line")
    return UsageError(message, name=binding.key, further=further)


def _set_twice(
    binding: Binding, lines: Mapping[str, int], known: Collection[str]
) -> UsageError | None:
    """Of two lines only the last counts; an empty line before a value is no loss."""
    first = lines.get(binding.key or "")
    if first is None or binding.key not in known:
        return None
    message = translatable("{name} is set in line {first} already: keep one of the two")
    return UsageError(message, name=binding.key, first=first)


def _malformed(line: str, known: Collection[str]) -> UsageError:
    command = _COMMAND.match(line)
    rest = line[command.end() :] if command is not None else line
    match = _NAME.match(rest)
    name = _plain(match[0]) if match is not None else ""
    if not name.startswith(_PREFIXES):
        # Do not name it: it may be a part of a secret.
        return UsageError(translatable("this line is not a setting: write NAME=value"))
    assert match is not None  # noqa: S101 - a name was found
    name = next(iter(difflib.get_close_matches(name, known, n=1)), name)
    behind = rest[match.end() :].lstrip()
    if behind.startswith("=") and behind[1:].lstrip().startswith(("'", '"')):
        message = translatable(
            "the quotes around the value of {name} do not match, or text follows them"
        )
        return UsageError(message, name=name)
    return UsageError(translatable("this line is not read: write {name}=value"), name=name)


def _swallows(value: str, known: Collection[str]) -> bool:
    """Whether a value of several lines contains a line that sets a known name."""
    names = (line.removeprefix("export ").partition("=")[0].strip() for line in value.split("\n"))
    return any(name in known for name in names)


def _unknown(name: str, plain: str, known: Collection[str]) -> UsageError:
    close = [plain] if plain in known else difflib.get_close_matches(plain, known, n=1)
    if close:
        return UsageError(
            translatable("{name} is not a setting; did you mean {close}?"),
            name=name,
            close=close[0],
        )
    return UsageError(translatable("{name} is not a setting: see .env.example"), name=name)


def _line_ends(text: str) -> int:
    return len(re.findall(r"\r\n|\n|\r", text))
