"""Work is spread evenly over the processes that are there, with as few moves as possible."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.lease_shares import Member, family_of, share

SINGLE = ("post:web", "post:discord", "plan", "arxiv", "vault")
FAMILIES = frozenset({"post:slack", "gateway:discord", *SINGLE})
PROCESSES = [f"p{number}" for number in range(6)]

names = st.frozensets(
    st.one_of(
        st.sampled_from(SINGLE),
        st.integers(0, 30).map("post:slack:T{}".format),
        st.integers(0, 6).map("gateway:discord:{}".format),
    ),
    max_size=40,
)
able = st.frozensets(st.sampled_from(PROCESSES), min_size=1).map(
    lambda ids: [Member(each, FAMILIES) for each in ids]
)


def held(draw_names, draw):
    return draw(st.dictionaries(st.sampled_from(sorted(draw_names)), st.sampled_from(PROCESSES)))


@st.composite
def situations(draw):
    """Names, who holds them (dead processes too), and the living."""
    wanted = draw(names)
    holders = held(wanted, draw) if wanted else {}
    return wanted, holders, draw(able)


def groups(wanted):
    families = {family_of(name) for name in wanted} - set(SINGLE)
    singles = [name for name in wanted if name in SINGLE]
    return [singles, *([n for n in wanted if family_of(n) == each] for each in families)]


@given(situations())
def test_every_name_goes_to_one_living_process(situation):
    wanted, holders, members = situation

    shares = share(wanted, holders, members)

    assert shares.keys() == wanted
    assert set(shares.values()) <= {member.id for member in members}


@given(situations())
def test_shares_of_each_kind_differ_by_one_at_most(situation):
    wanted, holders, members = situation

    shares = share(wanted, holders, members)

    for group in groups(wanted):
        counts = Counter({member.id: 0 for member in members})
        counts.update(shares[name] for name in group)
        assert max(counts.values()) - min(counts.values()) <= 1


@given(situations())
def test_no_spread_that_is_as_even_moves_fewer_names(situation):
    wanted, holders, members = situation

    shares = share(wanted, holders, members)

    for group in groups(wanted):
        stayed = sum(shares[name] == holders.get(name) for name in group)
        kept = Counter(holders[name] for name in group if name in holders)
        least, larger = divmod(len(group), len(members))
        mine = [kept[member.id] for member in members]
        above = sum(count > least for count in mine)
        assert stayed == sum(min(count, least) for count in mine) + min(above, larger)


@given(situations())
def test_what_is_spread_stays_as_it_is(situation):
    wanted, holders, members = situation
    shares = share(wanted, holders, members)

    assert share(wanted, shares, list(reversed(members))) == shares


@given(situations())
def test_only_the_names_of_a_dead_process_move_to_two_that_had_the_same_number(situation):
    wanted, holders, members = situation
    before = share(wanted, holders, members)
    if len(members) < 2:
        return
    dead, *living = members

    after = share(wanted, before, living)

    assert dead.id not in after.values()
    assert all(after[name] == holder for name, holder in before.items() if holder != dead.id)


@given(situations(), st.sampled_from(PROCESSES))
def test_a_name_goes_only_to_a_process_that_can_do_it(situation, without):
    wanted, holders, members = situation
    members = [
        Member(each.id, each.can - {"vault"} if each.id == without else each.can)
        for each in members
    ]

    shares = share(wanted, holders, members)

    assert shares.get("vault") != without
    alone = [member.id for member in members] == [without]
    assert shares.keys() == wanted - ({"vault"} if alone else frozenset())
