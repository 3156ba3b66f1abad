"""The Lambda Runtime API of one sandbox: where its runtime client fetches events and brings answers.

Paths and headers: Lambda developer guide, "Using the Lambda runtime API".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from access_es.demo.cloud.invocation import MAX_RESPONSE_BYTES, Invocation
from access_es.demo.http_messages import Answer
from access_es.demo.http_server import HttpServer, Received

HOST = "127.0.0.1"
PREFIX = "/2018-06-01/runtime/"
# A stack trace travels in a header, up to 1 MB of it (awslambdaric, lambda_runtime_client.py).
HEAD_BYTES = 2 * 1024 * 1024
_JSON = (b"Content-Type", b"application/json")


@dataclass(frozen=True, slots=True)
class Work:
    """One event for the function."""

    request_id: str
    payload: bytes = field(repr=False)
    deadline_milliseconds: int
    function_arn: str
    trace_id: str = ""

    def answer(self) -> Answer:
        # Without a Content-Type the client crashes.
        headers = [
            _JSON,
            (b"Lambda-Runtime-Aws-Request-Id", self.request_id.encode()),
            (b"Lambda-Runtime-Deadline-Ms", b"%d" % self.deadline_milliseconds),
            (b"Lambda-Runtime-Invoked-Function-Arn", self.function_arn.encode()),
            (b"Lambda-Runtime-Trace-Id", (self.trace_id or f"Root={self.request_id}").encode()),
        ]
        return Answer(200, tuple(headers), self.payload)


class RuntimeApi:
    """`on_next` is called when the client has nothing to do: that is when Lambda freezes it."""

    def __init__(self, on_next: Callable[[], None]) -> None:
        self._on_next = on_next
        self._server = HttpServer(self._answer, head_bytes=HEAD_BYTES)
        self._waiting: asyncio.Future[Work] | None = None
        self._outcome: asyncio.Future[Invocation] | None = None
        self.init_error: bytes | None = None
        self.idle = asyncio.Event()

    async def start(self) -> int:
        return await self._server.start(HOST, 0)

    async def stop(self) -> None:
        await self._server.stop()

    def give(self, work: Work) -> asyncio.Future[Invocation]:
        """Hands an event to the client that waits for one; the future is its answer."""
        if self._waiting is None or not self.idle.is_set():
            raise RuntimeError("the client does not wait for an event")
        self.idle.clear()
        self._outcome = asyncio.get_running_loop().create_future()
        self._waiting.set_result(work)
        return self._outcome

    async def _answer(self, received: Received) -> Answer:
        path = received.head.target.decode("latin-1")
        if path == f"{PREFIX}invocation/next":
            return await self._next()
        body = received.body.read()
        if path == f"{PREFIX}init/error":
            self.init_error = body
            return _accepted()
        if path.startswith(f"{PREFIX}invocation/") and path.endswith("/response"):
            return self._take_response(body)
        if path.startswith(f"{PREFIX}invocation/") and path.endswith("/error"):
            self._settle(Invocation(body, "Unhandled"))
            return _accepted()
        return Answer(404, (_JSON,), b"{}")

    async def _next(self) -> Answer:
        self._waiting = asyncio.get_running_loop().create_future()
        self.idle.set()
        self._on_next()
        work = await self._waiting
        return work.answer()

    def _take_response(self, body: bytes) -> Answer:
        if len(body) <= MAX_RESPONSE_BYTES:
            self._settle(Invocation(body))
            return _accepted()
        words = f"maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
        self._settle(failed("Function.ResponseSizeTooLarge", f"Response payload size exceeded {words}"))
        refusal = {"errorMessage": f"Exceeded {words}", "errorType": "RequestEntityTooLarge"}
        return Answer(413, (_JSON,), json.dumps(refusal).encode())

    def _settle(self, invocation: Invocation) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(invocation)


def failed(kind: str, message: str) -> Invocation:
    """What Lambda answers in place of a function that could not."""
    return Invocation(json.dumps({"errorType": kind, "errorMessage": message}).encode(), "Unhandled")


def _accepted() -> Answer:
    return Answer(202, (_JSON,), b'{"status":"OK"}')
