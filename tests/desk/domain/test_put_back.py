"""A form that is saved as it was shown changes nothing; a change leaves all other paragraphs alone."""

import datetime as dt
from collections.abc import Callable, Mapping
from html.parser import HTMLParser

import pytest
from hypothesis import assume, event, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.archive.domain.entry import Entry, EntryId, Language, StoredEntry
from bot.archive.domain.formats import vault_note
from bot.archive.domain.formats.note_text import NoteTextError, rewrite_note
from bot.archive.domain.note import Note
from bot.archive.domain.typed_dates import Days
from bot.archive.services.import_parser import NOTE_PARSER
from bot.core.catalogue import Catalogues
from bot.core.domain.i18n import ENGLISH
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.core.ports import User
from bot.desk.domain.decision import NothingChanged, ToCorrect, ToWrite, decide
from bot.desk.domain.draft import Draft, DraftState
from bot.desk.domain.fields import changed_names, read_fields, values_of, with_changes
from bot.desk.domain.known import Known
from bot.desk.domain.note_form import form_with
from bot.desk.domain.put_back import put_back, shown_paragraphs
from bot.platforms.slack.rendering.text import printable
from bot.platforms.web.forms.posted import LONGEST
from bot.platforms.web.rendering.view import make_view

AT = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)
DAYS = Days(AT.date())
NAME = "260203 A Paper.md"
HEAD = "https://arxiv.org/abs/2602.00001\n\n*A Paper* (Jane Lee)\n\n"
WRONG, RIGHT = "첫 문단에 오타가 있읍니다.", "첫 문단에 오타가 있습니다."
BLOCKS = st.one_of(
    st.sampled_from(
        (
            "```python\ndef f():  \n    x = 1\n\n\n    return x\n```", "    x = 1\n\n    if x:\n\t\ty = 2",
            "$$\na\n\n  b\n$$", "~~~\n- 가\n~~~\n바로 아래", "- 가\n  - 나\n\n  - 다\n\n    라", "1. 가\n\n   둘째",
            "> 인용\n>\n> 둘째", "굵은  \n줄바꿈", "English text.\n  Indented.", "<english>\nMarked.\n\n    code\n</english>",
            "가\x0c나", "다\u2028\u2028라", "마\x0b바\x85사", "\x00", "\u0301\u0302", "아\ufeff자\u202e차\u202c", "카\ufffe타\x1b[0m",
            "#moe #rl", "[[다른 노트]]", "%% 숨김 %%", "```", "$$", "\\[\nx\n\n\\]", "", " ", "\u3000",
        )
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20),
)  # fmt: skip
GAPS = st.sampled_from(("\n\n", "\n\n\n", "\n \n", "\n"))
TEXTS = st.lists(st.tuples(BLOCKS, GAPS), max_size=5).map(
    lambda parts: "".join(block + gap for block, gap in parts)
)


