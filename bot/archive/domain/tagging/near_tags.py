"""Tags that are probably the same one: written with and without a hyphen, singular and plural, misspelt."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from bot.archive.domain.checks.archive_checks import KNOWN_FROM, find_misspelt
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import translatable

_SHORTEST_PLURAL = 4
"""`llms` is a plural; `css`, `gas` and `ais` may be none."""


class Nearness(StrEnum):
    """In what two tags differ."""

    HYPHEN = translatable("hyphens")
    NUMBER = translatable("singular and plural")
    SLIP = translatable("a letter")


@dataclass(frozen=True, slots=True)
class Near:
    """A tag, and a more used one that is probably the same."""

    tag: str
    more_used: str
    nearness: Nearness


def find_near(uses: Mapping[str, int]) -> tuple[Near, ...]:
    """Pairs of tags that are probably the same, by the number of entries of each.

    Of several the most used one is offered. Whether a pair is meant is for a person to say.
    """
    found = {near.tag: near for near in _by_form(uses)}
    rare = [tag for tag, count in uses.items() if count < KNOWN_FROM and tag not in found]
    for tag, meant in find_slips(rare, uses, {}).items():
        found[tag] = Near(tag, meant, Nearness.SLIP)
    return tuple(found[tag] for tag in sorted(found))


def find_slips(
    tags: Iterable[str], uses: Mapping[str, int], roots: Mapping[str, str]
) -> Mapping[str, str]:
    """Those of the tags that are probably misspelt, each with the tag that was meant.

    `uses` counts the entries of each tag, of merged ones with the tag they count as; `roots` are
    the merged ones, each with that tag. A merged tag is a known spelling of it.
    """
    known = [tag for tag, count in uses.items() if count >= KNOWN_FROM]
    known += [tag for tag, root in roots.items() if uses.get(root, 0) >= KNOWN_FROM]
    misspelt = find_misspelt([tag for tag in tags if tag not in roots], known)
    return {tag: roots.get(meant, meant) for tag, meant in misspelt.items()}


def _by_form(uses: Mapping[str, int]) -> Iterator[Near]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for tag in uses:
        groups[_singular(_joined(tag))].append(tag)
    for tags in groups.values():
        first, *others = sorted(tags, key=lambda tag: (-uses[tag], tag))
        for tag in others:
            same = _joined(tag) == _joined(first)
            yield Near(tag, first, Nearness.HYPHEN if same else Nearness.NUMBER)


def _joined(tag: str) -> str:
    return tag.replace("-", "")


def _singular(word: str) -> str:
    if len(word) < _SHORTEST_PLURAL or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    return word[:-1]
