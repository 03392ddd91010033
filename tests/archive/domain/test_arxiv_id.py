import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.arxiv_id import ArxivId, find_arxiv_ids, parse_arxiv_id

SHAPES = [
    ("https://arxiv.org/abs/2310.07831", "2310.07831"),
    ("http://arxiv.org/abs/2310.07831", "2310.07831"),
    ("https://arxiv.org/abs/2310.07831v2", "2310.07831v2"),
    ("https://arxiv.org/pdf/2310.07831", "2310.07831"),
    ("https://arxiv.org/pdf/2310.07831.pdf", "2310.07831"),
    ("https://arxiv.org/pdf/2310.07831v12.pdf", "2310.07831v12"),
    ("https://arxiv.org/html/2310.07831v1", "2310.07831v1"),
    ("https://arxiv.org/format/2310.07831", "2310.07831"),
    ("https://www.arxiv.org/abs/2310.07831", "2310.07831"),
    ("https://export.arxiv.org/abs/2310.07831", "2310.07831"),
    ("arxiv.org/abs/2310.07831", "2310.07831"),
    ("HTTPS://ArXiv.org/ABS/2310.07831", "2310.07831"),
    ("https://arxiv.org/abs/1412.6980", "1412.6980"),
    ("https://arxiv.org/abs/1501.00001", "1501.00001"),
    ("https://arxiv.org/abs/0704.0001", "0704.0001"),
    ("https://arxiv.org/abs/math/0611800", "math/0611800"),
    ("https://arxiv.org/abs/math.CA/0611800", "math/0611800"),
    ("https://arxiv.org/abs/math.CA/0611800v2", "math/0611800v2"),
    ("https://arxiv.org/abs/cond-mat.mtrl-sci/9901001", "cond-mat/9901001"),
    ("https://arxiv.org/pdf/hep-th/9901001v3.pdf", "hep-th/9901001v3"),
    ("https://arxiv.org/abs/alg-geom/9411018", "alg-geom/9411018"),
    ("https://arxiv.org/abs/physics.optics/0611800", "physics/0611800"),
    ("https://www.alphaxiv.org/abs/2310.07831", "2310.07831"),
    ("https://alphaxiv.org/overview/2310.07831v1", "2310.07831v1"),
    ("https://huggingface.co/papers/2310.07831", "2310.07831"),
    ("https://ar5iv.org/abs/2310.07831", "2310.07831"),
    ("https://ar5iv.org/2310.07831", "2310.07831"),
    ("https://ar5iv.labs.arxiv.org/html/2310.07831", "2310.07831"),
    ("https://doi.org/10.48550/arXiv.2310.07831", "2310.07831"),
    ("10.48550/arXiv.2310.07831", "2310.07831"),
    ("doi:10.48550/arXiv.math/0611800", "math/0611800"),
    ("arXiv:2310.07831", "2310.07831"),
    ("arXiv: 2310.07831v2", "2310.07831v2"),
    ("arxiv:math.CA/0611800", "math/0611800"),
    ("https://arxiv.org/abs/arXiv:2310.07831", "2310.07831"),
]


@pytest.mark.parametrize(("written", "id_text"), SHAPES)
def test_every_shape_is_read_alone_in_a_sentence_and_with_text_glued_behind(
    written: str, id_text: str
) -> None:
    assert str(parse_arxiv_id(written)) == id_text

    for before, behind in [
        ("", ""),
        ("생각나는군요(", ")."),
        ("见", "와"),
        ("See ", ", too"),
        ("「", "を"),
    ]:
        (mention,) = find_arxiv_ids(before + written + behind)
        assert str(mention.id) == id_text
        assert mention.text == written
        assert (before + written + behind)[mention.start : mention.end] == written


def test_a_number_alone_is_an_id_only_where_the_whole_text_is_one() -> None:
    assert parse_arxiv_id(" 2502.01456v2 ") == ArxivId("2502.01456", 2)
    assert parse_arxiv_id("math.CA/0611800") == ArxivId("math/0611800")
    assert parse_arxiv_id("arXiv:2502.01456v1 [cs.LG]") == ArxivId("2502.01456", 1)
    assert parse_arxiv_id("<https://arxiv.org/abs/2502.01456?context=cs#x>") is not None
    assert find_arxiv_ids("| 2005.04425, and 3.1415 of 2502.01456") == ()


@pytest.mark.parametrize(
    "text",
    [
        *("", "arxiv", "reasoning", "2513.00001", "2112.0886", "2310.078311", "1412.06980"),
        *("0703.0001", "math/061180", "mathematics/0611800", "9013.00001", "math/0801001"),
        *("https://arxiv.org/abs/2112.0886", "https://arxiv.org/list/cs.LG/recent"),
        *("https://arxiv.org/abs/2310.07831와", "2310.07831 and 2310.07832", "２３１０.07831"),
    ],
)
def test_what_is_no_id_parses_to_none(text: str) -> None:
    assert parse_arxiv_id(text) is None


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("https://arxiv.org/abs/2112.0886", "https://arxiv.org/abs/2112.0886"),
        ("see https://arxiv.org/abs/2513.00001.", "https://arxiv.org/abs/2513.00001"),
        ("arXiv:2310.078311", "arXiv:2310.078311"),
        ("https://arxiv.org/pdf/2502.pdf", "https://arxiv.org/pdf/2502.pdf"),
        ("https://arxiv.org/abs/math/06118는", "https://arxiv.org/abs/math/06118"),
        ("https://huggingface.co/papers/2310.0783", "https://huggingface.co/papers/2310.0783"),
    ],
)
def test_a_broken_id_where_one_belongs_is_a_mention_without_id(text: str, broken: str) -> None:
    (mention,) = find_arxiv_ids(text)

    assert mention.id is None
    assert mention.text == broken


