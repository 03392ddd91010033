"""Our data classes do what those of the standard library do, but for a docstring that is not written."""

import copy
import dataclasses
import inspect
import pickle
from dataclasses import field
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
        names = [each.name for each in dataclasses.fields(cls)]
        return [
            [repr(each) for each in made],
            [[one == other for other in made] for one in made],
            [_or_error(hash, each) for each in made],
            [dataclasses.astuple(each) for each in made],
            [dataclasses.replace(each) == each for each in made],
            [copy.copy(each) == each for each in made],
            [copy.deepcopy(each) == each for each in made],
            [_or_error(setattr, each, name, 1) for each in made for name in names],
            [_or_error(delattr, each, name) for each in made for name in names],
            list(inspect.signature(cls).parameters),
            names,
            vars(cls)["__slots__"],
            vars(cls)["__match_args__"],
            sorted(vars(cls)),
        ]

    assert told(late) == told(standard)
    assert _or_error(late, 1, 2, 3, 4, 5, 6) == _or_error(standard, 1, 2, 3, 4, 5, 6)


def _or_error(call, *arguments):
    try:
        return call(*arguments)
    except (AttributeError, TypeError) as error:
        return type(error), str(error)


def test_one_without_a_docstring_has_its_name_and_keeps_another():
    class Told:
        """What it is."""

        a: int

    assert [late.__doc__ for _, late in (both(Plain), both(Told))] == ["Plain", "What it is."]


def test_a_method_that_was_compiled_stays():
    _, late = both(Plain)
    before = vars(late)["__init__"]

    assert late(1) == late(1)
    compiled = vars(late)["__init__"]
    assert late(2) != late(1)

    assert before is not compiled
    assert vars(late)["__init__"] is compiled


def test_an_instance_that_holds_itself_is_shown():
    place = Place("hall")
    place.tags.append(place)  # type: ignore[arg-type]

    assert repr(place) == "Place(name='hall', floor=1, tags=[...])"


def test_names_of_fields_are_no_others():
    @ours.dataclass(frozen=True, slots=True)
    class Odd:
        other: int
        put: int = 1
        unset: list[int] = field(default_factory=list)
        object: int = 2

    assert repr(Odd(0, unset=[3])).endswith("Odd(other=0, put=1, unset=[3], object=2)")
    assert Odd(0) == Odd(0) != Odd(1)


@pytest.mark.parametrize("options", [{}, {"slots": True}, {"frozen": True, "slots": True}])
def test_one_that_extends_another_is_refused_at_once(options: dict[str, bool]):
    class Hall(Place):
        seats: int = 0

    with pytest.raises(TypeError, match="Hall extends a data class"):
        ours.dataclass(**options)(Hall)


def test_they_are_pickled_to_a_process_that_has_made_none():
    there = object.__new__(Place)

    assert pickle.loads(pickle.dumps(Place("hall", 2, ["x"], "s"))) == Place("hall", 2, ["x"], "s")  # noqa: S301 - ours
    there.__setstate__(["hall", 2, ["x"], "s"])  # type: ignore[attr-defined]
    assert there == Place("hall", 2, ["x"], "s")


def test_a_class_with_other_options_is_the_standard_librarys_at_once():
    @ours.dataclass(slots=True)
    class Counter:
        count: int = 0

    counter = Counter()
    counter.count += 1
    assert counter == Counter(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(counter)


def test_a_field_that_two_instances_would_share_is_refused_at_once():
    class Wrong:
        names: list[str] = []  # noqa: RUF012 - that is what is refused

    with pytest.raises(ValueError, match="mutable default"):
        both(Wrong)
