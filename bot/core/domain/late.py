"""What is made when it is first used: regular expressions, and what is slow to import.

A pattern of a module is one, unless a library is given it: a start would compile nearly 400 and use 60 of
them, and one with many words or a wide set of characters takes milliseconds (issue 19). A call costs
40 ns more.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

T = TypeVar("T")


def late(make: Callable[[], T]) -> T:
    """What `make` returns, made later: its methods and attributes, but no instance of its class.

    `make` is called when one of them is first asked for, and again only where several threads ask at
    once; what it raises is raised then.
    """
    return cast("T", _Late(make))


def late_pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """`re.compile`, later; not for libraries, which look at its class."""
    return late(partial(re.compile, text, flags))


class _Late:
    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # of nothing that is made; a copy has no attribute yet
            raise AttributeError(name)
        # Not a `cached_property`: before Python 3.12 all of a class share a lock, and what is made may
        # wait for an import in another thread, which may use a pattern.
        if "_made" not in vars(self):
            self._made = self._make()
        found = getattr(self._made, name)
        setattr(self, name, found)  # the next time it is found without a call of this method
        return found
