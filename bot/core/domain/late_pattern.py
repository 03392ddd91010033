"""Regular expressions that are compiled when they are first used.

Every pattern of a module is one: a start would compile nearly 400 and use 60 of them, and one with many
words or a wide set of characters takes milliseconds (issue 19). A call costs 40 ns more.
"""

import re
from functools import cached_property
from typing import Any, cast


def late_pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """`re.compile`, later: its methods and attributes, but no instance of `re.Pattern`."""
    return cast("re.Pattern[str]", _Late(text, flags))


class _Late:
    def __init__(self, text: str, flags: int) -> None:
        self._given = text, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(*self._given)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # of no pattern; a copy has no attribute yet
            raise AttributeError(name)
        found = getattr(self._compiled, name)
        setattr(self, name, found)  # the next time it is found without a call of this method
        return found
