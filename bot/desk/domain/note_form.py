"""The form of a note, as it is shown: blank, for a new note, and to change one."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.archive.domain.entry import Entry, Language, Paper
from bot.core.domain.commands import NOTE
from bot.core.domain.form import HINT_MOST, Field, FieldKind, Form, FormAction
from bot.core.domain.i18n import Translate
from bot.desk.domain.fields import DATE, PAPER, TAGS, TEXTS
from bot.desk.domain.known import Known

WITHOUT_DRAFT, WITH_DRAFT = "without-draft", "with-draft"
"""Actions: show what the archive has instead of the draft, and the draft again."""

_ABSTRACT_MOST = 500
_AUTHORS_MOST = 3
_THEIRS_MOST = 300


def blank_form(key: str, paper: str, say: Translate) -> Form:
    """The form before anything is known; `paper` is what the command says of it."""
    return form_with({PAPER: paper, "ko": "", "en": "", TAGS: "", DATE: ""}, key, say)


def form_with(
    values: Mapping[str, str],
    key: str,
    say: Translate,
    *,
    known: Known | None = None,
    about: Iterable[str] = (),
    problems: Mapping[str, str] | None = None,
    remarks: Mapping[str, str] | None = None,
    actions: Iterable[FormAction] = (),
) -> Form:
    """The form with these fields; those that `values` do not name are not in it.

    What is about a field that is not shown stands above all fields, as do problems and remarks of none.
    """
    changes = PAPER not in values
    labels = _labels(say)
    fields = tuple(
        _field(name, label, values[name], known, say)
        for name, label in labels.items()
        if name in values
    )
    return Form(
        name=NOTE.name,
        key=key,
        title=say("Change a note") if changes else say("Note on a paper"),
        submit=say("Save"),
        fields=fields,
        about=(*about, *_of_paper(known, say)),
        problems=_at_fields(problems or {}, values, labels),
        remarks=_at_fields(remarks or {}, values, labels),
        actions=tuple(actions),
    )


def _labels(say: Translate) -> Mapping[str, str]:
    return {
        PAPER: say("Paper"),
        "ko": say("Korean"),
        "ko2": say("Korean, continued"),
        "en": say("English"),
        "en2": say("English, continued"),
        TAGS: say("Tags"),
        DATE: say("Date"),
    }


def _field(name: str, label: str, value: str, known: Known | None, say: Translate) -> Field:
    if name == PAPER:
        hint = say("arXiv id or link; where arXiv does not know it, *Title* (Authors) behind it")
        return Field(name, label, value=value, hint=hint[:HINT_MOST], is_required=True)
    if name == TAGS:
        tags = known.tags if known is not None else ()
        hint = say("Separated by spaces: moe long-context")
        return Field(name, label, FieldKind.TAGS, value, hint, suggestions=tags)
    if name == DATE:
        hint = say("2025-02-04, yesterday; empty: today") if value == "" else ""
        return Field(name, label, FieldKind.DAY, value, hint)
    return Field(name, label, FieldKind.TEXT, value)


def _of_paper(known: Known | None, say: Translate) -> tuple[str, ...]:
    """Which paper it is: title and authors, and the beginning of the abstract."""
    if known is None or known.paper is None or not known.paper.title:
        return ()
    paper = known.paper
    names = ", ".join(paper.authors[:_AUTHORS_MOST])
    if len(paper.authors) > _AUTHORS_MOST:
        names = say("{names} and others", names=names)
    lines = [f"{paper.title} — {names}" if names else paper.title]
    if paper.abstract:
        abstract = " ".join(paper.abstract.split())
        cut = abstract[:_ABSTRACT_MOST].rpartition(" ")[0] or abstract[:_ABSTRACT_MOST]
        lines.append(abstract if len(abstract) <= _ABSTRACT_MOST else f"{cut} …")
    return tuple(lines)


def _at_fields(
    problems: Mapping[str, str], values: Mapping[str, str], labels: Mapping[str, str]
) -> Mapping[str, str]:
    placed: dict[str, str] = {}
    for name, text in problems.items():
        is_shown = name in values
        place = name if is_shown else ""
        line = f"{labels[name]}: {text}" if name in labels and not is_shown else text
        placed[place] = f"{placed[place]}\n{line}" if place in placed else line
    return placed


def draft_lines(typed_at: datetime, say: Translate) -> tuple[str, ...]:
    """What is said above the fields when a draft is in them."""
    return (say("This is your draft of {at}, not saved yet.", at=f"{typed_at:%Y-%m-%d %H:%M}"),)


def left_out_lines(entry: Entry, values: Mapping[str, str], say: Translate) -> tuple[str, ...]:
    """Which languages of an entry are too long for the form."""
    names = {Language.KO: say("Korean"), Language.EN: say("English")}
    return tuple(
        say("{language}: this text is too long for the form and stays as it is.", language=name)
        for language, name in names.items()
        if TEXTS[language][0] not in values and entry.paragraphs(language)
    )


def theirs_line(theirs: str, say: Translate) -> str:
    """The problem beside a field that somebody else changed meanwhile."""
    shown = theirs if len(theirs) <= _THEIRS_MOST else f"{theirs[:_THEIRS_MOST]} …"
    return say(
        "Somebody else changed this meanwhile. Save again to replace it. It now says: {text}",
        text=shown or "–",
    )


def named(paper: Paper, address: str) -> str:
    """What stands in the field of the paper: its address, or its title where it has none."""
    return address or (
        paper.arxiv_id.url if paper.arxiv_id is not None else paper.url or paper.title
    )
