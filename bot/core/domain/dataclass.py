"""Data classes as the standard library's, which cost little to define.

`dataclasses` compiles six methods of a class when it is defined. A start defines 400 classes, and that
took a fifth of its time (issue 19). Here a class has the standard library's fields and slots, so that
`fields`, `replace` and `asdict` work. What is called often, `__init__`, `__eq__` and `__hash__`, is
compiled when it is first called; the other methods are the same functions for all classes. Type
checkers see the standard library's decorator.
"""

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any  # noqa: TID251 - for type checkers only: no import circle

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - for others to import
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """`dataclasses.dataclass`, without `InitVar`, `KW_ONLY` and fields that are not in `__init__`.

        Raises `TypeError` for a class that extends a data class. Until the first instance is made,
        `inspect.signature` does not know the parameters.
        """
        if cls is None:
            return partial(dataclass, **options)
        if any(map(dataclasses.is_dataclass, cls.__bases__)):
            raise TypeError(f"{cls.__qualname__} extends a data class: let it have one instead")
        return _value(cls) if options == _OF_VALUES else dataclasses.dataclass(cls, **options)


_OF_VALUES = {"frozen": True, "slots": True}
"""The options of nearly all of the bot's data classes; the others are made as usual."""


def _value(cls: type) -> type:
    own = {name for name, given in vars(cls).items() if given is not None}
    if cls.__doc__ is None:  # else `dataclasses` parses a signature to make one
        cls.__doc__ = cls.__name__
    made: type = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)

    def compiled_late(name: str) -> Callable[..., Any]:
        def method(self: Any, *arguments: Any, **named: Any) -> Any:
            setattr(made, name, _compiled(made, name))
            return getattr(made, name)(self, *arguments, **named)

        return method

    for name in _TEXTS.keys() - own:
        setattr(made, name, compiled_late(name))
    for name in _SHARED.keys() - own:
        setattr(made, name, _SHARED[name])
    return made


def _compiled(cls: type, name: str) -> Callable[..., Any]:
    fields = dataclasses.fields(cls)
    known: dict[str, Any] = {"__put": object.__setattr__, "__unset": object()}
    known |= {f"__default_{each.name}": each.default for each in fields}
    known |= {f"__make_{each.name}": each.default_factory for each in fields}
    exec(_TEXTS[name](cls), known)  # noqa: S102 - of the names of our fields
    method: Callable[..., Any] = known[name]
    method.__qualname__ = f"{cls.__qualname__}.{name}"
    return method


def _init_text(cls: type) -> str:
    parameters, steps = [], ["pass"]
    for each in dataclasses.fields(cls):
        name = value = parameter = each.name
        if each.default is not dataclasses.MISSING:
            parameter = f"{name}=__default_{name}"
        elif each.default_factory is not dataclasses.MISSING:
            parameter = f"{name}=__unset"
            value = f"__make_{name}() if {name} is __unset else {name}"
        parameters.append(parameter)
        steps.append(f"__put(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        steps.append("self.__post_init__()")
    return f"def __init__(self, {', '.join(parameters)}):\n " + "\n ".join(steps)


def _eq_text(cls: type) -> str:
    same = f"{_values('self', cls)} == {_values('other', cls)}"
    return f"def __eq__(self, other):\n return {same} if other.__class__ is self.__class__ else NotImplemented"


def _hash_text(cls: type) -> str:
    return f"def __hash__(self):\n return hash({_values('self', cls)})"


def _values(of: str, cls: type) -> str:
    return f"({''.join(f'{of}.{each.name}, ' for each in dataclasses.fields(cls) if each.compare)})"


@recursive_repr("...")
def _repr(self: Any) -> str:
    shown = (each.name for each in dataclasses.fields(self) if each.repr)
    values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
    return f"{type(self).__qualname__}({values})"


def _refuse_to_set(_self: Any, name: str, _value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _restore(self: Any, state: Sequence[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


_SHARED = {
    "__repr__": _repr,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _state,
    "__setstate__": _restore,
}
_TEXTS = {"__init__": _init_text, "__eq__": _eq_text, "__hash__": _hash_text}
