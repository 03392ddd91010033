"""Work waits until the requests of a burst are acknowledged, and no longer than a moment."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bot.platforms.slack.requests.ack_gate import BURST, AckGate


async def test_a_gate_without_requests_is_open():
    gate = AckGate()

    assert await is_open(gate)


@contextmanager
def burst(gate: AckGate) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(BURST):
            stack.enter_context(gate.acknowledging())
        yield


async def is_open(gate: AckGate) -> bool:
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(gate.wait())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        is_done = waiting.done()
        waiting.cancel()
    return is_done


async def test_work_of_a_burst_begins_after_the_last_acknowledgement():
    gate, order = AckGate(), []

    async def work() -> None:
        await gate.wait()
        order.append("work")

    async with asyncio.TaskGroup() as tasks:
        with burst(gate):
            tasks.create_task(work())
            await asyncio.sleep(0)
            order.append("acknowledged")

    assert order == ["acknowledged", "work"]


async def test_after_a_burst_the_gate_waits_for_a_moment_of_quiet():
    gate = AckGate()

    with burst(gate):
        pass

    assert not await is_open(gate)
    await gate.wait()


async def test_a_few_requests_at_once_are_no_burst():
    gate = AckGate()

    with gate.acknowledging(), gate.acknowledging(), gate.acknowledging():
        assert await is_open(gate)


async def test_an_acknowledgement_may_wait_for_work():
    gate = AckGate()

    with gate.acknowledging(), gate.working():
        await gate.wait()


async def test_work_begins_after_a_while_whatever_comes():
    gate = AckGate()

    with burst(gate):
        await gate.wait()


async def test_in_socket_mode_the_gate_stays_open():
    gate = AckGate()

    with gate.working():
        assert await is_open(gate)
