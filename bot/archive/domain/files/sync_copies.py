"""Recognizes copies of a note that sync tools and file managers made (issue 12, item 21).

When two devices change a note, a sync tool keeps both versions: the note, and a copy with another
name. Some names are used by sync tools only (`Alpha.sync-conflict-20250203-101500-ABCDEFG.md`).
Other names may be a curator's (`GPT 2.md`, `Alpha-Mini.md`): such a file is a copy only if
`is_same_note` says so.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from enum import Enum

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

_URL = late_pattern(r"https?://[^\s<>()\[\]\"']+")
_ARXIV = late_pattern(r"\d{4}\.\d{4,5}")
_WORD = late_pattern(r"\w+")
_SHARE_OF_WORDS = 0.5
_SHARE_WITHOUT_ADDRESS = 0.9
_FEW_WORDS = 20


@dataclass(frozen=True, slots=True)
class Original:
    """The name of a possible original; `is_certain`: only sync tools make such names of copies."""

    name: str
    is_certain: bool


def originals_of(name: str) -> tuple[Original, ...]:
    """The names of the files that a file of that name may be a copy of, the likeliest first."""
    name = unicodedata.normalize("NFC", name)
    backup = _BACKUP.fullmatch(name)
    if backup is not None:
        return (Original(backup["saved"] or backup["original"], is_certain=True),)
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        return ()
    certain = [Original(f"{each}.{suffix}", is_certain=True) for each in _conflict_stems(stem)]
    if certain:
        return tuple(certain)
    found = dict.fromkeys(each for each in _duplicate_stems(stem) if each and each != stem)
    return tuple(Original(f"{each}.{suffix}", is_certain=False) for each in found)


_BACKUP = late_pattern(
    r"#(?P<saved>.+\.\w+)#"  # Emacs
    r"|(?:\.?~?syncthing[~.]|\.)?(?P<original>.+\.(?:md|markdown|txt))"
    r"(?:\.?~(?:\d+~)?|\.(?:bak|backup|orig|old|te?mp|part|partial|sw[op]|save)\d*)",
    re.IGNORECASE,
)
"""Files that are read only if a shell's `*` names them: their suffix is that of no note."""
_COPY = (
    "cop(?:y|ie|ia)|cópia|kopi|kopya|kópia|konflikt(?:kopie|kopia)|salinan|bản sao|másolat|копи"
    "|version|верси|사본|복사본|버전|コピー|副本|複本|拷贝|版本"
)
_CONFLICT = (
    "conflict|conflit|conflitto|conflicto|conflito|konflikt|konflik|conflicterende|çakış|ristirii"
    "|ütköz|motstrid|xung đột|конфл|충돌|競合|冲突|衝突"
)
_DATE = r"\d{4}[-. ]?\d{2}[-. ]?\d{2}"
_BRACKETED = late_pattern(
    r"(?P<stem>.+?)[ _]*[(\[（](?P<words>[^()\[\]（）]*)[)\]）](?: ?\(\d+\))?"
)
_CONFLICT_WORDS = late_pattern(
    rf"(?=.*(?:{_CONFLICT}))(?:.*(?:{_COPY}|{_DATE})|conflicted$)"
    r"|(?:case|unicode encoding|selective sync|whitespace) conflict(?: \d+)?$"
    r"|sfconflict\b",
    re.IGNORECASE,
)
_CONFLICT_NAMES = tuple(
    late_pattern(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<stem>.+)\.sync-conflict-\d{8}-\d{6}(?:-\w+)?",  # Syncthing
        r"(?P<stem>.+)~\d{8}-\d{6}",  # Syncthing's old versions
        r"(?P<stem>.+)_conflict-\d{8}-\d{6}",  # ownCloud
        r"(?P<stem>.+)[ _]conf ?\(\d+\)",  # Google Drive
        r"(?P<stem>.+)_[^_]+_[A-Z][a-z]{2}-\d{2}-\d{6}-\d{4}_(?:case)?conflict",  # Synology Drive
        r"(?P<stem>.+)_(?:BACKUP|BASE|LOCAL|REMOTE)_\d+",  # git mergetool
        r"(?P<stem>.+)\.(?:!|~)?conflict(?:ed)?\d*",  # Resilio, Unison
    )
)


_CONFLICT_SIGNS = "~()[（_"
"""One of these, or "conflict", is in every such name: most names are sorted out by that."""


def _conflict_stems(stem: str) -> Iterator[str]:
    if not any(sign in stem for sign in _CONFLICT_SIGNS) and "conflict" not in stem.casefold():
        return
    for pattern in _CONFLICT_NAMES:
        match = pattern.fullmatch(stem)
        if match is not None:
            yield match["stem"]
    match = _BRACKETED.fullmatch(stem)
    if match is not None and _CONFLICT_WORDS.match(match["words"].strip()):
        yield match["stem"]


