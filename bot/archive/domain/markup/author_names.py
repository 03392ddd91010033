"""Names in lists of authors: people, groups, and `et al.`."""

import re

from bot.core.domain.late import late_pattern

_GROUP_WORDS = frozenset(
    (
        *("team", "teams", "group", "lab", "labs", "laboratory", "laboratories", "consortium"),
        *("collaboration", "collaborators", "community", "project", "initiative", "alliance"),
        *("committee", "society", "association", "foundation", "network", "institute"),
        *("institution", "center", "centre", "university", "college", "school", "department"),
        *("faculty", "academy", "council", "agency", "organization", "organisation", "company"),
        *("corporation", "inc", "ltd", "llc", "gmbh", "research", "contributors", "authors"),
        *("developers", "workshop", "taskforce", "office", "ministry", "division", "unit"),
    )
)
_GROUP_NAMES = frozenset(
    (
        *("AI", "DeepMind", "OpenAI", "Anthropic", "NVIDIA", "Google", "Microsoft", "Meta", "IBM"),
        *("DeepSeek", "Qwen", "EleutherAI", "Baidu", "Alibaba", "Tencent"),
        *("ByteDance", "Huawei", "Samsung", "Naver", "NAVER", "Kakao", "LG", "BigScience"),
        *("BigCode", "LAION", "MosaicML", "Databricks", "Cohere", "Salesforce", "HuggingFace"),
    )
)
_KOREAN_GROUP = late_pattern(
    r"(?:팀|그룹|연구소|연구실|연구원|대학교|대학|학회|협회|재단|주식회사|컨소시엄|센터)$"
)
_TOPICS = frozenset(
    (
        *("language", "languages", "vision", "science", "sciences", "technology", "technologies"),
        *("engineering", "learning", "robotics", "speech", "intelligence", "systems", "data"),
        *("computing", "computation", "medicine", "health", "mathematics", "physics", "design"),
        *("security", "privacy", "safety", "ethics", "policy", "development", "innovation"),
        *("information", "communication", "communications", "applications", "arts", "letters"),
        *("processing", "perception", "control", "networks", "humanities", "informatics"),
        *("statistics", "economics", "education", "simulation", "analysis", "understanding"),
        *("reasoning", "alignment", "society", "culture", "machines", "machine", "algorithms"),
    )
)
_OF_A_GROUP = late_pattern(r"\b(?:of|for|in)\b", re.IGNORECASE)
_WORD = late_pattern(r"[^\W_]+(?:['’-][^\W_]+)*")
_ET_AL = late_pattern(
    r"(?P<name>.*?)[\s,]*(?:\b(?:et\.?\s+al(?:ii|iae|\b)\.?|and\s+others|others)|…|\.\.\."
    r"|(?<!\S)(?:외|등)(?:\s*[0-9]+\s*(?:인|명))?|(?<=[가-힣]) ?외\s*[0-9]+\s*(?:인|명))\s*",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST = 300
_AND = late_pattern(r"\band\b", re.IGNORECASE)
_GIVEN = late_pattern(
    r"(?!(?:jr|sr|i{2,3}|iv|inc|ltd)\.?$)[^\W\d_][\w.'’-]*(?: [ .-]*[^\W\d_][\w.'’-]*){0,3}",
    re.IGNORECASE,
)


def is_group(name: str) -> bool:
    """Whether a name is probably that of a group, not of a person."""
    words = _WORD.findall(name)
    if any(word.casefold() in _GROUP_WORDS or word in _GROUP_NAMES for word in words):
        return True
    return _KOREAN_GROUP.search(name.strip()) is not None and len(name.strip()) > 3


def without_others(name: str) -> tuple[str, bool]:
    """The name without `et al.` after it, and whether there was one. The name may be empty."""
    found = _ET_AL.fullmatch(name) if len(name) <= _LONGEST else None
    return (found["name"].strip(), True) if found is not None else (name, False)


def turned(name: str) -> tuple[str, str] | None:
    """The family and the given name of `Choi, Yejin`; `None` for a name in any other order."""
    return None if is_group(name) else _at_comma(name)


def in_each_order(name: str) -> tuple[str, ...]:
    """The name as it is written, and `Yejin Choi` for `Choi, Yejin`, `Gemini Team` for `Team, Gemini`.

    A group is turned only behind a word that is no name alone: Berkeley is a place of
    `University of California, Berkeley`.
    """
    parts = _at_comma(name)
    if parts is None or (is_group(name) and not _GROUP_WORDS.issuperset(_folded(parts[0]))):
        return (name,)
    return (name, " ".join(reversed(parts)))


def _at_comma(name: str) -> tuple[str, str] | None:
    if "," not in name or len(name) > _LONGEST or _AND.search(name) is not None:
        return None
    family, _, given = map(str.strip, name.partition(","))
    return (family, given) if family and _GIVEN.fullmatch(given) is not None else None


def is_one_name(before: str, behind: str) -> bool:
    """Whether an `and` between two parts of a list belongs to the name of a group.

    `Institute of Science` and `Technology`, `Vision` and `Language Team` are one name;
    `Al Bo` and `Gemini Team` are two.
    """
    left, right = _folded(before), _folded(behind)
    if not left or not right:
        return False
    right_continues = right[-1] in _GROUP_WORDS and (len(left) == 1 or left[-1] in _TOPICS)
    if right_continues and not (set(left) & _GROUP_WORDS):
        return True
    is_open = bool(set(left) & _GROUP_WORDS) and _OF_A_GROUP.search(before) is not None
    return is_open and (len(right) == 1 or bool(set(right) & _TOPICS))


def _folded(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
