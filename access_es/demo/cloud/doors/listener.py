"""A front door that listens: raw HTTP in, an invocation, HTTP out. What a door cannot do, it answers for itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from access_es.demo.cloud.doors.messages import Arrived, Door, Failure, MalformedAnswer, Moment
from access_es.demo.cloud.doors.relay import Relay
from access_es.demo.cloud.doors.rest_streaming import StreamingRestApi
from access_es.demo.cloud.invocation import Invocation, PayloadTooLarge, Throttled
from access_es.demo.cloud.response_stream import ResponseStream
from access_es.demo.http_messages import Answer
from access_es.demo.http_server import HttpServer, Received


class Invoke(Protocol):
    """A function; with `stream`, its response goes there while it is made."""

    def __call__(self, payload: bytes, stream: ResponseStream | None = None, /) -> Awaitable[Invocation]: ...


HEAD_BYTES = 2 * 1024 * 1024


@dataclass(slots=True)
class ListenerSettings:
    """May be changed while it runs. `time_scale` shortens the door's timeout: 0.1 makes 29 seconds 2.9."""

    client: str = "127.0.0.1"
    scheme: str = "http"
    time_scale: float = 1.0


class Front:
    """One door on one address."""

    def __init__(self, door: Door, invoke: Invoke, settings: ListenerSettings | None = None) -> None:
        self.door = door
        self.settings = settings or ListenerSettings()
        self._invoke = invoke
        self._server = HttpServer(self._answer, head_bytes=HEAD_BYTES)
        self._port = 0
        self._running: set[asyncio.Task[Invocation]] = set()

    async def start(self, host: str, port: int) -> int:
        self._port = await self._server.start(host, port)
        return self._port

    async def stop(self) -> None:
        await self._server.stop()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _answer(self, received: Received) -> Answer:
        door = self.door  # as it was published when the request came, whatever is published meanwhile
        arrived = self._read(received)
        refused = door.refuse(arrived)
        if refused is not None:
            return refused
        event = json.dumps(door.build_event(arrived), ensure_ascii=False).encode()
        if isinstance(door, StreamingRestApi):
            stream = ResponseStream(self.settings.time_scale)
            relay = Relay(door, arrived, stream, self.settings.time_scale)
            return await relay.answer(self._begin(event, stream))
        outcome = await self._wait(event, door.limits.timeout_seconds)
        if isinstance(outcome, Failure):
            return door.fail(outcome, arrived)
        try:
            return door.read_answer(outcome, arrived)
        except MalformedAnswer:
            return door.fail(Failure.FUNCTION_FAILED, arrived)

    def _read(self, received: Received) -> Arrived:
        head = received.head
        return Arrived(
            method=head.method,
            target=head.target,
            headers=head.headers,
            body=received.body.read(),
            client=self.settings.client,
            moment=Moment.now(),
            scheme=self.settings.scheme,
            port=self._port,
        )

    async def _wait(self, event: bytes, limit: float | None) -> bytes | Failure:
        """The function's answer. It runs on when the door stops waiting, and when the client goes away
        ("the Lambda function might continue to execute", API Gateway developer guide, response transfer mode)."""
        task = self._begin(event)
        try:
            done = await asyncio.wait_for(asyncio.shield(task), limit and limit * self.settings.time_scale)
        except TimeoutError:
            return Failure.TIMED_OUT
        except PayloadTooLarge:
            return Failure.EVENT_TOO_LARGE
        except Throttled:
            return Failure.THROTTLED
        return Failure.FUNCTION_FAILED if done.error else done.payload

    def _begin(self, event: bytes, stream: ResponseStream | None = None) -> asyncio.Task[Invocation]:
        task = asyncio.ensure_future(self._invoke(event, stream))
        self._running.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Invocation]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen here too, so that asyncio does not warn when nobody waits for it any more
