"""Merging tags: which tag each merged one counts as."""

from collections.abc import Mapping

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
