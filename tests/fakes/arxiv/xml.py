"""The bodies: Atom of the query service, Atom and RSS of the feeds, and errors as feeds."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from tests.fakes.arxiv.world import EASTERN, Paper

_HEAD = "<?xml version='1.0' encoding='UTF-8'?>\n"
_NAMES = 'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
_SEARCH = 'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
_ATOM = 'xmlns="http://www.w3.org/2005/Atom"'


def query_feed(papers: Sequence[tuple[Paper, int]], total: int, now: datetime) -> str:
    """An answer of the query service; each paper with the version to show."""
    entries = "".join(_query_entry(paper, version) for paper, version in papers)
    return (
        f"{_HEAD}<feed {_SEARCH} {_NAMES} {_ATOM}><id>https://arxiv.org/api/xyz</id>"
        f"<title>arXiv Query</title><updated>{_z(now)}</updated>"
        f"<opensearch:itemsPerPage>{len(papers)}</opensearch:itemsPerPage>"
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>0</opensearch:startIndex>{entries}</feed>\n"
    )


def _query_entry(paper: Paper, version: int) -> str:
    shown = version or paper.version
    comment = f"<arxiv:comment>{escape(paper.comment)}</arxiv:comment>" if paper.comment else ""
    return (
        f"<entry><id>http://arxiv.org/abs/{paper.number}v{shown}</id>"
        f"<title>{escape(paper.title)}</title>"
        f"<updated>{_z(paper.updated_at or paper.submitted_at)}</updated>"
        f'<link href="https://arxiv.org/abs/{paper.number}v{shown}" rel="alternate"/>'
        f"<summary>  {escape(paper.abstract)}\n</summary>"
        + "".join(f"<category term={quoteattr(name)}/>" for name in paper.categories)
        + f"<published>{_z(paper.submitted_at)}</published>{comment}"
        f"<arxiv:primary_category term={quoteattr(paper.categories[0])}/>"
        + "".join(f"<author><name>{escape(name)}</name></author>" for name in paper.authors)
        + "</entry>\n"
    )


def query_error(what: str, summary: str, now: datetime) -> str:
    """How the query service says no."""
    return (
        f"{_HEAD}<feed {_SEARCH} {_ATOM}><id>https://arxiv.org/</id>"
        f"<title>arXiv Search Results</title><updated>{_z(now)}</updated>"
        "<opensearch:totalResults>1</opensearch:totalResults><entry>"
        f"<id>https://arxiv.org/api/errors#{escape(what)}</id><title>Error</title>"
        f"<updated>{_z(now)}</updated><summary>{escape(summary)}</summary>"
        "<author><name>arXiv api core</name></author></entry></feed>\n"
    )


def atom_feed(category: str, day: date, items: Iterable[tuple[Paper, str]], now: datetime) -> str:
    """A category's feed as Atom."""
    return (
        f'{_HEAD}<feed {_NAMES} {_ATOM} xml:lang="en-us">'
        f"<id>https://rss.arxiv.org/atom/{category}</id>"
        f"<title>{category} updates on arXiv.org</title><updated>{now.isoformat()}</updated>"
        + "".join(_atom_entry(paper, kind, day, now) for paper, kind in items)
        + "</feed>\n"
    )


def _atom_entry(paper: Paper, kind: str, day: date, now: datetime) -> str:
    return (
        f"<entry><id>oai:arXiv.org:{paper.number}v{paper.version}</id>"
        f"<title>{escape(paper.title)}</title><updated>{now.isoformat()}</updated>"
        f'<link href="https://arxiv.org/abs/{paper.number}" rel="alternate" type="text/html"/>'
        f"<summary>{_lead(paper, kind)}{escape(paper.abstract)}</summary>"
        + "".join(f"<category term={quoteattr(name)}/>" for name in paper.categories)
        + f"<published>{_midnight(day).isoformat()}</published>"
        f"<arxiv:announce_type>{kind}</arxiv:announce_type>"
        f"<dc:creator>{escape(', '.join(paper.authors))}</dc:creator></entry>\n"
    )


def rss_feed(category: str, day: date, items: Iterable[tuple[Paper, str]], now: datetime) -> str:
    """A category's feed as RSS."""
    return (
        f'{_HEAD}<rss {_NAMES} version="2.0"><channel>'
        f"<title>{category} updates on arXiv.org</title>"
        f"<link>http://rss.arxiv.org/rss/{category}</link><description>updates</description>"
        f"<lastBuildDate>{format_datetime(now)}</lastBuildDate>"
        "<skipDays><day>Sunday</day><day>Saturday</day></skipDays>"
        + "".join(_rss_item(paper, kind, day) for paper, kind in items)
        + "</channel></rss>\n"
    )


def _rss_item(paper: Paper, kind: str, day: date) -> str:
    return (
        f"<item><title>{escape(paper.title)}</title>"
        f"<link>https://arxiv.org/abs/{paper.number}</link>"
        f"<description>{_lead(paper, kind)}{escape(paper.abstract)}</description>"
        f'<guid isPermaLink="false">oai:arXiv.org:{paper.number}v{paper.version}</guid>'
        + "".join(f"<category>{escape(name)}</category>" for name in paper.categories)
        + f"<pubDate>{format_datetime(_midnight(day))}</pubDate>"
        f"<arxiv:announce_type>{kind}</arxiv:announce_type>"
        f"<dc:creator>{escape(', '.join(paper.authors))}</dc:creator></item>\n"
    )


def feed_error(query: str, reason: str) -> str:
    """How the feed service says no: a whole feed without items."""
    return (
        f'{_HEAD}<rss version="2.0"><channel><title>Feed error for query: {escape(query)}</title>'
        f"<link>http://rss.arxiv.org</link><description>{escape(reason)}</description>"
        "</channel></rss>\n"
    )


def _lead(paper: Paper, kind: str) -> str:
    return f"arXiv:{paper.number}v{paper.version} Announce Type: {kind} \nAbstract: "


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), EASTERN)


def _z(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
