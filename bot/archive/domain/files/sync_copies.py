"""Copies of a note that sync tools and file managers make, told by their names.

A conflict between two devices leaves the note and a renamed copy beside it. Some names are used by
sync tools only (`Alpha.sync-conflict-20250203-101500-ABCDEFG.md`); others a curator may choose as
well (`GPT 2.md`, `Alpha-Mini.md`), so there the content has to agree too: `is_same_note`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_URL = re.compile(r"https?://[^\s<>()\[\]\"']+")
_ARXIV = re.compile(r"\d{4}\.\d{4,5}")
_WORD = re.compile(r"\w+")
_SHARE_OF_WORDS = 0.5
_SHARE_WITHOUT_ADDRESS = 0.9
_FEW_WORDS = 20


@dataclass(frozen=True, slots=True)
class Original:
    """The name of the file that a copy may be of; `is_certain`: only sync tools name copies so."""

    name: str
    is_certain: bool


def originals_of(name: str) -> tuple[Original, ...]:
    """The files that a file of that name may be a copy of, the likeliest first."""
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        return ()
    certain = [Original(f"{each}.{suffix}", is_certain=True) for each in _conflict_stems(stem)]
    if certain:
        return tuple(certain)
    found = dict.fromkeys(each for each in _duplicate_stems(stem) if each and each != stem)
    return tuple(Original(f"{each}.{suffix}", is_certain=False) for each in found)


_COPY = (
    "cop(?:y|ie|ia)|cópia|kopi|kopya|kópia|konflikt(?:kopie|kopia)|salinan|bản sao|másolat|копи"
    "|사본|복사본|コピー|副本|複本|拷贝|版本"
)
_CONFLICT = (
    "conflict|conflit|conflitto|conflicto|conflito|konflikt|konflik|conflicterende|çakış|ristirii"
    "|ütköz|motstrid|xung đột|конфл|충돌|競合|冲突|衝突"
)
_DATE = r"\d{4}[-. ]?\d{2}[-. ]?\d{2}"
_BRACKETED = re.compile(r"(?P<stem>.+?)[ _]*[(\[（](?P<words>[^()\[\]（）]*)[)\]）](?: ?\(\d+\))?")
_CONFLICT_WORDS = re.compile(
    rf"(?=.*(?:{_CONFLICT}))(?:.*(?:{_COPY}|{_DATE})|conflicted$)"
    r"|(?:case|unicode encoding|selective sync|whitespace) conflict(?: \d+)?$"
    r"|sfconflict\b",
    re.IGNORECASE,
)
_CONFLICT_NAMES = tuple(
    re.compile(pattern, re.IGNORECASE)
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


def _conflict_stems(stem: str) -> Iterator[str]:
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
_DUPLICATE_NAMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<stem>.+?) \d{1,3}",  # iCloud, Obsidian
        r"(?P<stem>.+?) ?\(\d{1,3}\)",  # Google Drive, browsers
        rf"(?P<stem>.+?)(?: ?[-–] ?| )\(?(?:{_DUPLICATE_WORD})\)?(?:{_NUMBER})?",  # file managers
        r"(?P<stem>.+?)(?:의 사본|のコピー|的副本)",
        r"(?:copy of|copie de|copia de|cópia de|kopie von|사본[ -]+) ?(?P<stem>.+)",
        r"(?P<stem>.+?)[._ -](?:orig(?:inal)?|bak|backup|old|tmp|temp|save|autosave|swp)\d*",
        r"(?P<stem>.+?)[_~]\d{1,3}",
    )
)


def _duplicate_stems(stem: str) -> Iterator[str]:
    for pattern in _DUPLICATE_NAMES:
        match = pattern.fullmatch(stem)
        if match is not None:
            yield match["stem"]
    # OneDrive: `Alpha-DESKTOP-AB12CD3.md`; a computer's name has hyphens of its own.
    for hyphen in re.finditer("-", stem):
        if re.fullmatch(r"[\w-]{1,63}", stem[hyphen.end() :]):
            yield stem[: hyphen.start()].rstrip()


def is_same_note(text: str, original: str) -> bool:
    """Whether a text is a version of another: about the same paper, in mostly the same words.

    Notes without an address are the same where one holds the other whole, or where they are long
    and nearly equal. An empty original has no copies: the copy is what was saved.
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
    """What the first address of a text leads to."""
    match = _URL.search(text)
    if match is None:
        return None
    number = _ARXIV.search(match[0])
    return number[0] if number is not None else match[0].rstrip("/.,")


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text))