@pytest.mark.parametrize(
    "text",
    [
        *("arXiv: the preprint server", "https://arxiv.org/", "https://arxiv.org/abs/"),
        *("https://arxiv.org/list/cs.LG/new", "https://export.arxiv.org/api/query?id_list=1"),
        *("https://notarxiv.org/abs/2310.07831", "me@arxiv.org/abs/2310.07831", "in arXiv 2024 we"),
        *(
            "https://huggingface.co/papers/trending",
            "10.1000/arXiv.2310.07831",
            "myarxiv:2310.07831",
        ),
    ],
)
def test_other_talk_of_arxiv_is_no_mention(text: str) -> None:
    assert find_arxiv_ids(text) == ()


def test_several_mentions_come_in_order_even_glued_to_each_other() -> None:
    text = (
        "https://arxiv.org/abs/2310.07831https://arxiv.org/abs/2408.11029v1arXiv:2412.01981"
        "\narxiv.org/abs/2501.16975, ar5iv.labs.arxiv.org/html/2411.12498"
    )

    ids = [str(mention.id) for mention in find_arxiv_ids(text)]

    assert ids == ["2310.07831", "2408.11029v1", "2412.01981", "2501.16975", "2411.12498"]


def test_the_address_of_a_paper_is_that_of_its_newest_version() -> None:
    assert ArxivId("2310.07831", 3).url == "https://arxiv.org/abs/2310.07831"
    assert ArxivId("math/0611800").url == "https://arxiv.org/abs/math/0611800"


@st.composite
def arxiv_ids(draw: st.DrawFn) -> ArxivId:
    month = draw(st.integers(1, 12))
    version = draw(st.integers(0, 99))
    if draw(st.booleans()):
        year = draw(st.integers(15, 99))
        return ArxivId(f"{year:02}{month:02}.{draw(st.integers(0, 99999)):05}", version)
    if draw(st.booleans()):
        return ArxivId(
            f"{draw(st.integers(8, 14)):02}{month:02}.{draw(st.integers(0, 9999)):04}", version
        )
    archive = draw(st.sampled_from(["math", "hep-th", "cond-mat", "cs", "astro-ph", "math-ph"]))
    year = draw(st.sampled_from([92, 95, 99, 0, 1, 6]))
    return ArxivId(f"{archive}/{year:02}{month:02}{draw(st.integers(0, 999)):03}", version)


@given(arxiv_ids(), st.sampled_from(["", "arXiv:", "https://arxiv.org/abs/", "arxiv.org/pdf/"]))
def test_what_an_id_is_written_as_is_read_as_that_id(wanted: ArxivId, lead: str) -> None:
    assert parse_arxiv_id(lead + str(wanted)) == wanted


PIECES = st.sampled_from(
    [
        *("https://arxiv.org/abs/", "https://arxiv.org/pdf/", "http://", "www.", "https://", " "),
        *("2310.07831", "1412.6980", "1412.69801", "9913.00001", "2013.00001", "math/0611800"),
        *("v2", ".pdf", ".", "1", "x", "와", "(", ")", "/", "arXiv:", "ar5iv.labs."),
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_capitals_in_a_link_change_nothing_but_its_text(text: str) -> None:
    written = find_arxiv_ids(text)
    in_capitals = find_arxiv_ids(text.replace("arxiv.org", "ARXIV.ORG"))

    assert [each[:3] for each in in_capitals] == [each[:3] for each in written]
    assert all(text[each.start : each.end] == each.text for each in written)


@given(st.text(), st.text())
def test_mentions_lie_in_the_text_in_order_and_apart(before: str, behind: str) -> None:
    text = f"{before}https://arxiv.org/abs/2310.07831 {behind}"

    mentions = find_arxiv_ids(text)

    assert any(mention.id == ArxivId("2310.07831") for mention in mentions)
    assert all(text[mention.start : mention.end] == mention.text for mention in mentions)
    assert all(a.end <= b.start for a, b in itertools.pairwise(mentions))


@pytest.mark.parametrize(
    "hostile",
    [
        "arxiv." * 400_000,
        "a." * 1_000_000 + "arxiv.org/abs/",
        "https://" * 300_000,
        "İarXiv:" * 300_000,
    ],
)
def test_hostile_text_is_read_to_its_end(hostile: str) -> None:
    assert all(mention.id is None for mention in find_arxiv_ids(hostile))
