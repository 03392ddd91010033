"""What a form cannot show of a text comes back as it was, wherever the text was not changed.

A form shows no control characters and one kind of line end, and leaves out some white space.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate, takewhile

from bot.archive.domain.formats.paragraphs import split_paragraphs
from bot.core.domain.late import late_pattern
from bot.core.domain.untrusted.incoming_text import well_formed

_NOT_EVERYWHERE = late_pattern("[\u202a-\u202e\u2066-\u2069\ufeff]")
"""Direction overrides and byte order marks: Slack's fields have none."""


def carried(text: str) -> str:
    """A text as it comes back from a form that shows it, whatever the platform."""
    return well_formed(_NOT_EVERYWHERE.sub("", text))


def shown_paragraphs(written: Sequence[str]) -> tuple[str, ...]:
    """The paragraphs that a form shows of those that are written."""
    return split_paragraphs("\n\n".join(map(carried, written)))


def put_back(written: Sequence[str], typed: Sequence[str]) -> tuple[str, ...]:
    """The typed paragraphs; those that stand there as they were shown are what is written.

    What a form does not show at all stays. In a paragraph that was changed, what stands before and
    behind the change is what is written, too.
    """
    if not typed:
        return ()
    shown = shown_paragraphs(written)
    places, equal = _aligned(shown, typed)
    result = [[each] for each in typed]
    unseen: list[list[str]] = [[] for _ in range(len(typed) + 1)]
    for begin, end, paragraphs in _parts(written, shown):
        place = places[begin]
        if begin == end:
            unseen[place] += paragraphs
        elif equal.issuperset(range(begin, end)) and places[end - 1] - place == end - begin - 1:
            result[place : place + end - begin] = [list(paragraphs), *[[]] * (end - begin - 1)]
        elif end - begin == len(paragraphs) == 1 and place < places[end] and begin not in equal:
            result[place] = [_with_ends_of(paragraphs[0], typed[place])]
    parts = zip(unseen, [*result, []], strict=True)
    return tuple(paragraph for before, part in parts for paragraph in (*before, *part))


def _aligned(shown: Sequence[str], typed: Sequence[str]) -> tuple[list[int], set[int]]:
    """The place among those typed of each that is shown, and of the end; which of them are equal.

    The same beginning and the same end are found first: comparing the rest takes longer.
    """
    first = _common(shown, typed)
    last = _common(shown[first:][::-1], typed[first:][::-1])
    stop = len(shown) - last
    places = [*range(first), *[first] * (stop - first), *range(len(typed) - last, len(typed) + 1)]
    equal = {*range(first), *range(stop, len(shown))}
    rest = SequenceMatcher(None, shown[first:stop], typed[first : len(typed) - last])
    for kind, i, i_end, j, j_end in rest.get_opcodes():
        for at in range(i, i_end):
            places[first + at] = first + min(j + at - i, j_end)
            if kind == "equal":
                equal.add(first + at)
    return places, equal


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many the two have in common at their beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _parts(
    written: Sequence[str], shown: Sequence[str]
) -> Iterator[tuple[int, int, Sequence[str]]]:
    """From where to where in what is shown some written paragraphs stand; nowhere: at one place.

    Mostly one stands for one. Both have the same lines, so ends at the same line belong together.
    """
    ends = {0: 0} | {
        line: place for place, line in enumerate(accumulate(map(_count_lines, shown)), 1)
    }
    lines = first = begin = 0
    for place, paragraph in enumerate(written, 1):
        lines += _count_lines(carried(paragraph))
        if lines in ends:
            yield begin, ends[lines], written[first:place]
            first, begin = place, ends[lines]


def _count_lines(text: str) -> int:
    return sum(1 for line in text.split("\n") if line.strip())


def _with_ends_of(written: str, typed: str) -> str:
    """What was typed in the place of a paragraph, with its beginning and end as far as both agree."""
    characters = [carried(f"x{each}")[1:] for each in written]
    shown = "".join(characters)
    if shown == written or (shown,) != shown_paragraphs((written,)):
        return typed
    first = _common(shown, typed)
    last = _common(shown[first:][::-1], typed[first:][::-1])
    ends = list(accumulate(map(len, characters), initial=0))
    start = bisect_right(ends, first) - 1
    stop = max(start, ends.index(len(shown) - last))
    return f"{written[:start]}{typed[first : len(typed) - last]}{written[stop:]}"
