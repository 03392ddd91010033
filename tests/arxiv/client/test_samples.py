"""Real and official bodies parse to what is written in them; bad ones are refused, and why."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.arxiv.client import feed
from bot.arxiv.client.feed import parse_feed
from bot.arxiv.client.records import parse_records
from bot.arxiv.client.reply import Reply
from bot.arxiv.domain.announcements import Announcement
from bot.arxiv.domain.mojibake import repair_mojibake
from bot.arxiv.ports import (
    Refusal,
    SourceFailureError,
    SourceQuestionError,
    SourceReplyError,
    SourceThrottledError,
    SourceUnavailableError,
)

ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"
DC = "{http://purl.org/dc/elements/1.1/}"


@pytest.fixture(scope="session")
def samples(shared: Path) -> Path:
    return shared / "samples" / "arxiv"


def tree(path: Path) -> ET.Element:
    return ET.fromstring(path.read_bytes())  # noqa: S314 - a sample, not the network


def reply(path: Path, status: int = 200) -> Reply:
    return Reply(status, path.read_bytes())


def feed_files() -> list[str]:
    return [
        "official_atom_csCV_20231026.xml",
        "official_atom_csLG_100items.xml",
        "official_atom_csLG_500items.xml",
        "official_rss_csCV_20231026.xml",
        "official_rss_csLG_100items.xml",
        "official_rss_multi_20231026.xml",
        "captured_multi_20260924_excerpt.xml",
    ]


@pytest.mark.parametrize("name", feed_files())
def test_every_item_of_a_feed_is_what_is_written_there(samples: Path, name: str):
    # An independent reading: the standard library's tree, field by field.
    root = tree(samples / "rss" / name)
    is_atom = root.tag == f"{ATOM}feed"
    written = root.findall(f"{ATOM}entry") if is_atom else root.findall("channel/item")

    feed = parse_feed(reply(samples / "rss" / name), "cs.LG")

    assert len(feed.items) == len(written)
    for item, node in zip(feed.items, written, strict=True):

        def text(atom: str, rss: str, node: ET.Element = node) -> str:
            return node.findtext(atom if is_atom else rss) or ""

        summary = text(f"{ATOM}summary", "description")
        categories = (
            [each.get("term") for each in node.findall(f"{ATOM}category")]
            if is_atom
            else [each.text for each in node.findall("category")]
        )
        creator = node.findtext(f"{DC}creator") or ""
        assert f"oai:arXiv.org:{item.id}" == text(f"{ATOM}id", "guid")
        assert item.id.version > 0
        assert item.announcement == node.findtext(f"{ARXIV}announce_type")
        assert item.title == " ".join(text(f"{ATOM}title", "title").split())
        assert item.abstract == " ".join(summary.split("Abstract: ", 1)[1].split())
        assert list(item.categories) == categories
        # Every character of a name is there but those of affiliations.
        assert letters(", ".join(item.authors)) == letters(without_parentheses(creator))
        assert item.batch_on is not None


def letters(text: str) -> str:
    return "".join(text.split())


def without_parentheses(text: str) -> str:
    while (shorter := re.sub(r"\([^()]*\)", "", text)) != text:
        text = shorter
    return text


def test_versions_types_and_dates_of_the_official_feed(samples: Path):
    feed = parse_feed(reply(samples / "rss" / "official_atom_csLG_100items.xml"), "cs.LG")

    kinds = {kind: sum(i.announcement is kind for i in feed.items) for kind in Announcement}
    assert sum(kinds.values()) == 102
    assert all(kinds.values())
    assert feed.items[0].id == ArxivId("2611.10000", 1)
    assert feed.items[0].authors == (
        "Mor Geva",
        "Avi Caciularu",
        "Kevin Ro Wang",
        "Yoav Goldberg",
    )
    assert {item.batch_on for item in feed.items} == {date(2026, 11, 20)}
    assert {i.id.version for i in feed.items} == {1, 2, 3, 4, 5}


def test_a_captured_reply_has_a_cross_listing_at_version_two(samples: Path):
    feed = parse_feed(reply(samples / "rss" / "captured_multi_20260924_excerpt.xml"), "cs.LG")

    assert [(str(item.id), item.announcement) for item in feed.items] == [
        ("2205.06398v2", Announcement.CROSS),
        ("2009.13987v3", Announcement.REPLACE),
    ]
    assert feed.items[0].batch_on == date(2026, 9, 24)


def test_atom_and_rss_of_one_day_say_the_same(samples: Path):
    atom = parse_feed(reply(samples / "rss" / "official_atom_csCV_20231026.xml"), "cs.CV")
    rss = parse_feed(reply(samples / "rss" / "official_rss_csCV_20231026.xml"), "cs.CV")

    assert atom.items == rss.items


@pytest.mark.parametrize(
    "name",
    [
        "official_rss_csCV_empty_saturday.xml",
        "official_atom_csCV_empty_saturday.xml",
        "official_rss_csLG_empty_thu.xml",
    ],
)
def test_an_empty_day_is_a_feed_without_items(samples: Path, name: str):
    assert parse_feed(reply(samples / "rss" / name), "cs.CV").items == ()


@pytest.mark.slow
def test_a_cut_feed_is_noticed(samples: Path):
    folder = samples / "rss"
    names = ("official_atom_csLG_TRUNCATED_no_new.xml", "official_atom_csLG_2000items.xml")
    there = [folder / name for name in names if (folder / name).exists()]
    if not there:
        pytest.skip("the samples with 2,000 items are not on this machine")

    for path in there:
        feed = parse_feed(reply(path), "cs.LG")

        assert len(feed.items) == 2000
        assert feed.is_cut


def test_a_transfer_that_was_cut_is_refused_though_items_could_be_read(samples: Path):
    with pytest.raises(SourceReplyError) as refused:
        parse_feed(reply(samples / "rss" / "trunc_mid_item.xml"), "cs.LG")

    assert refused.value.kind is Refusal.MALFORMED


@pytest.mark.parametrize(
    "name", ["official_rss_error_badcat.xml", "official_rss_error_version.xml"]
)
def test_an_error_feed_is_no_quiet_day(samples: Path, name: str):
    with pytest.raises(SourceQuestionError):
        parse_feed(reply(samples / "rss" / name, 400), "cs.NOPE")
    with pytest.raises(SourceReplyError) as refused:
        parse_feed(reply(samples / "rss" / name, 200), "cs.NOPE")

    assert refused.value.kind is Refusal.ERROR_FEED


def test_the_refusal_of_a_category_names_the_valid_ones(samples: Path):
    with pytest.raises(SourceQuestionError, match="Bad subject class 'NOPE'"):
        parse_feed(reply(samples / "rss" / "official_rss_error_badcat.xml", 400), "cs.NOPE")


@pytest.mark.parametrize(
    ("name", "status", "error", "kind"),
    [
        ("429_rate_exceeded.txt", 429, SourceThrottledError, Refusal.THROTTLED),
        ("429_rate_exceeded.txt", 200, SourceThrottledError, Refusal.THROTTLED),
        ("503_fastly.html", 503, SourceUnavailableError, Refusal.SERVER_ERROR),
        ("503_fastly.html", 200, SourceReplyError, Refusal.HTML),
    ],
)
def test_pages_of_a_server_in_trouble_are_refused(
    samples: Path, name: str, status: int, error: type[SourceFailureError], kind: Refusal
):
    with pytest.raises(error) as refused:
        parse_feed(reply(samples / "errors" / name, status), "cs.LG")

    assert refused.value.kind is kind


def test_one_paper_of_the_query_service(samples: Path):
    (record,) = parse_records(reply(samples / "api" / "arxivpy_id_1605.08386_s0_m100.xml"), asked=1)

    assert record.id == ArxivId("1605.08386", 1)
    assert record.title == "Heat-bath random walks with Markov bases"
    assert record.authors == ("Caprice Stanley", "Tobias Windisch")
    assert record.categories == ("math.CO", "math.ST")
    assert record.comment == "20 pages, 3 figures"
    assert record.submitted_at == datetime(2016, 5, 26, 17, 59, 46, tzinfo=UTC)
    assert not record.is_withdrawn


@pytest.mark.parametrize(
    ("broken", "right"),
    [("Ã\x85sa  Ã\x85ngstrÃ¶m", "Åsa Ångström"), ("VoilÃ\xa0", "Voilà"), ("Å\xa0imun", "Šimun")],
)
def test_mojibake_with_what_counts_as_a_space_is_repaired(broken: str, right: str):
    assert feed.one_line(broken) == right


def test_mojibake_in_a_name_is_repaired(samples: Path):
    path = samples / "api" / "arxivpy_id_1707.08567_s0_m100.xml"

    (record,) = parse_records(reply(path), asked=1)

    assert "Dirk Wübben" in record.authors
    assert "Peter H. N. de With" in record.authors
    assert len(record.authors) == 34


def test_a_missing_paper_is_simply_not_there(samples: Path):
    two = parse_records(
        reply(samples / "api" / "arxivpy_id_0808.05394_1707.08567_s0_m100.xml"), asked=2
    )
    none = parse_records(reply(samples / "api" / "arxivpy_id_0808.05394_s0_m100.xml"), asked=1)

    assert [record.id.number for record in two] == ["1707.08567"]
    assert none == ()


def test_old_ids_with_and_without_version(samples: Path):
    (quant,) = parse_records(reply(samples / "api" / "arxivpy_id_quant-ph_0201082v1_s0_m100.xml"))
    (astro,) = parse_records(reply(samples / "api" / "arxivpy_id_astro-ph_0601001_s0_m100.xml"))

    assert quant.id == ArxivId("quant-ph/0201082", 1)
    assert astro.id == ArxivId("astro-ph/0601001", 1)
    assert astro.authors == ("Andrew Gould", "Susan Dorsher", "B. Scott Gaudi", "Andrzej Udalski")
    assert "V_max<17.5" in astro.abstract
    assert "(1/310)(1^{+1.39}_{-0.59})" in astro.abstract
    assert astro.journal_ref == "ActaAstron.56:1-50,2006"


def test_a_paper_whose_title_is_zero(samples: Path):
    (record,) = parse_records(reply(samples / "api" / "arxivpy_id_2104.12255v1_s0_m100.xml"))

    assert record.title == "0"


def test_a_malformed_id_is_named_by_the_refusal(samples: Path):
    path = samples / "api" / "arxivpy_id_abc_s0_m100.xml"

    with pytest.raises(SourceQuestionError) as refused:
        parse_records(reply(path, 400), asked=1)
    with pytest.raises(SourceReplyError) as believed_not:
        parse_records(reply(path, 200), asked=1)

    assert refused.value.culprit == "abc"
    assert believed_not.value.kind is Refusal.ERROR_FEED


def test_five_asked_and_four_found_in_another_order(samples: Path):
    path = samples / "api" / "constructed_idlist_5asked_4found.xml"

    records = parse_records(reply(path), asked=5)

    assert {record.id.number for record in records} == {
        "1605.08386",
        "quant-ph/0201082",
        "astro-ph/0601001",
        "2104.12255",
    }


def test_a_withdrawal_is_seen_in_the_comment(samples: Path):
    (record,) = parse_records(reply(samples / "api" / "constructed_withdrawn.xml"), asked=1)

    assert record.is_withdrawn
    assert record.id == ArxivId("2510.99999", 2)
    assert "$k<n$" in record.abstract


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("arxivpy_q_testing_s0_m10.xml", 10),
        ("arxivpy_q_testing_s10_m10.xml", 10),
        ("arxivpy_q_testing_s0_m100.xml", 100),
    ],
)
def test_a_page_of_a_search_is_whole(samples: Path, name: str, count: int):
    path = samples / "api" / name
    entries = tree(path).findall(f"{ATOM}entry")
    names = [
        tuple(one_line(author.findtext(f"{ATOM}name")) for author in entry.findall(f"{ATOM}author"))
        for entry in entries
    ]

    records = parse_records(reply(path))

    assert len(records) == count
    assert [record.authors for record in records] == names
    assert [record.abstract for record in records] == [
        one_line(entry.findtext(f"{ATOM}summary")) for entry in entries
    ]


def one_line(text: str | None) -> str:
    return " ".join(repair_mojibake(text or "").split())
