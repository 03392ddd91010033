"""What is made late does what it does that is made at once."""

import copy
import pickle
import re

import pytest

from bot.core.domain.late import late, late_pattern


def test_it_finds_what_the_pattern_finds():
    late = late_pattern(r"(?P<word>[a-z]+)", re.IGNORECASE)

    for _ in range(2):  # compiled, and found again
        assert late.fullmatch("Word")["word"] == "Word"  # type: ignore[index]
        assert late.sub("-", "one 2 THREE") == "- 2 -"
        assert [found[0] for found in late.finditer("one 2 THREE")] == ["one", "THREE"]
    assert (late.pattern, late.groups) == (r"(?P<word>[a-z]+)", 1)


def test_a_copy_finds_the_same():
    late = late_pattern("[a-z]+")

    assert copy.copy(late).findall("a b") == pickle.loads(pickle.dumps(late)).findall("a b")  # noqa: S301 - ours
    assert copy.copy(late).findall("a b") == ["a", "b"]


def test_a_wrong_one_says_so_when_it_is_used():
    late = late_pattern("(")

    with pytest.raises(re.error, match="missing"):
        late.search("")


def test_what_a_pattern_does_not_have_it_has_not():
    with pytest.raises(AttributeError, match="serch"):
        late_pattern("a").serch  # type: ignore[attr-defined] # noqa: B018


def test_what_is_made_late_is_made_once_when_it_is_first_asked():
    made = []

    def make() -> list[int]:
        made.append(1)
        return [3, 1]

    given = late(make)
    assert made == []
    given.sort()

    assert (given.index(3), given.count(1), made) == (1, 1, [1])


def test_what_goes_wrong_while_it_is_made_is_what_is_raised():
    def make() -> list[int]:
        raise AttributeError("the real reason")

    with pytest.raises(AttributeError, match="the real reason"):
        late(make).sort()
