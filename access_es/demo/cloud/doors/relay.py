"""A streamed response on its way through a door: waited for, begun when its prelude is there, cut off when it fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

from access_es.demo.cloud.doors.messages import Arrived, Failure, MalformedAnswer
from access_es.demo.cloud.doors.rest_streaming import MEDIA_TYPE, StreamingRestApi, as_answer, split_prelude
from access_es.demo.cloud.invocation import Invocation, PayloadTooLarge, Throttled
from access_es.demo.cloud.response_stream import ResponseStream
from access_es.demo.http_messages import Answer, has_no_body
from access_es.demo.http_server import ConnectionLostError


class Relay:
    """One answer. `invocation` is what the function is doing, also after the door has given up."""

    def __init__(self, door: StreamingRestApi, arrived: Arrived, stream: ResponseStream, time_scale: float) -> None:
        self._door = door
        self._arrived = arrived
        self._stream = stream
        self._idle_seconds = door.idle_seconds * time_scale
        self._until = time.monotonic() + door.total_seconds * time_scale

    async def answer(self, invocation: asyncio.Task[Invocation]) -> Answer:
        try:
            return await self._begin(invocation)
        except TimeoutError:
            failure = Failure.TIMED_OUT
        except PayloadTooLarge:
            failure = Failure.EVENT_TOO_LARGE
        except Throttled:
            failure = Failure.THROTTLED
        except MalformedAnswer:
            self._stream.abandon()
            return self._door.refuse_payload(self._arrived)
        except BaseException:
            self._stream.abandon()
            raise
        self._stream.abandon()
        return self._door.fail(failure, self._arrived)

    async def _begin(self, invocation: asyncio.Task[Invocation]) -> Answer:
        either: set[asyncio.Future[Any]] = {invocation, self._stream.started}
        await asyncio.wait(either, timeout=self._wait_seconds(), return_when=asyncio.FIRST_COMPLETED)
        if not self._stream.started.done():
            if not invocation.done():
                raise TimeoutError
            invocation.result()  # raises why it could not begin
            return self._door.fail(Failure.FUNCTION_FAILED, self._arrived)
        if self._stream.started.result().partition(";")[0].strip() != MEDIA_TYPE:
            raise MalformedAnswer("not of the streaming type")
        buffer = b""
        while (found := split_prelude(buffer)) is None:
            piece = await self._next()
            if piece is None:
                raise MalformedAnswer("it ended within the prelude")
            buffer += piece
        head = self._door.read_head(found[0], self._arrived)
        answer = as_answer(head, self._arrived)
        if has_no_body(self._arrived.method, head.status):
            self._stream.abandon()
            return answer
        return replace(answer, body=self._pass_on(found[1], head.length))

    async def _pass_on(self, first: bytes, length: int | None) -> AsyncGenerator[bytes, None]:
        """Raises ConnectionLostError where it is not whole: the client must see that."""
        sent = 0
        piece: bytes | None = first
        try:
            while piece is not None:
                sent += len(piece)
                if length is not None and sent > length:
                    raise ConnectionLostError("more than was announced")
                yield piece
                piece = await self._next()
        except TimeoutError:
            raise ConnectionLostError("no byte for too long") from None
        finally:
            self._stream.abandon()
        is_cut = self._stream.is_cut or (self._stream.error is not None and self._door.trailers_cut)
        if is_cut or (length is not None and sent < length):
            raise ConnectionLostError("the function broke off")

    async def _next(self) -> bytes | None:
        return await asyncio.wait_for(self._stream.read(), self._wait_seconds())

    def _wait_seconds(self) -> float:
        return max(0.0, min(self._idle_seconds, self._until - time.monotonic()))
