"""arXiv's categories: which there are, how they are written, and what a slip may mean.

A category is an archive (`hep-th`, `cs`) or a class of one (`cs.LG`). arXiv's addresses ignore
case, its lists do not: here each category has the one spelling that the lists use.
"""

import difflib
from collections.abc import Mapping

# arXiv's own taxonomy: arXiv/arxiv-base, arxiv/taxonomy/definitions.py, of June 2026.
_CLASSES: Mapping[str, str] = {
    "astro-ph": "CO EP GA HE IM SR",
    "cond-mat": "dis-nn mes-hall mtrl-sci other quant-gas soft stat-mech str-el supr-con",
    "cs": "AI AR CC CE CG CL CR CV CY DB DC DL DM DS ET FL GL GR GT HC IR IT LG LO MA MM MS NA NE "
    "NI OH OS PF PL RO SC SD SE SI SY",
    "econ": "EM GN TH",
    "eess": "AS IV SP SY",
    "gr-qc": "",
    "hep-ex": "",
    "hep-lat": "",
    "hep-ph": "",
    "hep-th": "",
    "math": "AC AG AP AT CA CO CT CV DG DS FA GM GN GR GT HO IT KT LO MG MP NA NT OA OC PR QA RA "
    "RT SG SP ST",
    "math-ph": "",
    "nlin": "AO CD CG PS SI",
    "nucl-ex": "",
    "nucl-th": "",
    "physics": "acc-ph ao-ph app-ph atm-clus atom-ph bio-ph chem-ph class-ph comp-ph data-an ed-ph "
    "flu-dyn gen-ph geo-ph hist-ph ins-det med-ph optics plasm-ph pop-ph soc-ph space-ph",
    "q-bio": "BM CB GN MN NC OT PE QM SC TO",
    "q-fin": "CP EC GN MF PM PR RM ST TR",
    "quant-ph": "",
    "stat": "AP CO ME ML OT TH",
}

# Archives of the nineties, and where their papers go now.
_SUCCESSORS: Mapping[str, str] = {
    "acc-phys": "physics.acc-ph",
    "adap-org": "nlin.AO",
    "alg-geom": "math.AG",
    "ao-sci": "physics.ao-ph",
    "atom-ph": "physics.atom-ph",
    "bayes-an": "physics.data-an",
    "chao-dyn": "nlin.CD",
    "chem-ph": "physics.chem-ph",
    "cmp-lg": "cs.CL",
    "comp-gas": "nlin.CG",
    "dg-ga": "math.DG",
    "funct-an": "math.FA",
    "mtrl-th": "cond-mat.mtrl-sci",
    "patt-sol": "nlin.PS",
    "plasm-ph": "physics.plasm-ph",
    "q-alg": "math.QA",
    "solv-int": "nlin.SI",
    "supr-con": "cond-mat.supr-con",
}

# One category under two names: a paper of the one is listed in both.
_PAIRS = (
    ("cs.NA", "math.NA"),
    ("cs.SY", "eess.SY"),
    ("cs.IT", "math.IT"),
    ("math-ph", "math.MP"),
    ("econ.GN", "q-fin.EC"),
    ("math.ST", "stat.TH"),
)
_TWINS: Mapping[str, str] = dict(_PAIRS) | {other: one for one, other in _PAIRS}

_SPELLINGS: Mapping[str, str] = {
    name.lower(): name
    for archive, classes in _CLASSES.items()
    for name in (archive, *(f"{archive}.{each}" for each in classes.split()))
}
_MOST_GUESSES = 3


def find_category(text: str) -> str | None:
    """The category that is written there, in whatever case, as arXiv's lists spell it."""
    return _SPELLINGS.get(text.lower())


def suggest_categories(text: str) -> tuple[str, ...]:
    """What may be meant by a name that is no category, the likeliest first."""
    slip = text.lower()
    if slip in _SUCCESSORS:
        return (_SUCCESSORS[slip],)
    classes = [name for low, name in _SPELLINGS.items() if low.partition(".")[2] == slip != ""]
    near = difflib.get_close_matches(slip, _SPELLINGS, n=_MOST_GUESSES, cutoff=0.7)
    guesses = dict.fromkeys((*classes, *(_SPELLINGS[each] for each in near)))
    return tuple(guesses)[:_MOST_GUESSES]


def has_classes(category: str) -> bool:
    """Whether it is an archive whose papers are all in classes of it."""
    return bool(_CLASSES.get(category))


def belongs(listed: str, category: str) -> bool:
    """Whether what is listed in the one is in the other: the same, its twin, or their archive."""
    names = (listed, _TWINS.get(listed, listed))
    return any(category in {name, name.partition(".")[0]} for name in names)
