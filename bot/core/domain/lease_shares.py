"""How work that is named by leases is spread over the processes that are there."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """A process that takes part; `can` are the families of names that it can do."""

    id: str
    can: frozenset[str]


def family_of(name: str) -> str:
    """What a name is one of: `post:slack` of `post:slack:T0123`; `plan` is one of its own."""
    return ":".join(name.split(":", 2)[:2])


def share(
    names: Iterable[str], holders: Mapping[str, str], members: Iterable[Member]
) -> Mapping[str, str]:
    """Which member should hold each name; a name that no member can do is left out.

    Within a family of many names (`post:slack:…`), the shares of those that can do it differ by
    one at most; so do the shares of all single names. As many names as that allows stay where
    `holders` has them, and the same input gives the same result in every process.
    """
    there = sorted(members, key=lambda member: member.id)
    groups: defaultdict[tuple[bool, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for name in sorted(set(names)):
        family = family_of(name)
        able = tuple(member.id for member in there if family in member.can)
        is_single = name == family
        groups[is_single, "" if is_single else family, able].append(name)
    load: Counter[str] = Counter()
    shares: dict[str, str] = {}
    for (_, _, able), group in sorted(groups.items()):
        if able:
            shared = _share_evenly(group, holders, able, load)
            load.update(shared.values())
            shares |= shared
    return shares


def _share_evenly(
    names: list[str], holders: Mapping[str, str], able: tuple[str, ...], load: Mapping[str, int]
) -> dict[str, str]:
    """Each member gets the same number of names, or one more; `load` is what it has besides."""
    held: dict[str, list[str]] = {member: [] for member in able}
    for name in names:
        if holders.get(name) in held:
            held[holders[name]].append(name)
    least, larger = divmod(len(names), len(able))
    # A larger share spares a move only where more than the least is held.
    order = sorted(able, key=lambda member: (len(held[member]) <= least, load[member], member))
    sizes = {member: least + (place < larger) for place, member in enumerate(order)}
    shares = {name: member for member in able for name in held[member][: sizes[member]]}
    left = iter([name for name in names if name not in shares])
    for member in order:
        for _ in range(sizes[member] - min(len(held[member]), sizes[member])):
            shares[next(left)] = member
    return shares
