"""The shortest chain between two papers, against a plain breadth-first search."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from bot.graph.domain.chain import find_chain

PAPERS = 12
edges_of_graphs = st.sets(
    st.tuples(st.integers(0, PAPERS - 1), st.integers(0, PAPERS - 1)), max_size=30
)


def distances(goal: int, edges: set[tuple[int, int]]) -> dict[int, int]:
    """How many steps each connected paper is away from the goal."""
    found, waiting = {goal: 0}, deque([goal])
    while waiting:
        paper = waiting.popleft()
        for one, other in edges | {(b, a) for a, b in edges}:
            if one == paper and other not in found:
                found[other] = found[paper] + 1
                waiting.append(other)
    return found


@given(edges=edges_of_graphs, ages=st.permutations(range(PAPERS)))
def test_a_chain_is_the_shortest_and_of_equal_ones_that_of_older_papers(edges, ages):
    both_ways = edges | {(b, a) for a, b in edges}
    far = distances(1, edges)
    expected = [0] if 0 in far else []
    while expected and expected[-1] != 1:
        nearer = [b for a, b in both_ways if a == expected[-1] and far[b] == far[a] - 1]
        expected.append(min(nearer, key=ages.__getitem__))

    chain = find_chain(
        0,
        1,
        lambda papers: [edge for edge in both_ways if edge[0] in papers],
        lambda papers: {paper: (ages[paper],) for paper in papers},
    )

    assert list(chain) == expected


def test_a_paper_is_a_chain_of_itself():
    assert find_chain(4, 4, lambda _: (), lambda _: {}) == (4,)
