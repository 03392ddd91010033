"""Work waits until the requests of a burst are acknowledged, and no longer than a moment."""

import asyncio

from bot.platforms.slack.inbound.ack_gate import AckGate


async def test_a_gate_without_requests_is_open():
    gate = AckGate()

    async with asyncio.timeout(0.5):
        await gate.wait()


async def test_work_begins_after_the_last_acknowledgement():
    gate, order = AckGate(), []

    async def work() -> None:
        await gate.wait()
        order.append("work")

    async with asyncio.TaskGroup() as tasks:
        with gate.acknowledging():
            tasks.create_task(work())
            with gate.acknowledging():
                await asyncio.sleep(0)
            order.append("acknowledged")

    assert order == ["acknowledged", "work"]


async def test_an_acknowledgement_may_wait_for_work():
    gate = AckGate()

    with gate.acknowledging(), gate.working():
        await gate.wait()


async def test_work_begins_after_a_while_whatever_comes():
    gate = AckGate()

    with gate.acknowledging():
        async with asyncio.timeout(5):
            await gate.wait()


async def test_in_socket_mode_the_gate_stays_open():
    gate = AckGate()

    with gate.working():
        async with asyncio.timeout(0.5):
            await gate.wait()


async def test_a_request_that_is_no_part_of_a_burst_opens_the_gate_at_once():
    gate = AckGate()

    with gate.acknowledging():
        pass

    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(gate.wait())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert waiting.done()


async def test_after_a_burst_the_gate_waits_for_a_moment_of_quiet():
    gate = AckGate()

    with gate.acknowledging(), gate.acknowledging():
        pass

    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(gate.wait())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
