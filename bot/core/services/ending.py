"""Work that ends when something else happens first."""

import asyncio
from collections.abc import Awaitable, Callable


async def ends_before(
    event: Callable[[], Awaitable[None]], work: Callable[[], Awaitable[None]]
) -> bool:
    """Run `work`, and cancel it once `event` returns; whether it ended by itself."""

    async def run() -> None:
        await work()

    async def cancel() -> None:
        await event()
        working.cancel()

    try:
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(run())
            watching = tasks.create_task(cancel())
            await asyncio.wait((working,))
            watching.cancel()
    except ExceptionGroup as group:
        raise group.exceptions[0] from group
    return not working.cancelled()
