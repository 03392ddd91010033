"""What grows too fast is found out, however busy the machine is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.growth import LINEAR, exponent, repeated


def quadratic(text: str) -> int:
    return sum(text.find("ab", place) for place in range(0, len(text), 8))


def test_a_function_that_is_quadratic_is_found_out():
    assert exponent(quadratic, repeated("a")) > LINEAR


def test_a_function_that_is_linear_is_not():
    assert exponent(lambda text: [ord(one) ** 3 for one in text * 4], repeated("a")) < LINEAR


@pytest.mark.parametrize("power", [1.0, 2.0])
@given(noise=st.lists(st.floats(1.0, 3.5), min_size=1))
def test_no_measurement_that_takes_three_times_as_long_changes_the_answer(
    power: float, noise: list[float]
):
    now = 0.0
    runs = 0

    def work(size: int) -> None:
        nonlocal now, runs
        now += 1e-6 * size**power * noise[runs % len(noise)]
        runs += 1

    assert (exponent(work, lambda size: size, clock=lambda: now) < LINEAR) == (power < LINEAR)


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_a_cache_of_what_was_read_changes_no_answer(power: float):
    now = 0.0
    kept: set[int] = set()

    def work(size: int) -> None:
        nonlocal now
        if size not in kept:
            now += 1e-6 * size**power
        kept.add(size)

    assert (exponent(work, lambda size: size, clock=lambda: now) < LINEAR) == (power < LINEAR)
