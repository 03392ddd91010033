"""Work that ends when something else happens first, or is cancelled."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


def is_cancelled() -> bool:
    """Whether somebody cancelled the current task.

    Without that, a `CancelledError` is only that of a future it waits for: closing an HTTP session
    cancels what requests in flight wait for. A `TaskGroup` that fails in the task may look like a
    cancellation of it: see `own_task`.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def own_task(work: Awaitable[T]) -> T:
    """What `work` returns, done in a task of its own, which is cancelled with the current one.

    Before Python 3.13, a `TaskGroup` that fails while it waits for its tasks leaves the task that
    it is in marked as cancelled (python/cpython#116720).
    """
    return await asyncio.ensure_future(work)  # noqa: TID251 - it is awaited at once


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
