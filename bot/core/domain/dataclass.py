"""The standard library's data classes, whose methods are made when they are first called.

`dataclasses` compiles six methods of a class as soon as it is defined. The bot has hundreds of such
classes, and calls the methods of few before it answers: to compile them all took a sixth of its start
(issue 19). Type checkers see the standard library's decorator, and what it makes is used unchanged.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any  # noqa: TID251 - hides no circle, but how it is done

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - for others to import
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """`dataclasses.dataclass`; fields in an order that cannot be are found at the first call.

        Raises `TypeError` where one frozen class would extend another, which no class of ours does.
        """
        if cls is None:
            return lambda given: dataclass(given, **options)
        if options == _OF_VALUES:
            return _with_late_methods(cls)
        return dataclasses.dataclass(cls, **options)


_OF_VALUES = {"frozen": True, "slots": True}
"""The options of nearly all of the bot's data classes; the others are made as usual."""
_MADE_BY = {
    "__init__": "init", "__setattr__": "init", "__delattr__": "init", "__getstate__": "init",
    "__setstate__": "init", "__repr__": "repr", "__eq__": "eq", "__hash__": "eq",
}  # fmt: skip
"""What `dataclasses` adds to such a class, and the option by which it does."""


def _with_late_methods(cls: type) -> type:
    """The class with its fields and slots; the first call of a method makes the real one."""
    if any(map(dataclasses.is_dataclass, cls.__bases__)):
        raise TypeError(f"{cls.__qualname__} extends a data class: let it have one instead")
    body = {k: v for k, v in vars(cls).items() if k not in {"__dict__", "__weakref__"}}
    late = [name for name in _MADE_BY if body.get(name) is None]

    def make(option: str) -> None:
        options = {each: each == option for each in _MADE_BY.values()}
        twin = type(cls)(cls.__name__, cls.__bases__, dict(body))
        methods = vars(dataclasses.dataclass(**_OF_VALUES, **options)(twin))
        for name in late:
            if _MADE_BY[name] == option:
                setattr(made, name, methods[name])

    def stand_in(name: str) -> Callable[..., Any]:
        def method(self: Any, *arguments: Any, **named: Any) -> Any:
            make(_MADE_BY[name])
            return getattr(made, name)(self, *arguments, **named)

        return method

    for name in late:
        setattr(cls, name, stand_in(name))
    made: type = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    return made
