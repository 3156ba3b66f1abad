"""A small strict HTTP/1.1 server on asyncio: one handler, keep-alive, bodies spooled before the handler runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from access_es.demo.http_bodies import SpooledBody, read_chunks, read_length, spool, write_pieces
from access_es.demo.http_messages import (
    Answer,
    BadMessageError,
    RequestHead,
    has_no_body,
    parse_request,
    render_head,
    status_line,
    values,
)

HEAD_BYTES = 128 * 1024
RESPONSE_MODE = b"lambda-runtime-function-response-mode"


class ConnectionLostError(Exception):
    """The answer stops here and the connection with it, as after a crash of the domain."""


@dataclass(frozen=True, slots=True)
class Received:
    """One whole request."""

    head: RequestHead
    body: SpooledBody


@dataclass(frozen=True, slots=True)
class Arriving:
    """A request whose chunked body is read by its handler while it arrives; `trailers` is filled at its end."""

    head: RequestHead
    pieces: AsyncIterator[bytes]
    trailers: list[bytes]


Handler = Callable[[Received], Awaitable[Answer]]
ArrivingHandler = Callable[[Arriving], Awaitable[Answer]]


class WatchedReader(asyncio.StreamReader):
    """Says at once that the peer has gone, also while nobody reads."""

    on_hang_up: Callable[[], object] | None = None

    def feed_eof(self) -> None:
        super().feed_eof()
        self._tell()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self._tell()

    def _tell(self) -> None:
        if self.on_hang_up is not None:
            self.on_hang_up()


class HttpServer:
    """Serves `handler` on one address; `connections` are the open ones, `idle` those between two requests."""

    def __init__(self, handler: Handler, head_bytes: int = HEAD_BYTES, arriving: ArrivingHandler | None = None) -> None:
        """`arriving` gets the requests that say how their response is to be streamed, and their connection ends."""
        self._handler = handler
        self._arriving = arriving
        self._head_bytes = head_bytes
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle: set[asyncio.StreamWriter] = set()

    async def start(self, host: str, port: int) -> int:
        """Listens, and returns the port (chosen by the system for 0)."""
        loop = asyncio.get_running_loop()

        def connection() -> asyncio.StreamReaderProtocol:
            reader = WatchedReader(limit=self._head_bytes, loop=loop)
            return asyncio.StreamReaderProtocol(reader, self._serve, loop=loop)

        self._server = await loop.create_server(connection, host, port, backlog=1024)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drop_idle(self) -> int:
        """Closes every connection that waits for its next request, as a load balancer does after a while."""
        dropped = list(self._idle)
        for writer in dropped:
            writer.close()
        return len(dropped)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or not isinstance(reader, WatchedReader):
            raise TypeError("connections are made by start()")
        self._tasks.add(task)
        try:
            while await self._serve_one(reader, writer, task):
                pass
        except asyncio.CancelledError:
            writer.transport.abort()
        except (OSError, asyncio.IncompleteReadError, ConnectionLostError):
            pass
        finally:
            self._tasks.discard(task)
            with contextlib.suppress(OSError):
                writer.close()

    async def _serve_one(self, reader: WatchedReader, writer: asyncio.StreamWriter, task: "asyncio.Task[None]") -> bool:
        """One request and its answer; False when the connection ends with it."""
        try:
            head = await self._read_head(reader, writer)
            if self._arriving is not None and values(head.headers, RESPONSE_MODE):
                trailers: list[bytes] = []
                await write_answer(
                    writer, head, await self._arriving(Arriving(head, read_chunks(reader, trailers), trailers))
                )
                return False
            body = await self._read_body(head, reader, writer)
        except BadMessageError as error:
            await _refuse(writer, error.status, str(error))
            return False
        reader.on_hang_up = task.cancel
        try:
            if reader.at_eof():
                return False
            answer = await self._handler(Received(head, body))
            return await write_answer(writer, head, answer)
        finally:
            reader.on_hang_up = None
            body.close()

    async def _read_head(self, reader: WatchedReader, writer: asyncio.StreamWriter) -> RequestHead:
        self._idle.add(writer)
        try:
            raw = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise BadMessageError("head too large", 431) from None
        finally:
            self._idle.discard(writer)
        return parse_request(raw)

    async def _read_body(self, head: RequestHead, reader: WatchedReader, writer: asyncio.StreamWriter) -> SpooledBody:
        if head.expects_continue:
            writer.write(status_line(100) + b"\r\n\r\n")
        try:
            return await spool(read_chunks(reader) if head.length is None else read_length(reader, head.length))
        except asyncio.LimitOverrunError:
            raise BadMessageError("chunk line too long") from None


async def write_answer(writer: asyncio.StreamWriter, head: RequestHead, answer: Answer) -> bool:
    """Writes `answer` to the request `head`; True when the connection may serve another one."""
    for status in answer.interim:
        writer.write(status_line(status) + b"\r\n\r\n")
    framing, chunked, delimited = _framing(head, answer)
    keep_alive = head.keep_alive and delimited
    if not keep_alive:
        framing.append((b"Connection", b"close"))
    first = render_head(status_line(answer.status, answer.reason), (*answer.headers, *framing))
    bodyless = has_no_body(head.method, answer.status)
    if isinstance(answer.body, bytes):
        writer.write(first if bodyless else first + answer.body)
    else:
        writer.write(first)
        async with contextlib.aclosing(answer.body):
            if not bodyless:
                await write_pieces(writer, answer.body, chunked)
    await writer.drain()
    return keep_alive


def _framing(head: RequestHead, answer: Answer) -> tuple[list[tuple[bytes, bytes]], bool, bool]:
    """Framing headers, whether the body is chunked, and whether its end can be seen without closing."""
    length = len(answer.body) if isinstance(answer.body, bytes) and answer.length is None else answer.length
    if has_no_body(head.method, answer.status):
        # 204 must not have a length, 304 tells one only when it is that of the full answer (RFC 9110, 8.6).
        tells = answer.length is not None if answer.status == 304 else head.method == "HEAD" and answer.status != 204
        return [(b"Content-Length", b"%d" % length)] if tells and length is not None else [], False, True
    if length is not None:
        return [(b"Content-Length", b"%d" % length)], False, True
    if head.may_be_chunked:
        return [(b"Transfer-Encoding", b"chunked")], True, True
    return [], False, False


async def _refuse(writer: asyncio.StreamWriter, status: int, reason: str) -> None:
    body = reason.encode() + b"\n"
    headers = ((b"Content-Type", b"text/plain"), (b"Content-Length", b"%d" % len(body)), (b"Connection", b"close"))
    writer.write(render_head(status_line(status), headers) + body)
    await writer.drain()
