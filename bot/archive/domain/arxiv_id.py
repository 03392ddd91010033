"""arXiv identifiers, and how to find them in text.

Recognised in running text (in real notes nearly every id is a link):

    https://arxiv.org/abs/2310.07831v2          also pdf, html, …; www., export.; no scheme; ?query
    https://arxiv.org/pdf/2310.07831v2.pdf
    https://arxiv.org/abs/math.CA/0611800       old style; the subject class is dropped
    https://www.alphaxiv.org/abs/2310.07831     ar5iv and Hugging Face papers likewise
    https://doi.org/10.48550/arXiv.2310.07831
    arXiv:2310.07831

Text of any script may follow without a space (`2007.05869와`). An invalid id in an address
(`arxiv.org/abs/2112.0886`) is a mention without id. A number alone is no mention.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern


@dataclass(frozen=True, slots=True, order=True)
class ArxivId:
    """A paper's arXiv identifier: `number` without version (`2310.07831`, `math/0611800`).

    `version` is 0 where none was given; equality of *papers* is equality of `number`.
    """

    number: str
    version: int = 0

    def __str__(self) -> str:
        return f"{self.number}v{self.version}" if self.version else self.number

    @property
    def url(self) -> str:
        """The abstract's page, always of the newest version."""
        return f"https://arxiv.org/abs/{self.number}"


class Mention(NamedTuple):
    """A place where text names an arXiv paper: `text[start:end]`, without what is glued behind.

    `id` is `None` where the place calls for an id and holds none.
    """

    start: int
    end: int
    id: ArxivId | None
    text: str


# Identifiers of the form YYMM.NNNN began in April 2007 and have five digits since January 2015.
_FIVE_DIGITS_SINCE = "1501"
_NEW = r"(?P<new>(?P<yymm>[0-9]{2}(?:0[1-9]|1[0-2]))\.(?P<serial>[0-9]{4,5}))(?![0-9])"
_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|"
    "cond-mat|cs|dg-ga|econ|eess|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math|"
    "mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|q-alg|q-bio|q-fin|quant-ph|solv-int|"
    "stat|supr-con"
)
_OLD = (
    rf"(?P<archive>{_ARCHIVES})(?:\.[a-z]{{2,6}}(?:-[a-z]{{2,5}})?)?/"
    r"(?P<old>(?P<oldyymm>[0-9]{2}(?:0[1-9]|1[0-2]))[0-9]{3})(?![0-9])"
)
_ID = rf"(?:{_NEW}|{_OLD})(?:v(?P<version>[1-9][0-9]{{0,2}})(?![0-9]))?(?P<pdf>\.pdf(?![a-z0-9]))?"
_FLAGS = re.ASCII | re.IGNORECASE

_ID_HERE = late_pattern(_ID, _FLAGS)
# What leads from the name of a site, or of arXiv itself, to the place where an id belongs.
_LEAD_HERE = late_pattern(
    r"""
      (?P<site>
        (?:arxiv\.org | alphaxiv\.org | ar5iv\.org | ar5iv\.labs\.arxiv\.org)
        /{1,2}(?:abs|pdf|html|format|ps|src|e-print|overview|bibtex)/{1,2}(?:arxiv:)?
      )
    | (?:ar5iv\.org/)(?=[0-9])
    | (?:huggingface\.co|hf\.co)/papers/
    | (?P<colon>arxiv:[ \xa0]?)
    | (?P<doi>arxiv\.)(?=[0-9a-z])
    | (?P<space>arxiv[ \xa0])(?=[0-9])
    """,
    _FLAGS | re.VERBOSE,
)
_HOST_BEFORE = late_pattern(r"(?:https?://)?(?:[a-z0-9-]+\.)*\Z", _FLAGS)
_DOI_BEFORE = late_pattern(r"(?:https?://(?:dx\.|www\.)?doi\.org/|doi:\s?)?10\.48550/\Z", _FLAGS)
# What a person would call a broken id, when it stands where one belongs.
_TOKEN = late_pattern(r"[a-z0-9][a-z0-9./-]{0,60}", _FLAGS)
_NUMBERISH = late_pattern(r"[0-9]{3,}[0-9.]*|[a-z.-]{2,20}/[0-9]+", _FLAGS)
_LONGEST_HOST = 60
_SCHEME = "https://"
_SCHEME_LENGTH = len(_SCHEME)
# Most mentions are such a link after `https://`; this pattern alone reads them in half of the time.
_LINK_HERE = late_pattern(
    r"arxiv\.org/(?:abs|pdf)/([0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{5})(?![0-9vV]|\.[pP])"
)

_NAMES = ("arxiv", "alphaxiv", "ar5iv", "huggingface.co/papers/", "hf.co/papers/")


