"""What is believed, and what is refused before a parser sees it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arxiv.client.bounds import LONGEST_TEXT
from bot.arxiv.client.feed import parse_feed, split_authors
from bot.arxiv.client.records import parse_records, parse_submissions
from bot.arxiv.client.reply import Reply, parse_reply, retry_after
from bot.arxiv.ports import (
    Refusal,
    SourceFailureError,
    SourceQuestionError,
    SourceReplyError,
    SourceThrottledError,
    SourceUnavailableError,
)
from tests.fakes.arxiv import Paper, xml
from tests.fakes.arxiv.faults import LAUGHS, PAGE

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
FORMULA = r"For all $k<n$ and $x>0$ we show f<g and a<b>c, R&D, \alpha_{i}"


def feed(**changes: object) -> bytes:
    paper = Paper("2611.10001", "A title", abstract=FORMULA, **changes)  # type: ignore[arg-type]
    return xml.atom_feed("cs.LG", NOW.date(), [(paper, "new")], NOW).encode()


@pytest.mark.parametrize("write", [xml.atom_feed, xml.rss_feed])
def test_latex_stays_intact_in_atom_and_in_rss(write):
    paper = Paper("2611.10001", "On $a<b$ & more", abstract=FORMULA)
    body = write("cs.LG", NOW.date(), [(paper, "new")], NOW).encode()

    (item,) = parse_feed(Reply(200, body), "cs.LG").items

    assert item.abstract == FORMULA
    assert item.title == "On $a<b$ & more"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PAGE.encode(), Refusal.HTML),
        (b"<html><body>no</body></html>", Refusal.HTML),
        (LAUGHS.encode(), Refusal.ENTITIES),
        (
            b'<?xml version="1.0"?><!-- x --><!DOCTYPE feed SYSTEM "file:///x"><feed/>',
            Refusal.ENTITIES,
        ),
        (b'\xef\xbb\xbf<!DOCTYPE rss [<!ENTITY a "b">]><rss/>', Refusal.ENTITIES),
        (b"", Refusal.MALFORMED),
        (b"   \n", Refusal.MALFORMED),
        (b"<!-- never closed", Refusal.MALFORMED),
        (b"<other/>", Refusal.MALFORMED),
        (b"not a feed at all", Refusal.MALFORMED),
        (b"<?xml version='1.0'?><feed>\xe9</feed>", Refusal.MALFORMED),
        ("<?xml version='1.0' encoding='UTF-16'?><feed/>".encode("utf-16"), Refusal.MALFORMED),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><feed></feed>", Refusal.MALFORMED),
        (b"<?xml version='1.0'?><feed><title>no namespace</title></feed>", Refusal.MALFORMED),
        (
            b"<feed xmlns='http://www.w3.org/2005/Atom'>" + b"<a/>" * 400_001 + b"</feed>",
            Refusal.TOO_LARGE,
        ),
    ],
)
def test_a_body_that_is_no_feed_is_refused_for_its_reason(body: bytes, kind: Refusal):
    with pytest.raises(SourceReplyError) as refused:
        parse_reply(Reply(200, body))

    assert refused.value.kind is kind


def test_throttling_with_status_200_is_throttling():
    with pytest.raises(SourceThrottledError):
        parse_reply(Reply(200, b"Rate exceeded."))


@pytest.mark.parametrize("status", [403, 406, 429, 503])
@pytest.mark.parametrize("body", [b"", PAGE.encode(), b"Not Acceptable", feed()])
def test_a_status_that_throttles_is_throttling_whatever_comes_with_it(status: int, body: bytes):
    wish = timedelta(seconds=7)

    with pytest.raises(SourceThrottledError) as refused:
        parse_reply(Reply(status, body, retry_after=wish))

    assert refused.value.retry_after == wish
    assert str(status) in str(refused.value)


def test_a_503_that_asks_for_no_wait_is_unavailable():
    with pytest.raises(SourceUnavailableError):
        parse_reply(Reply(503, PAGE.encode()))


@pytest.mark.parametrize("status", [401, 404, 405, 408, 410, 418, 421, 425, 451, 500, 502, 504])
def test_other_error_statuses_are_unavailable_whatever_the_body(status: int):
    wish = timedelta(seconds=7)

    with pytest.raises(SourceUnavailableError) as refused:
        parse_reply(Reply(status, feed(), retry_after=wish))

    assert refused.value.retry_after == wish


REFUSAL = xml.query_error("malformed_query", "no such query", NOW).encode()


@pytest.mark.parametrize(
    "body",
    [
        PAGE.encode(),
        b"",
        b"no",
        b"<?xml version='1.0'?><problem/>",
        feed(),
        REFUSAL.rstrip()[:-1],
        LAUGHS.encode(),
    ],
)
def test_a_400_without_an_error_feed_is_a_server_error(
    body: bytes,
):
    wish = timedelta(seconds=7)

    with pytest.raises(SourceUnavailableError) as refused:
        parse_reply(Reply(400, body, retry_after=wish))

    assert (refused.value.kind, refused.value.retry_after) == (Refusal.SERVER_ERROR, wish)


@pytest.mark.parametrize("body", [REFUSAL, xml.feed_error("nope", "Bad archive").encode()])
def test_a_400_with_an_error_feed_is_a_wrong_question(body: bytes):
    with pytest.raises(SourceQuestionError):
        parse_reply(Reply(400, body))


def test_throttling_with_status_400_is_throttling():
    with pytest.raises(SourceThrottledError):
        parse_reply(Reply(400, b"Rate exceeded."))


def test_a_reason_for_the_log_is_one_short_printable_line():
    with pytest.raises(SourceReplyError) as refused:
        parse_reply(Reply(200, b"no\nfeed\x1b[31m\x00" + b"x" * 5000))

    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 200


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_the_documented_errors(junk: bytes):
    whole = feed()
    for body in (junk, whole[: len(junk) * 3] + junk, junk + whole):
        try:
            parse_feed(Reply(200, body), "cs.LG")
            parse_records(Reply(200, body))
        except SourceFailureError:
            continue


@given(st.integers(1, 2000), st.sampled_from([200, 400]))
def test_a_feed_cut_anywhere_is_refused(cut: int, status: int):
    whole = feed().rstrip()

    with pytest.raises(SourceFailureError):
        parse_feed(Reply(status, whole[: -(cut % len(whole)) - 1]), "cs.LG")


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (None, None),
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta(0)),
        ("Tue, 24 Nov 2026 05:01:00 GMT", timedelta(minutes=1)),
        ("Tue, 24 Nov 2026 04:00:00 GMT", timedelta(0)),
        ("soon", None),
        ("Tue, 24 Nov 99999999999999999999 05:01:00 GMT", None),
        ("Tue, 24 Nov 2026 05:01:00 +99999999999999", None),
        ("-5", None),
        ("9" * 400, timedelta(seconds=10**8)),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, wait: timedelta | None):
    assert retry_after(value, NOW) == wait


@pytest.mark.parametrize(
    ("creator", "names"),
    [
        ("Ada Lovelace, Kim Example", ("Ada Lovelace", "Kim Example")),
        ("Ada L. (Univ. A, B, (C, D)), Bo (Lab, Seoul)", ("Ada L.", "Bo")),
        ("Robert Roe, Jr., Sam", ("Robert Roe, Jr.", "Sam")),
        ("Stray (one, Two", ("Stray (one", "Two")),
        ("", ()),
        ("The (A, B) Collaboration, C D", ("The Collaboration", "C D")),
        ("A (of (B) and\t ( (C) D)), E ) F", ("A", "E ) F")),
        ("(" * 50_000 + ")" * 50_000 + " Ada, Bo", ("Ada", "Bo")),
        ("Ada" + " " * 100_000 + "L., Bo", ("Ada L.", "Bo")),
    ],
)
def test_authors_are_parted_at_their_own_commas(creator: str, names: tuple[str, ...]):
    assert split_authors(creator) == names


def test_items_without_an_id_are_left_out_and_a_feed_of_only_such_is_refused():
    good = feed().decode()
    entry = good[good.index("<entry>") : good.index("</feed>")]
    broken = entry.replace("oai:arXiv.org:2611.10001v1", "oai:elsewhere:1")

    mixed = parse_feed(Reply(200, good.replace(entry, entry + broken).encode()), "cs.LG")
    with pytest.raises(SourceReplyError):
        parse_feed(Reply(200, good.replace(entry, broken).encode()), "cs.LG")

    assert (len(mixed.items), mixed.skipped) == (1, 1)


def test_an_answer_with_fewer_papers_than_it_counts_is_refused():
    body = xml.query_feed([(Paper("2611.10001", "A"), 0)], 2, NOW).encode()

    with pytest.raises(SourceReplyError):
        parse_records(Reply(200, body), asked=2)


@pytest.mark.parametrize(
    ("entries", "start", "total"),
    [(0, 0, 3), (2, 0, 1), (0, 3, 5), (1, 2, 2), (0, 3, 2)],
)
def test_a_page_that_does_not_go_on_to_the_end_it_names_is_refused(
    entries: int, start: int, total: int
):
    papers = [(Paper(f"2611.{n:05}", "A"), 0) for n in range(entries)]
    body = xml.query_feed(papers, total, NOW).encode()

    with pytest.raises(SourceReplyError):
        parse_submissions(Reply(200, body), start=start)


def test_a_page_that_counts_nothing_is_refused():
    body = xml.query_feed([], 0, NOW).replace("opensearch:totalResults", "opensearch:sum").encode()

    with pytest.raises(SourceReplyError):
        parse_submissions(Reply(200, body), start=0)


@pytest.mark.parametrize(("entries", "start", "total"), [(0, 0, 0), (2, 0, 5), (2, 3, 5)])
def test_a_page_is_what_it_holds_understood_or_not(entries: int, start: int, total: int):
    papers = [(Paper(f"2611.{n:05}" if n else "no-id", "A"), 0) for n in range(entries)]
    body = xml.query_feed(papers, total, NOW).encode()

    page = parse_submissions(Reply(200, body), start=start)

    assert (page.entries, page.total) == (entries, total)
    assert len(page.records) == max(0, entries - 1)


def test_no_paper_of_ten_requested_is_invalid():
    body = xml.query_feed([], 0, NOW).encode()

    with pytest.raises(SourceReplyError):
        parse_records(Reply(200, body), asked=10)
    assert parse_records(Reply(200, body), asked=9) == ()


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1 Jan 99999999999999999999"]
)
def test_a_date_that_no_calendar_has_is_none(at: str):
    entry = f"<id>http://arxiv.org/abs/2611.10001v1</id><published>{at}</published>"
    body = f"<feed xmlns='http://www.w3.org/2005/Atom'><entry>{entry}</entry></feed>".encode()
    shown = body.replace(b"http://arxiv.org/abs/", b"oai:arXiv.org:").replace(
        b"</entry>", b"<summary>arXiv:2611.10001v1 Announce Type: new</summary></entry>"
    )

    with pytest.raises(SourceReplyError):
        parse_records(Reply(200, body))
    (item,) = parse_feed(Reply(200, shown), "cs.LG").items
    assert item.batch_on in {None, date(1, 1, 1), date(9999, 12, 31)}


ATOM = b"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'>%b</feed>"
RSS = b"<?xml version='1.0'?><rss version='2.0'><channel>%b</channel></rss>"
LONG = b"x" * (LONGEST_TEXT + 1)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (ATOM % (b"<title>" + b"word " * 60_000 + b"</title>"), Refusal.TOO_LARGE),
        (ATOM % (b"<title>" + "가".encode() * 100_000 + b"</title>"), Refusal.TOO_LARGE),
        (ATOM % (b"<entry>" + b"&lt;" * 100_000 + b"</entry>"), Refusal.TOO_LARGE),
        (ATOM % (b"<title>" + b"&lt;<!-- -->" * 140_000 + b"</title>"), Refusal.TOO_LARGE),
        (ATOM % (b"<title><![CDATA[" + b"< " * 70_000 + b"]]></title>"), Refusal.TOO_LARGE),
        (ATOM % (b"<entry><summary>" + b"<i>ab</i>" * 50_000 + b"</summary></entry>"), Refusal.TOO_LARGE),
        (ATOM % (b"<a><entry><b>" + LONG[:90_000] + b"</b></entry><c>" + LONG[:90_000] + b"</c></a>"), Refusal.TOO_LARGE),
        (RSS % (b"<item><description>" + LONG + b"</description></item>"), Refusal.TOO_LARGE),
        (RSS % (b"<description>" + LONG + b"</description>"), Refusal.TOO_LARGE),
        (RSS % (b"<x><item><y>" + LONG[:99_000] + b"</y>" + LONG[:99_000] + b"</item></x>"), Refusal.TOO_LARGE),
        (ATOM % (b"<link href='" + LONG + b"'/>"), Refusal.TOO_LARGE),
        (ATOM % (b"<entry " + b"".join(b" a%d='%b'" % (n, b"x" * 100) for n in range(300)) + b"/>"), Refusal.TOO_LARGE),
        (ATOM % (b"<author>" + b"a" * 2000 + b"</author>"), Refusal.TOO_LARGE),
        (RSS % (b"<item><x:creator xmlns:x='http://purl.org/dc/elements/1.1/'>" + b"a." * 9000 + b"</x:creator></item>"), Refusal.TOO_LARGE),
        (b"<?xml version='1.0'?>" + b" " * 300_000 + b"<feed/>", Refusal.TOO_LARGE),
        (ATOM % b"<entry><x:y/></entry>", Refusal.MALFORMED),
        (ATOM % b"<entry>&nbsp;</entry>", Refusal.MALFORMED),
        (ATOM % b"<entry><keywords/><textinput><name/></textinput></entry>", Refusal.MALFORMED),
    ],
)  # fmt: skip
def test_what_would_keep_a_parser_busy_is_refused_before(body: bytes, kind: Refusal):
    with pytest.raises(SourceReplyError) as refused:
        parse_reply(Reply(200, body))

    assert refused.value.kind is kind
    assert str(refused.value).isprintable()


def test_as_much_as_the_longest_list_of_authors_is_read():
    names = ", ".join(f"Ada B. Name{n} (Department of Examples, University)" for n in range(2000))
    body = feed().replace(b"Ada Example", names.encode())

    (item,) = parse_feed(Reply(200, body), "cs.LG").items

    assert len(names) > 90_000
    assert item.authors[1999] == "Ada B. Name1999"


def test_a_declaration_that_never_ends_is_not_searched_back_and_forth():
    quotes = b"encoding='" + b"'" * 100_000

    parsed = parse_reply(Reply(200, ATOM % (b"<title>" + quotes + b"</title>")))

    assert parsed.feed.title == quotes.decode()
