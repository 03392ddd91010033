"""Threads have short turns while somebody asked for them."""

import sys

from bot.core.turns import short_turns


def test_turns_are_short_until_the_last_who_asked_for_it_ends():
    before = sys.getswitchinterval()
    first, second = short_turns(), short_turns()

    with first:
        second.__enter__()
        while_both = sys.getswitchinterval()
    while_one = sys.getswitchinterval()
    second.__exit__(None, None, None)

    assert while_both == while_one == min(before, 0.001)
    assert sys.getswitchinterval() == before