class _Fields(HTMLParser):
    """The texts in the fields of a page, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self._name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = dict(attrs).get("name") or ""
        if tag == "textarea":
            self._name = name
            self.texts[name] = ""
        elif tag == "input" and name.startswith("field-"):
            self.texts[name] = dict(attrs).get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self._name = self._name if tag != "textarea" else ""

    def handle_data(self, data: str) -> None:
        if self._name:
            self.texts[self._name] += data


def on_the_web(values: Mapping[str, str]) -> dict[str, str]:
    """What a browser sends of the page."""
    html = make_view(Catalogues(), build="").page(
        "form.html",
        ENGLISH,
        form=form_with(values, "key", ENGLISH),
        visitor=type("Visitor", (), {"user": User("u", "Ada", can_manage=True)}),
        channel="general",
        paper="",
        prefix="field-",
        longest=LONGEST,
        languages=(),
        is_pending=False,
    )
    fields = _Fields()
    fields.feed(html)
    sent = {name: text.removeprefix("\n") for name, text in fields.texts.items()}
    return {
        name.removeprefix("field-"): well_formed(text.replace("\n", "\r\n"))
        for name, text in sent.items()
    }


def in_slack(values: Mapping[str, str]) -> dict[str, str]:
    return {name: well_formed(printable(text)) for name, text in values.items()}


def in_discord(values: Mapping[str, str]) -> dict[str, str]:
    return {name: well_formed(text) for name, text in values.items()}


SENT = st.sampled_from((on_the_web, in_slack, in_discord))
Sent = Callable[[Mapping[str, str]], dict[str, str]]


def read(text: str) -> Entry:
    return vault_note.parse(text, NAME).entries[0]


@hypothesis_settings(max_examples=200)
@given(text=TEXTS, sent=SENT)
@example(text="가\u2028\u2028나\n\n    x\n\n\n    y", sent=on_the_web)
def test_what_is_sent_as_it_was_shown_changes_nothing(text: str, sent: Sent) -> None:
    entry = read(f"{HEAD}{text}")
    shown = values_of(entry)

    typed = sent(shown)
    filled = read_fields(typed, DAYS)

    assert changed_names(shown, typed) == frozenset()
    for language in Language:
        if entry.paragraphs(language) and filled.texts[language]:
            assert with_changes(entry, filled, [language]) == entry


@hypothesis_settings(max_examples=300)
@given(before=TEXTS, after=TEXTS, sent=SENT)
def test_a_change_of_one_paragraph_leaves_all_others_byte_for_byte(
    before: str, after: str, sent: Sent
) -> None:
    entry = read(f"{HEAD}{before}\n\n{WRONG}\n\n{after}")
    written = entry.paragraphs(Language.KO)
    assume(WRONG in written)

    typed = sent(values_of(entry))
    typed["ko"] = typed["ko"].replace(WRONG, RIGHT)
    changed = with_changes(entry, read_fields(typed, DAYS), {"ko"})

    assert changed.paragraphs(Language.KO) == tuple(
        RIGHT if paragraph == WRONG else paragraph for paragraph in written
    )
    assert changed.paragraphs(Language.EN) == entry.paragraphs(Language.EN)


@hypothesis_settings(max_examples=300)
@given(before=TEXTS, after=TEXTS, sent=SENT)
@example(before="", after="```\na\n\n\nb  \n```", sent=on_the_web)
@example(
    before="코드:\n\n    x = 1\n\n    if x:\n\n        y = 2", after="가\x0c나", sent=on_the_web
)
def test_the_file_of_a_corrected_note_differs_in_the_correction_alone(
    before: str, after: str, sent: Sent
) -> None:
    text = f"{HEAD}{before}\n\n{WRONG}\n\n{after}\n"
    old = StoredEntry(EntryId(1), read(text))
    assume(WRONG in old.entry.paragraphs(Language.KO))
    shown = values_of(old.entry)
    typed = sent(shown)
    as_shown = Draft(
        "k", "p", "n", "web:general", "ko", AT, "", old.id, shown, typed, DraftState.TYPED
    )
    corrected = {**typed, "ko": typed["ko"].replace(WRONG, RIGHT)}
    known = Known(old.entry.paper, entry=old)

    unchanged = decide(as_shown, known, DAYS, ENGLISH)
    decision = decide(
        Draft("k", "p", "n", "web:general", "ko", AT, "", old.id, shown, corrected),
        known,
        DAYS,
        ENGLISH,
    )

    assert isinstance(unchanged, NothingChanged)
    if isinstance(decision, ToCorrect):
        event("something is said")
        return
    assert isinstance(decision, ToWrite)
    was, now = Note.of(old.entry), Note.of(decision.entry)
    try:
        new = rewrite_note(text, was, now, NOTE_PARSER)
    except NoteTextError:
        event("cannot be written")
        return
    event("written")
    assert new == text.replace(WRONG, RIGHT)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("가나", "새 글", "라", "마"), ("가\x00나", "새 글", "\x01", "라\u2028\u2028마")),
        (("가나", "라"), ("가\x00나", "\x01", "라")),
        (("라", "마"), ("\x01", "라\u2028\u2028마")),
        (("가다나", "라", "마", "끝"), ("가\x00다나", "\x01", "라\u2028\u2028마", "끝")),
        ((), ()),
    ],
)
def test_what_no_form_shows_stays_where_it_was(
    typed: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    written = ("가\x00나", "\x01", "라\u2028\u2028마")

    assert shown_paragraphs(written) == ("가나", "라", "마")
    assert put_back(written, typed) == expected
