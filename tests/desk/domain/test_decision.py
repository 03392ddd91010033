"""Whatever is typed: it is written so that it is read back, or said beside its field."""

import datetime as dt

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.archive.domain.entry import Language, Paper
from bot.archive.domain.formats import vault_note
from bot.archive.domain.formats.paragraphs import split_paragraphs
from bot.archive.domain.typed_dates import Days
from bot.core.domain.i18n import ENGLISH
from bot.desk.domain.decision import ToCorrect, ToWrite, decide
from bot.desk.domain.draft import Draft, DraftState
from bot.desk.domain.fields import text_in
from bot.desk.domain.known import Known
from bot.desk.domain.paper_line import read_paper_line

AT = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)
LINES = st.one_of(
    st.sampled_from(
        (
            "> 인용", "# Links", "#moe #rl", "[[다른 노트]]", "<english>", "</english>", "*제목* (Ada Park)",
            "https://arxiv.org/abs/2602.00002", "---", "```", "%%", "한국어 문단입니다.", "English text.",
            "2026-02-03", "date:: 2020-01-01", "", " ", "    x = 1", "- 가", "$$", "```python\na\n\n\nb\n```", "$$\na\n\nb\n$$",
        )
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=30),
)  # fmt: skip
TEXTS = st.lists(LINES, max_size=6).map("\n".join)


@hypothesis_settings(max_examples=150)
@given(
    ko=TEXTS,
    en=TEXTS,
    tags=st.text("abc #,-_가1", max_size=12),
    date=st.sampled_from(("", "어제", "2/4")),
)
def test_what_is_typed_is_written_or_said(ko: str, en: str, tags: str, date: str) -> None:
    typed = {"paper": "2602.00001 A Paper", "ko": ko, "en": en, "tags": tags, "date": date}
    line = read_paper_line(typed["paper"])
    known = Known(Paper("A Paper", ("Jane Lee",), line.arxiv_id))
    draft = Draft("k", "p", "n", "c", "ko", AT, typed=typed, state=DraftState.TYPED)

    decision = decide(draft, known, Days(AT.date()), ENGLISH)

    if isinstance(decision, ToCorrect):
        assert decision.problems
        assert decision.draft.typed == typed
        return
    assert isinstance(decision, ToWrite)
    entry = decision.entry
    kept = {paragraph for each in entry.commentary for paragraph in each.paragraphs}
    assert {
        paragraph
        for language in Language
        if text_in(typed, language)
        for paragraph in split_paragraphs(text_in(typed, language))
    } <= kept
    read = vault_note.parse(vault_note.write(entry), vault_note.file_name(entry)).entries[0]
    assert (read.commentary, read.tags) == (entry.commentary, entry.tags)
    assert (read.paper.key, read.paper.title) == (entry.paper.key, entry.paper.title)
    assert read.date == entry.date
