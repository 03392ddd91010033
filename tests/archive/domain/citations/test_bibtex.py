import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.citations import bibtex, citation
from bot.archive.domain.entry import AtArxiv, Commentary, Entry, Language, Paper, Source, SourceKind

NOTE = Source(SourceKind.VAULT_NOTE, "note.md")


def entry(paper: Paper, *paragraphs: str, tags: tuple[str, ...] = ()) -> Entry:
    commentary = (Commentary(Language.EN, paragraphs),) if paragraphs else ()
    return Entry(paper, NOTE, date(2025, 2, 4), commentary, tags, tags)


def test_an_arxiv_paper_becomes_an_item_with_its_eprint() -> None:
    paper = Paper(
        "Pebbles", ("Mina Kang", "José Ortiz"), ArxivId("2310.01234", 2), abstract="Short."
    )

    written = bibtex.write([entry(paper, "Nice.", "Really.", tags=("long-context", "lm"))])

    assert written == (
        "@misc{arxiv:2310.01234,\n"
        "  title = {{Pebbles}},\n"
        "  author = {Mina Kang and José Ortiz},\n"
        "  year = {2023},\n"
        "  eprint = {2310.01234v2},\n"
        "  archivePrefix = {arXiv},\n"
        "  url = {https://arxiv.org/abs/2310.01234},\n"
        "  abstract = {Short.},\n"
        "  keywords = {long-context, lm},\n"
        "  note = {Nice. Really.},\n"
        "}\n"
    )


def test_tex_special_characters_are_escaped() -> None:
    paper = Paper(
        "100% of {R^3} & C#_~\\x", ("ERNIE Team, Baidu", "Rock and Roll"), url="https://e.org/a{b}"
    )

    written = bibtex.write([entry(paper)])

    assert (
        r"title = {{100\% of \textbraceleft{}R\textasciicircum{}3\textbraceright{} \& "
        r"C\#\_\textasciitilde{}\textbackslash{}x}}" in written
    )
    assert "author = {{ERNIE Team, Baidu} and {Rock and Roll}}" in written
    assert "url = {https://e.org/a%7Bb%7D}" in written


def test_entries_of_one_paper_share_an_item() -> None:
    first = entry(Paper("Pebbles", arxiv_id=ArxivId("2310.01234")), "First.", tags=("lm",))
    again = entry(Paper("Pebbles!", arxiv_id=ArxivId("2310.01234", 3)), "Again.", tags=("lm", "rl"))

    written = bibtex.write([first, again])

    assert written.count("@misc") == 1
    assert "note = {First. Again.}" in written
    assert "keywords = {lm, rl}" in written


def test_the_year_comes_from_the_arxiv_id_else_from_the_entry() -> None:
    old = Paper("Old", arxiv_id=ArxivId("hep-th/9901001"))
    later = Paper("Later", arxiv_id=ArxivId("math/0611800"))

    assert "year = {1999}" in bibtex.write([entry(old)])
    assert "year = {2006}" in bibtex.write([entry(later)])
    assert "year = {2025}" in bibtex.write([entry(Paper("Elsewhere"))])


def test_a_key_depends_on_the_paper_alone_and_two_papers_have_two() -> None:
    assert citation.key(Paper("A", ("X",), abstract="y")) == citation.key(Paper("A"))
    assert citation.key(Paper("A", url="https://a.org")) != citation.key(
        Paper("A", url="https://b.org")
    )
    assert citation.key(Paper("한국어 제목")).startswith("paper-")


def test_the_key_of_a_paper_with_an_address_does_not_depend_on_its_title() -> None:
    url = "https://www.e.org/forum?id=a1"

    assert citation.key(Paper("Pebbles", url=url)) == citation.key(Paper("Pebbles!", url=url))
    assert citation.key(Paper("Pebbles", url=url)).startswith("e-org-forum-id-a1-")


def test_keys_are_unique_in_an_export_and_the_same_in_every_export() -> None:
    papers = [Paper(f"제목 {n}") for n in range(20_000)]
    papers += [Paper("Pebbles", url=f"https://e.org/{n}") for n in range(20_000)]
    keys = {paper.key: citation.key(paper) for paper in papers}

    assert len(set(keys.values())) == len(papers)
    for paper in papers[::5_000]:
        assert f"@misc{{{keys[paper.key]}," in bibtex.write([entry(paper)])


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (("Al Bo et al.",), "Al Bo and others"),
        (("Al Bo", "et al"), "Al Bo and others"),
        (("Al Bo", "others"), "Al Bo and others"),
        (("NVIDIA", ":", "Al Bo", "2020"), "{NVIDIA} and Al Bo"),
        (("Al Bo", "...", "Cy Do"), "Al Bo and Cy Do and others"),
        (("김철수 외 3인",), "김철수 and others"),
        (("김철수", "박영희 등"), "김철수 and 박영희 and others"),
        (("Gemini Team", "Al Bo"), "{Gemini Team} and Al Bo"),
        (("Gemini Team et al.",), "{Gemini Team} and others"),
        (
            ("Google DeepMind", "The ATLAS Collaboration"),
            "{Google DeepMind} and {The ATLAS Collaboration}",
        ),
        (("네이버 연구소",), "{네이버 연구소}"),
        (("Institute of Science and Technology",), "{Institute of Science and Technology}"),
        (("Bo, Al", "Kang Mina (KAIST)"), "Bo, Al and Kang Mina"),
        (("Martin Luther, Jr.",), "{Martin Luther, Jr.}"),
        (("Martin Luther King Jr.",), "King, Jr., Martin Luther"),
        (("Gerard 't Hooft", "Al bo Cy do"), "Gerard 't Hooft and do, Al bo Cy"),
        (("홍 길동",), "홍, 길동"),
        (("Al Alvarez", "Ettore Alto"), "Al Alvarez and Ettore Alto"),
    ],
)
def test_groups_are_one_name_and_others_come_last(names: tuple[str, ...], written: str) -> None:
    assert f"  author = {{{written}}},\n" in bibtex.write([entry(Paper("Pebbles", names))])


def test_the_primary_class_comes_from_arxiv_else_from_an_old_style_number() -> None:
    known = Paper("A", arxiv_id=ArxivId("2310.01234"), at_arxiv=AtArxiv(1, category="cs.LG"))

    assert "  primaryClass = {cs.LG},\n" in bibtex.write([entry(known)])
    assert "primaryClass" not in bibtex.write([entry(Paper("A", arxiv_id=ArxivId("2310.01234")))])
    assert "  primaryClass = {hep-th},\n" in bibtex.write(
        [entry(Paper("Old", arxiv_id=ArxivId("hep-th/9901001")))]
    )


@given(st.text(), st.lists(st.text(min_size=1), max_size=3), st.text())
def test_braces_always_balance(title: str, authors: list[str], note: str) -> None:
    written = bibtex.write([entry(Paper(title, tuple(authors), url="https://e.org/" + note), note)])

    depth = 0
    for brace in re.findall("[{}]", written):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
