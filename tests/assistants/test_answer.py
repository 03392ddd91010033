"""How large an answer to an assistant is, whatever the entries are."""

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import Entry, Reference
from bot.assistants.domain.answer import ENTRY_TOKENS, MOST_TOKENS, Form, count_tokens, fitted
from bot.assistants.services.tools import Tools
from bot.core.database.database import opened
from tests.archive_stage import NOW, an_entry, keep

_LENGTHS = st.sampled_from([0, 3, 150, 4_000])
_SIGNS = st.sampled_from(["a", "글"])


@st.composite
def forms(draw: st.DrawFn) -> Form:
    """Entries as JSON with parts of any length."""

    def text() -> str:
        return draw(_SIGNS) * draw(_LENGTHS)

    def texts(length: int) -> list[str]:
        sign = draw(_SIGNS)
        return [f"{number} {sign * length}" for number in range(draw(_LENGTHS))]

    return {
        "id": 1,
        "title": f"T{text()}",
        "authors": texts(20),
        "abstract": text() or None,
        "commentary": {"ko": text(), "en": text()},
        "tags": texts(6),
        "references": [{"arxiv_id": None, "url": each, "title": each} for each in texts(80)],
        "links": texts(40),
    }


@given(forms())
def test_an_entry_takes_no_more_than_its_share_and_says_what_was_left_out(form: Form):
    shown = fitted(form)

    assert count_tokens(shown) <= ENTRY_TOKENS
    if count_tokens(form) <= ENTRY_TOKENS:
        assert shown == form
    for name in ("title", "abstract", "authors", "tags", "references", "links"):
        if shown[name] != form[name]:
            assert shown["shortened"][name] == len(form[name])
            left = shown[name].removesuffix("…") if isinstance(shown[name], str) else shown[name]
            assert form[name][: len(left)] == left


def _survey(number: int) -> Entry:
    made = an_entry(
        f"A Survey {number}",
        authors=tuple(f"Given{each} Family{each}" for each in range(3_000)),
        url=f"https://e.org/{number}",
        abstract="We survey pebbles.",
        path=f"notes/{number}.md",
    )
    addresses = [f"https://e.org/{number}/{each}" for each in range(1_500)]
    return replace(made, references=tuple(Reference(None, each) for each in addresses))


async def test_a_survey_of_thousands_of_names_fits_into_every_answer(tmp_path: Path):
    async with opened(tmp_path / "paperbot.db") as db:
        ids = await keep(db, *map(_survey, range(3)))
        tools = Tools(db, lambda: NOW, ZoneInfo("Asia/Seoul"))
        one = await tools.entry(str(ids[0]))
        page = await tools.lookup("survey", limit=3, start=0)
        alike = await tools.related(str(ids[0]), limit=2, start=0)

    assert one["shortened"] == {"authors": 3_000, "references": 1_500}
    assert one["authors"][0] == "Given0 Family0"
    assert [count_tokens(each) <= MOST_TOKENS for each in (one, page, alike)] == [True] * 3
    assert len(page["entries"]) >= 2
    assert [each["shortened"] for each in alike["entries"]] == [{"authors": 3_000}] * 2
    assert [len(each["authors"]) for each in alike["entries"]] == [20, 20]
