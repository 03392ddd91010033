"""Merging tags: which tag each merged one counts as, and what a tag means then."""

from collections import defaultdict
from collections.abc import Mapping

from bot.archive.domain.entry import tag_with_parents
from bot.core.domain.errors import UsageError


def merge(merges: Mapping[str, str], tag: str, into: str) -> Mapping[str, str]:
    """The merges with one more; each is a tag and what it is merged into.

    Raises `UsageError` if the tag is merged elsewhere, or if the two already count as one.
    """
    if merges.get(tag) == into:
        return merges
    if tag in merges:
        raise UsageError(
            "#{tag} is merged into #{into}: “paperbot tags split {tag}” first",
            tag=tag,
            into=merges[tag],
        )
    if root_of(merges, into) == tag:
        raise UsageError("#{tag} and #{into} are the same tag already", tag=tag, into=into)
    return {**merges, tag: into}


def split(merges: Mapping[str, str], tag: str) -> Mapping[str, str]:
    """The merges without that of a tag; tags that were merged into it stay so."""
    if tag not in merges:
        raise UsageError("#{tag} is not merged into another tag", tag=tag)
    return {each: into for each, into in merges.items() if each != tag}


def root_of(merges: Mapping[str, str], tag: str) -> str:
    """The tag that a tag counts as: the end of its chain."""
    while tag in merges:
        tag = merges[tag]
    return tag


class Meanings:
    """What tags mean, by the merged ones and the tags that they count as (`root_of`).

    Tags that are merged are one tag, so that what is nested in one of them is nested in all: with
    `ml` merged into `machine-learning`, both mean `ml/rl` too; with `ml/rl` merged into `rl`, `ml`
    means `rl` too. No merge lets a tag mean less than before.
    """

    def __init__(self, roots: Mapping[str, str]) -> None:
        self._roots = roots
        self._merged: defaultdict[str, set[str]] = defaultdict(set)
        self._nested: defaultdict[str, set[str]] = defaultdict(set)
        for tag, root in roots.items():
            self._merged[root] |= {tag, root}
        for tag in {*roots, *roots.values()}:
            for parent in tag_with_parents(tag):
                self._nested[parent].add(tag)

    def of(self, tag: str) -> frozenset[str]:
        """The tags that this one means, besides those nested in them."""
        found = {tag}
        new = [tag]
        while new:
            each = new.pop()
            root = self._roots.get(each, each)
            more = (self._merged.get(root, set()) | self._nested.get(each, set())) - found
            found |= more
            new += more
        return frozenset(found)
