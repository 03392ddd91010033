"""Regular expressions that are compiled when they are first used.

A start compiles 300. One with many words or a wide set of characters takes milliseconds, and a start
that does not need it can spare them (issue 19). A call costs 40 ns more.
"""

import re
from typing import Any, cast


def late_pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """`re.compile`, later: its methods and attributes, but no instance of `re.Pattern`."""
    return cast("re.Pattern[str]", _Late(text, flags))


class _Late:
    def __init__(self, text: str, flags: int) -> None:
        self._given = text, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._given), name)
        setattr(self, name, found)  # the next time it is found without a call of this method
        return found
