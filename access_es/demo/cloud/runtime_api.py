"""The Lambda Runtime API of one sandbox: where its runtime client fetches events and brings answers.

Paths and headers: Lambda developer guide, "Using the Lambda runtime API".
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from access_es.demo.cloud.invocation import MAX_RESPONSE_BYTES, Invocation
from access_es.demo.cloud.response_stream import ResponseStream, StreamTooLarge
from access_es.demo.http_messages import Answer, BadMessageError, values
from access_es.demo.http_server import RESPONSE_MODE, Arriving, HttpServer, Received

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
    invocation_id: str = field(default_factory=lambda: secrets.token_hex(8))
    stream: ResponseStream | None = field(default=None, repr=False)  # of InvokeWithResponseStream

    def answer(self) -> Answer:
        # Without a Content-Type the client crashes.
        headers = [
            _JSON,
            (b"Lambda-Runtime-Aws-Request-Id", self.request_id.encode()),
            (b"Lambda-Runtime-Deadline-Ms", b"%d" % self.deadline_milliseconds),
            (b"Lambda-Runtime-Invoked-Function-Arn", self.function_arn.encode()),
            (b"Lambda-Runtime-Invocation-Id", self.invocation_id.encode()),
            (b"Lambda-Runtime-Trace-Id", (self.trace_id or f"Root={self.request_id}").encode()),
        ]
        return Answer(200, tuple(headers), self.payload)


class RuntimeApi:
    """`on_next` is called when the client has nothing to do: that is when Lambda freezes it."""

    def __init__(self, on_next: Callable[[], None]) -> None:
        self._on_next = on_next
        self._server = HttpServer(self._answer, head_bytes=HEAD_BYTES, arriving=self._take_stream)
        self._waiting: asyncio.Future[Work] | None = None
        self._work: Work | None = None
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
        self._work = work
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
            return await self._take_response(body, values(received.head.headers, b"content-type"))
        if path.startswith(f"{PREFIX}invocation/") and path.endswith("/error"):
            if self._work and self._work.stream and self._work.stream.started.done():
                return _refused(403, "InvalidStateTransition")
            self._settle(Invocation(body, "Unhandled"))
            return _accepted()
        return Answer(404, (_JSON,), b"{}")

    async def _next(self) -> Answer:
        self._waiting = asyncio.get_running_loop().create_future()
        self.idle.set()
        self._on_next()
        work = await self._waiting
        return work.answer()

    async def _take_response(self, body: bytes, content_type: list[bytes]) -> Answer:
        """In one piece; whoever invoked for a stream gets it with its content type, as it is."""
        if len(body) <= MAX_RESPONSE_BYTES:
            if self._work and (stream := self._work.stream):
                stream.start(b"".join(content_type[-1:]).decode("latin-1"))
                await stream.put(body)
                await stream.finish()
            self._settle(Invocation(body))
            return _accepted()
        words = f"maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
        self._settle(failed("Function.ResponseSizeTooLarge", f"Response payload size exceeded {words}"))
        refusal = {"errorMessage": f"Exceeded {words}", "errorType": "RequestEntityTooLarge"}
        return Answer(413, (_JSON,), json.dumps(refusal).encode())

    async def _take_stream(self, arriving: Arriving) -> Answer:
        """A response that is posted while it is made. To Invoke it goes in one piece, prelude and all."""
        work = self._work
        if work is None or f"/{work.request_id}/" not in arriving.head.target.decode("latin-1"):
            return _refused(400, "InvalidRequestID")
        if values(arriving.head.headers, RESPONSE_MODE)[-1].lower() != b"streaming":
            self._settle(failed("Runtime.InvalidResponseModeHeader", "Invalid response mode"))
            return _refused(400, "InvalidFunctionResponseMode")
        if values(arriving.head.headers, b"lambda-runtime-invocation-id") not in ([], [work.invocation_id.encode()]):
            return _refused(400, "InvalidInvocationId")
        content_type = values(arriving.head.headers, b"content-type")
        return await (
            self._collect(arriving, content_type) if work.stream is None else self._pass_on(work.stream, arriving)
        )

    async def _collect(self, arriving: Arriving, content_type: list[bytes]) -> Answer:
        body = bytearray()
        async for piece in arriving.pieces:
            if len(body) <= MAX_RESPONSE_BYTES:
                body += piece
        return await self._take_response(bytes(body), content_type)

    async def _pass_on(self, stream: ResponseStream, arriving: Arriving) -> Answer:
        stream.start(b"".join(values(arriving.head.headers, b"content-type")[-1:]).decode("latin-1"))
        try:
            async for piece in arriving.pieces:
                await stream.put(piece)
        except (asyncio.IncompleteReadError, ConnectionError, BadMessageError, StreamTooLarge) as fault:
            kind = "Function.ResponseSizeTooLarge" if isinstance(fault, StreamTooLarge) else "Runtime.TruncatedResponse"
            await stream.finish(kind, is_cut=True)
            self._settle(failed(kind, "the response is not whole"))
            return _refused(413 if isinstance(fault, StreamTooLarge) else 400, kind.partition(".")[2])
        await stream.finish(_error_of(arriving.trailers))
        self._settle(Invocation(b""))  # a response with error trailers counts as a success
        return _accepted()

    def _settle(self, invocation: Invocation) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(invocation)


def failed(kind: str, message: str) -> Invocation:
    """What Lambda answers in place of a function that could not."""
    return Invocation(json.dumps({"errorType": kind, "errorMessage": message}).encode(), "Unhandled")


def _error_of(trailers: list[bytes]) -> str | None:
    """The Error-Type of a runtime that gave up midway (Lambda developer guide, "Building a custom runtime")."""
    for line in trailers:
        name, _, value = line.partition(b":")
        if name.lower() == b"lambda-runtime-function-error-type":
            return value.strip().decode("latin-1")
    return None


def _refused(status: int, kind: str) -> Answer:
    return Answer(status, (_JSON,), json.dumps({"errorMessage": kind, "errorType": kind}).encode())


def _accepted() -> Answer:
    return Answer(202, (_JSON,), b'{"status":"OK"}')