def find_arxiv_ids(text: str) -> tuple[Mention, ...]:
    """Every mention of an arXiv paper in running text, in order, malformed ones without id.

    Linear in the length of `text`, and quick where no site that has papers is named.
    """
    return tuple(iter_arxiv_ids(text))


def parse_arxiv_id(text: str) -> ArxivId | None:
    """The id that the whole of `text` is: a number, `arXiv:…`, a DOI or an address; or `None`.

    Unlike in running text a number alone counts, as does `arXiv:2310.07831 [cs.LG]`.
    """
    whole = _SUBJECT_BEHIND.sub("", text.strip().strip("<>\"'").rstrip(".,;)"))
    if not whole or len(whole) > 500:
        return None
    here = _ID_HERE.fullmatch(whole)
    if here is not None:
        return _id(here)
    mention = next(iter_arxiv_ids(whole), None)
    if mention is None or mention.start != 0 or _TAIL.fullmatch(whole, mention.end) is None:
        return None
    return mention.id


_SUBJECT_BEHIND = late_pattern(r"\s*\[[A-Za-z.-]+\]$")
_TAIL = late_pattern(r"/?(?:[?#]\S*)?")


def iter_arxiv_ids(text: str) -> Iterator[Mention]:
    """The same one by one, for texts that may mention millions."""
    folded = text.replace("İ", "i").lower()  # the one character whose lower case is longer
    end = 0
    for at in _names_in(folded):
        if at < end:
            continue
        mention = _link(text, at, end) or _mention(text, at, end)
        if mention is not None:
            yield mention
            end = mention.end


def _names_in(folded: str) -> Iterator[int]:
    """Where the names of the sites stand, ascending."""
    nearest = {name: at for name in _NAMES if (at := folded.find(name)) >= 0}
    while nearest:
        name = min(nearest, key=nearest.__getitem__)
        at = nearest[name]
        yield at
        following = folded.find(name, at + 1)
        if following < 0:
            del nearest[name]
        else:
            nearest[name] = following


def _link(text: str, at: int, floor: int) -> Mention | None:
    """The mention if it is a plain link to an abstract or a PDF."""
    start = at - _SCHEME_LENGTH
    if start < floor or not text.startswith(_SCHEME, start):
        return None
    link = _LINK_HERE.match(text, at)
    if link is None or link[1] < _FIVE_DIGITS_SINCE:
        return None
    return Mention(start, link.end(), ArxivId(link[1]), text[start : link.end()])


def _mention(text: str, at: int, floor: int) -> Mention | None:
    lead = _LEAD_HERE.match(text, at)
    if lead is None:
        return None
    here = _ID_HERE.match(text, lead.end())
    found = _id(here) if here is not None else None
    if lead["space"] and found is None:
        return None  # "arXiv 2024" is no try at an id
    if here is not None and found is not None:
        end = here.end()
    else:
        broken = (_TOKEN if lead["site"] else _NUMBERISH).match(text, lead.end())
        if broken is None:
            return None
        end = lead.end() + len(broken[0].rstrip(".-/"))
    start = _start(text, at, lead, floor)
    if start is None:
        return None
    return Mention(start, end, found, text[start:end])


def _start(text: str, at: int, lead: re.Match[str], floor: int) -> int | None:
    """Where the mention begins: at the scheme or host before the name; `None` for another's name.

    Nothing before `floor` counts: it belongs to the mention before.
    """
    nearby = max(floor, at - _LONGEST_HOST)
    if lead["doi"]:
        before = _DOI_BEFORE.search(text, nearby, at)
        return before.start() if before is not None else None
    if lead["colon"] or lead["space"]:
        return None if _runs_on(text, at, floor, "/.") else at
    if at - _SCHEME_LENGTH >= nearby and text.startswith(_SCHEME, at - _SCHEME_LENGTH):
        return at - _SCHEME_LENGTH  # what most links begin with; the search finds the same
    before = _HOST_BEFORE.search(text, nearby, at)
    start = before.start() if before is not None else at
    if text.startswith("http", start):
        return start
    return None if _runs_on(text, start, floor, "-_.@") else start


def _runs_on(text: str, at: int, floor: int, joints: str) -> bool:
    """Whether a longer ASCII word, of which the name is only the end, goes through `at`."""
    if at <= floor:
        return False
    before = text[at - 1]
    return before.isascii() and (before.isalnum() or before in joints)


def _id(here: re.Match[str]) -> ArxivId | None:
    version = int(here["version"] or 0)
    if here["new"]:
        digits = 5 if here["yymm"] >= _FIVE_DIGITS_SINCE else 4
        if len(here["serial"]) != digits or here["yymm"] < "0704":
            return None
        return ArxivId(here["new"], version)
    if "0703" < here["oldyymm"] < "9107":
        return None
    return ArxivId(f"{here['archive'].lower()}/{here['old']}", version)
