"""Our data classes are those of the standard library, but for when their methods are made."""

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, field
from typing import Generic, TypeVar

import pytest

from bot.core.domain import dataclass as ours

T = TypeVar("T")
_VALUE = {"frozen": True, "slots": True}


@ours.dataclass(frozen=True, slots=True)
class Place:
    name: str
    floor: int = 1
    tags: list[str] = field(default_factory=list, compare=False)
    secret: str = field(default="", repr=False)

    def __str__(self) -> str:
        return self.name


def both(body: type) -> tuple[type, type]:
    """The class as the standard library makes it, and as we do."""
    standard, late = (type(body)(body.__name__, body.__bases__, _body(body)) for _ in range(2))
    return dataclasses.dataclass(**_VALUE)(standard), ours.dataclass(**_VALUE)(late)


def _body(cls: type) -> dict[str, object]:
    return {k: v for k, v in vars(cls).items() if k not in {"__dict__", "__weakref__"}}


class Plain:
    a: int
    b: str = "b"


class Empty:
    pass


class WithDefaults:
    a: list[int] = field(default_factory=list)
    b: int = field(default=2, compare=False)


class Checked:
    a: int

    def __post_init__(self) -> None:
        if self.a < 0:
            raise ValueError(self.a)


class OwnMethods:
    a: int

    def __repr__(self) -> str:
        return "own"

    def __hash__(self) -> int:
        return 7


class OwnEquality:  # noqa: PLW1641 - `dataclasses` adds it
    a: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.a % 2 == other.a % 2


class Box(Generic[T]):
    content: T


SHAPES = [
    (Plain, [(1,), (2, "x")]),
    (Empty, [()]),
    (WithDefaults, [(), ([1],)]),
    (Checked, [(1,), (2,)]),
    (OwnMethods, [(1,), (2,)]),
    (OwnEquality, [(1,), (3,), (4,)]),
    (Box, [(1,), ("x",)]),
]


@pytest.mark.parametrize(("body", "values"), SHAPES, ids=lambda each: getattr(each, "__name__", ""))
def test_they_do_what_the_standard_librarys_do(body: type, values: list[tuple[object, ...]]):
    standard, late = both(body)

    def told(cls: type) -> list[object]:
        made = [cls(*each) for each in values]
        return [
            [repr(each) for each in made],
            [[one == other for other in made] for one in made],
            [_or_error(hash, each) for each in made],
            [dataclasses.astuple(each) for each in made],
            [dataclasses.replace(each) == each for each in made],
            [copy.copy(each) == each for each in made],
            [copy.deepcopy(each) == each for each in made],
            [_or_error(setattr, each, name, 1) for each in made for name in ("a", "other")],
            [_or_error(delattr, each, "a") for each in made],
            str(inspect.signature(cls)),
            [each.name for each in dataclasses.fields(cls)],
            vars(cls)["__slots__"],
            vars(cls)["__match_args__"],
            sorted(set(vars(cls)) - {"__doc__"}),
        ]

    assert told(late) == told(standard)
    assert _or_error(late, 1, 2, 3, 4, 5, 6) == _or_error(standard, 1, 2, 3, 4, 5, 6)


def _or_error(call, *arguments):
    try:
        return call(*arguments)
    except (AttributeError, TypeError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("name", ["__init__", "__repr__", "__eq__", "__hash__", "__setattr__"])
def test_a_method_is_made_when_it_is_first_called(name: str):
    standard, late = both(Plain)
    assert _code(late, name) != _code(standard, name)
    one, other = late(1), late(1)
    assert (repr(one), one == other, hash(one) == hash(other)) == ("Plain(a=1, b='b')", True, True)
    with pytest.raises(FrozenInstanceError):
        one.a = 2
    assert _code(late, name) == _code(standard, name)


def _code(cls: type, name: str) -> object:
    return vars(cls)[name].__code__.co_code


def test_they_are_pickled_before_anything_else_is_called():
    one = object.__new__(Place)
    for name, value in {"name": "hall", "floor": 2, "tags": ["x"], "secret": "s"}.items():
        object.__setattr__(one, name, value)
    assert pickle.loads(pickle.dumps(one)) == Place("hall", 2, ["x"], "s")  # noqa: S301 - ours


def test_a_class_with_other_options_is_the_standard_librarys_at_once():
    @ours.dataclass(slots=True)
    class Counter:
        count: int = 0

    counter = Counter()
    counter.count += 1
    assert counter == Counter(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(counter)


def test_one_that_extends_another_is_refused_at_once():
    with pytest.raises(TypeError, match="Hall extends a data class"):

        @ours.dataclass(frozen=True, slots=True)
        class Hall(Place):
            seats: int = 0


def test_a_field_that_two_instances_would_share_is_refused_at_once():
    class Wrong:
        names: list[str] = []  # noqa: RUF012 - that is what is refused

    with pytest.raises(ValueError, match="mutable default"):
        both(Wrong)
