"""Events for a function that nobody waits for: queued, retried, and sometimes delivered twice.

Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from access_es.demo.cloud.invocation import MAX_EVENT_BYTES, Invocation, PayloadTooLarge, Throttled

RETRY_SECONDS = (60.0, 120.0)
THROTTLED_SECONDS = 1.0


@dataclass(slots=True)
class AsyncSettings:
    """May be changed while it runs. `copies` beyond 1 deliver each event so many times, which Lambda may do at any
    time; `time_scale` shortens the pauses."""

    retries: int = 2
    copies: int = 1
    time_scale: float = 1.0


@dataclass(slots=True)
class AsyncEvents:
    """The queue of one function. `attempts` counts deliveries; `failed` are the events that were given up."""

    invoke: Callable[[bytes], Awaitable[Invocation]]
    settings: AsyncSettings = field(default_factory=AsyncSettings)
    attempts: int = 0
    failed: list[bytes] = field(default_factory=list, repr=False)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    def put(self, payload: bytes) -> None:
        """Raises PayloadTooLarge."""
        if len(payload) > MAX_EVENT_BYTES:
            raise PayloadTooLarge(MAX_EVENT_BYTES)
        for _ in range(self.settings.copies):
            task = asyncio.get_running_loop().create_task(self._deliver(payload))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    @property
    def pending(self) -> int:
        return len(self._running)

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _deliver(self, payload: bytes) -> None:
        failures = 0
        while True:
            error = await self._attempt(payload)
            if error is None:
                return
            if failures >= self.settings.retries:
                self.failed.append(payload)
                return
            await asyncio.sleep(RETRY_SECONDS[min(failures, 1)] * self.settings.time_scale)
            failures += 1

    async def _attempt(self, payload: bytes) -> str | None:
        """Until there is room for it: being throttled does not count as a failure."""
        while True:
            try:
                self.attempts += 1
                return (await self.invoke(payload)).error
            except Throttled:
                await asyncio.sleep(THROTTLED_SECONDS * self.settings.time_scale)
