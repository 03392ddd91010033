"""A filling of the form of a note: what a person typed, kept until it is written."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from bot.archive.domain.entry import EntryId
from bot.core.domain.dataclass import dataclass
from bot.core.domain.form import text_most


class DraftState(StrEnum):
    """How far it is; it never goes back from `DONE`.

    open → typed → submitted → done; a submission that cannot be carried out is typed again.
    """

    OPEN = "open"
    TYPED = "typed"
    SUBMITTED = "submitted"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person typed into one form.

    `key` is that of the form. `paper` is the key of the paper (`Paper.key`), empty while it is not
    known. `entry_id` is the entry that is changed, `base` the fields as they were first shown, so
    that only what differs from them is written. `typed` is empty once it is done. `seen` are the
    remarks that were shown: none of them keeps the form open again. Once it was submitted, `plan` is
    the fingerprint of that, and `changed_at` when that was.
    """

    key: str
    person: str
    name: str
    channel: str
    locale: str
    changed_at: datetime
    paper: str = ""
    entry_id: EntryId | None = None
    base: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    state: DraftState = DraftState.OPEN
    plan: str = ""
    outcome: str = ""
    seen: frozenset[str] = frozenset()

    @property
    def is_submitted(self) -> bool:
        """Whether nothing more can be typed into it."""
        return self.state in (DraftState.SUBMITTED, DraftState.DONE)

    @property
    def text_most(self) -> int:
        """Characters that a field of a text takes where the form is filled in."""
        return text_most(self.channel.partition(":")[0])

    @property
    def is_changed(self) -> bool:
        """Whether something was typed that was not there before."""
        return bool(self.changed)

    @property
    def changed(self) -> tuple[str, ...]:
        """The fields in which something else stands than was there before."""
        return tuple(name for name, text in self.typed.items() if text != self.base.get(name, ""))
