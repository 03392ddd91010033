"""Decode the bytes of a file."""

from bot.archive.domain.entry import Problem, Severity
from bot.core.domain.characters import HANGUL_SYLLABLE
from bot.core.domain.errors import UnreadableError
from bot.core.domain.i18n import worded
from bot.core.domain.late import late_pattern

_BOMS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
GZIP = b"\x1f\x8b"
"""How a file begins that gzip packed, and no text in UTF-8."""
_LF, _CR = b"\n", b"\r"
_CONTROL = late_pattern("[\x00-\x08\x0b\x0e-\x1f\x7f]")


def decode(data: bytes, path: str) -> str:
    """The text of a file, with its line ends and the byte order mark of UTF-8.

    Accepts UTF-8; UTF-16 with a byte order mark; and CP949 (Korean Windows), if the result has Hangul.
    Only UTF-8 is written back byte for byte: see `encoding_warning`. Raises `UnreadableError` with the
    line of the first invalid byte for anything else, and for binary files.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _text(_utf16(data[len(bom) :], encoding, path), path)
    if data.startswith(GZIP):
        raise UnreadableError("this file is packed (gzip): unpack it, and import that", path=path)
    try:
        return _text(data.decode("utf-8"), path)
    except UnicodeDecodeError as error:
        bad = error.start
    korean = _korean(data)
    if korean is None:
        raise UnreadableError(
            "this is not UTF-8 text: save the file as UTF-8 and try again",
            path=path,
            line=_lines(data[:bad]),
        )
    return korean


def encoding_warning(data: bytes, path: str) -> Problem | None:
    """A warning if a file is readable but would be written back as UTF-8."""
    for bom, _ in _BOMS:
        if data.startswith(bom):
            return Problem(
                path, None, Severity.WARNING, worded("this file is UTF-16; it was read as UTF-16")
            )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _lines(data[: error.start])
        return Problem(
            path, line, Severity.WARNING, worded("this file is not UTF-8; it was read as CP949")
        )
    return None


def _utf16(data: bytes, encoding: str, path: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableError(
            "this UTF-16 text is damaged: save the file as UTF-8 and try again",
            path=path,
            line=_lines(data[: error.start].decode(encoding, "replace").encode()),
        ) from error


def _korean(data: bytes) -> str | None:
    try:
        text = data.decode("cp949")
    except UnicodeDecodeError:
        return None
    return (
        text if HANGUL_SYLLABLE.search(text) is not None and _CONTROL.search(text) is None else None
    )


def _text(text: str, path: str) -> str:
    at = text.find("\0")
    if at >= 0:
        raise UnreadableError(
            "this is not a text file: it contains NUL characters",
            path=path,
            line=_lines(text[:at].encode("utf-8", "surrogatepass")),
        )
    return text


def _lines(before: bytes) -> int:
    """The number of the line that follows these bytes, or that they end in."""
    return before.count(_LF) + before.count(_CR) - before.count(_CR + _LF) + 1
