"""What became of a submitted form, as it is stored with it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict

from bot.archive.domain.entry import EntryId
from bot.core.domain.dataclass import dataclass
from bot.desk.domain.fields import tidy


@dataclass(frozen=True, slots=True)
class Outcome:
    """The entry that was written, and the file where there is one.

    `theirs` is the file that was changed meanwhile, beside which `path` stands; `trouble` says what
    failed after the writing.
    `typed` is the fingerprint of what was submitted: the same submission again is known by it.
    """

    entry_id: EntryId | None
    title: str
    is_new: bool = False
    is_unchanged: bool = False
    path: str = ""
    theirs: str = ""
    trouble: str = ""
    remarks: tuple[str, ...] = ()
    typed: str = ""

    def dump(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> "Outcome":
        """What `dump` wrote."""
        values = json.loads(text)
        return cls(**{**values, "remarks": tuple(values["remarks"])})


def fingerprint(values: Mapping[str, str]) -> str:
    """Equal for equal fields, whatever the white space around them."""
    return " ".join(sorted(map(_mark, values.items())))


def is_said(plan: str, values: Mapping[str, str]) -> bool:
    """Whether a fingerprint is that of these fields, or of these and others."""
    return set(map(_mark, values.items())) <= set(plan.split())


def _mark(field: tuple[str, str]) -> str:
    name, text = field
    return f"{name}:{hashlib.sha256(tidy(text).encode()).hexdigest()[:32]}"