_NUMBER = r" ?\(?\d{1,3}\)?"
_DUPLICATE_WORD = (
    "copy|copie|copia|cópia|kopie|kopia|kopya|kopi|복사본|사본|のコピー|コピー|副本|拷贝|複本"
)


class _Sign(Enum):
    """What is in a name of that kind: most patterns need not be tried on most names."""

    DIGIT_LAST = 1
    BRACKET_LAST = 2
    DAY = 3
    WORD = 4
    TILDE_FIRST = 5


_DUPLICATE_NAMES = tuple(
    (sign, late_pattern(pattern, re.IGNORECASE))
    for sign, pattern in (
        (_Sign.DIGIT_LAST, r"(?P<stem>.+) \d{1,3}"),  # iCloud, Obsidian
        (_Sign.BRACKET_LAST, r"(?P<stem>.+?) ?\(\d{1,3}\)"),  # Google Drive, browsers
        (
            _Sign.WORD,  # file managers
            rf"(?P<stem>.+?)(?: ?[-–_] ?| )\(?(?:{_DUPLICATE_WORD})\)?(?:{_NUMBER})?",
        ),
        (_Sign.WORD, r"(?P<stem>.+?)(?:의 사본|의 복사본|のコピー|的副本)"),
        (
            _Sign.WORD,
            r"(?:copy of|copie de|copia de|cópia de|kopie von|사본[ -]+) ?(?P<stem>.+)",
        ),
        (
            _Sign.WORD,
            r"(?P<stem>.+?)[._ -](?:orig(?:inal)?|bak|backup|dup|old|tmp|temp|save|autosave|swp)\d*",
        ),
        (
            _Sign.WORD,
            r"(?P<stem>.+?)[._ -]+[(\[]?(?:mine|theirs|local|remote|edited|recovered|restored)[)\]]?\d*",
        ),
        (
            _Sign.DAY,
            r"(?P<stem>.+?)[._ -]+[(\[]?\d{4}-?\d{2}-?\d{2}(?:[T ._-]?[\d.-]{4,8})?[)\]]?",
        ),
        (_Sign.TILDE_FIRST, r"~(?P<stem>.+)"),
        (_Sign.DIGIT_LAST, r"(?P<stem>.+)[_~]\d{1,3}"),
    )
)
_DAY = late_pattern(r"\d{4}-?\d{2}-?\d{2}")
_WORDS = (
    *_DUPLICATE_WORD.split("|"),
    *("的副本", "orig", "bak", "backup", "dup", "old", "tmp", "temp", "save", "swp"),
    *("mine", "theirs", "local", "remote", "edited", "recovered", "restored"),
)


def _signs(stem: str) -> Iterator[_Sign]:
    last, lower = stem[-1:], stem.casefold()
    has_word = any(word in lower for word in _WORDS)
    if has_word:
        yield _Sign.WORD
    if last.isdecimal():
        yield _Sign.DIGIT_LAST
    if last == ")":
        yield _Sign.BRACKET_LAST
    may_be_day = has_word or last.isdecimal() or last in ")]" or stem[:1] == "~"
    if may_be_day and _DAY.search(stem) is not None:
        yield _Sign.DAY
    if stem[:1] == "~":
        yield _Sign.TILDE_FIRST


def _duplicate_stems(stem: str) -> Iterator[str]:
    signs = set(_signs(stem))
    if signs:
        for sign, pattern in _DUPLICATE_NAMES:
            match = pattern.fullmatch(stem) if sign in signs else None
            if match is not None:
                yield match["stem"]
    # OneDrive: `Alpha-DESKTOP-AB12CD3.md`; a computer's name has hyphens of its own.
    for hyphen in re.finditer("-", stem) if "-" in stem else ():
        if re.fullmatch(r"[\w.-]{1,63}", stem[hyphen.end() :]):
            yield stem[: hyphen.start()].rstrip()


def is_same_note(text: str, original: str) -> bool:
    """Whether two texts are versions of one note: the same first URL, and mostly the same words.

    Without a URL, one text must contain the other, or both must be long and nearly equal. An empty
    original has no copies: the sync tool saved the text in the other file.
    """
    ours, others = " ".join(text.split()), " ".join(original.split())
    if not others:
        return False
    if ours in others or others in ours:
        return True
    if _address(ours) != _address(others):
        return False
    common = (_words(ours) & _words(others)).total()
    fewer = min(_words(ours).total(), _words(others).total())
    if _address(ours) is None:
        return fewer >= _FEW_WORDS and common >= fewer * _SHARE_WITHOUT_ADDRESS
    return common >= fewer * _SHARE_OF_WORDS


def _address(text: str) -> str | None:
    """The first URL of a text; of a URL of arXiv, the paper's number."""
    match = _URL.search(text)
    if match is None:
        return None
    number = _ARXIV.search(match[0])
    return number[0] if number is not None else match[0].rstrip("/.,")


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text))
