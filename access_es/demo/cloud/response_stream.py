"""One response on its way through InvokeWithResponseStream: as fast as Lambda lets it, to whoever invoked.

Lambda developer guide, "Response streaming"; the rate limit as in aws/aws-lambda-runtime-interface-emulator
(bandwidthlimiter): 6 MiB at once, then 256 KiB each 125 ms.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

BURST_BYTES = 6 * 1024 * 1024
REFILL_BYTES, REFILL_SECONDS = 256 * 1024, 0.125
MAX_STREAM_BYTES = 200 * 1024 * 1024
_QUEUED_PIECES = 16


class StreamTooLarge(Exception):
    """More than Lambda streams. What a client sees then, nobody has recorded; here it is cut off."""


class ResponseStream:
    """`started` gets the payload's content type. Exactly one `finish` ends it.

    `error` is what the runtime said in trailers, or what happened to it; `is_cut` whether the payload is not whole.
    """

    def __init__(self, time_scale: float = 1.0) -> None:
        self.started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.error: str | None = None
        self.is_cut = False
        self.sent_bytes = 0
        self._time_scale = time_scale
        self._tokens = BURST_BYTES
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUED_PIECES)
        self._is_abandoned = False
        self._is_finished = False

    def start(self, content_type: str) -> None:
        if not self.started.done():
            self.started.set_result(content_type)

    async def put(self, piece: bytes) -> None:
        """Returns when it has been copied, which is when the runtime may go on. Raises StreamTooLarge."""
        self.sent_bytes += len(piece)
        if self.sent_bytes > MAX_STREAM_BYTES:
            raise StreamTooLarge
        await self._take_tokens(len(piece))
        if not self._is_abandoned:
            await self._queue.put(piece)

    async def _take_tokens(self, count: int) -> None:
        self._tokens -= count
        while self._tokens < 0:
            await asyncio.sleep(REFILL_SECONDS * self._time_scale)
            self._tokens += REFILL_BYTES

    async def finish(self, error: str | None = None, *, is_cut: bool = False) -> None:
        if self._is_finished:
            return
        self._is_finished = True
        self.error, self.is_cut = error, is_cut
        if not self._is_abandoned:
            await self._queue.put(None)

    def abandon(self) -> None:
        """Nobody reads any more; the function goes on ("you continue to be billed", Lambda developer guide)."""
        self._is_abandoned = True
        while not self._queue.empty():
            self._queue.get_nowait()

    async def read(self) -> bytes | None:
        """The next piece, None at the end."""
        return await self._queue.get()

    async def drain(self) -> AsyncIterator[bytes]:
        while (piece := await self.read()) is not None:
            yield piece
