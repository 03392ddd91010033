"""The forms of an inbox that tests look into: each call is recorded, each answer is given."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.core.domain.document import Document, notice
from bot.core.domain.form import Field, FieldKind, Form
from bot.core.ports import Command, FilledForm

BLANK = Form(
    name="note",
    key="key-1",
    title="Note on a paper",
    submit="Save",
    fields=(
        Field("paper", "Paper", is_required=True),
        Field("ko", "Korean", FieldKind.TEXT),
        Field("en", "English", FieldKind.TEXT),
        Field("tags", "Tags", FieldKind.TAGS, suggestions=("moe", "rl")),
        Field("date", "Date", FieldKind.DAY),
    ),
)

LOOK = {"": "Look at the remarks.", "date": "The date is in the future.", "en": "No text."}


def remarked(filled: FilledForm) -> Form:
    """What was submitted, with remarks beside two fields and above all of them."""
    return replace(BLANK.filled(filled.values), remarks=LOOK)


@dataclass
class FormInbox:
    """What was opened, kept, pressed and submitted."""

    opened: list[Command] = field(default_factory=list)
    kept: list[FilledForm] = field(default_factory=list)
    pressed: list[tuple[FilledForm, str]] = field(default_factory=list)
    submitted: list[FilledForm] = field(default_factory=list)
    known: Callable[[Form], Form | Document] = lambda blank: blank
    """What the inbox knows of a form that was opened blank."""
    outcome: Callable[[FilledForm], Form | Document] = lambda _: notice("Saved.")
    on_press: Callable[[FilledForm], Form] = lambda filled: BLANK.filled(filled.values)

    def blank_form(self, command: Command) -> Form:
        return BLANK.filled({"paper": command.options.get("paper", "")})

    async def open_form(self, command: Command, blank: Form) -> Form | Document:
        self.opened.append(command)
        return self.known(blank)

    async def keep_form(self, filled: FilledForm) -> bool:
        self.kept.append(filled)
        return True

    async def press_form(self, filled: FilledForm, action: str) -> Form:
        self.pressed.append((filled, action))
        return self.on_press(filled)

    async def submit_form(self, filled: FilledForm) -> Form | Document:
        self.submitted.append(filled)
        return self.outcome(filled)
