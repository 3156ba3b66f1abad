"""Requests to an engine behind the gateway: the bytes go as they came, over pooled connections."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from urllib.parse import urlsplit

from access_es.demo.canonical import HeaderPairs
from access_es.demo.http_bodies import (
    PIECE_BYTES,
    SpooledBody,
    read_chunks,
    read_length,
    read_to_end,
)
from access_es.demo.http_messages import (
    Answer,
    BadMessageError,
    ResponseHead,
    end_to_end,
    has_no_body,
    parse_response,
    render_head,
)

# Kibana's server closes idle connections after 120 s; one that has waited half of that is not worth the risk.
IDLE_SECONDS = 60.0
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})


class EngineUnreachableError(Exception):
    """The engine gave no answer; nothing of one has been passed on."""


@dataclass(slots=True)
class Connection:
    """One connection to an engine; spent, when not all of a request was sent on it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used_at: float = 0.0
    is_new: bool = True
    is_spent: bool = False

    def is_usable(self) -> bool:
        return not self.reader.at_eof() and time.monotonic() - self.used_at < IDLE_SECONDS

    def close(self) -> None:
        """At once: what has not been sent yet is not wanted any more."""
        self.writer.transport.abort()


class EngineClient:
    """Sends requests to one base URL (`http://127.0.0.1:9200`)."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._idle: list[Connection] = []

    async def send(self, method: str, target: bytes, headers: HeaderPairs, body: SpooledBody) -> Answer:
        """The engine's answer; `headers` are sent as they are, with the framing of `body`."""
        try:
            connection, head = await self._exchange(method, target, headers, body)
        except (OSError, EOFError, asyncio.LimitOverrunError, BadMessageError) as error:
            raise EngineUnreachableError(str(error)) from error
        stream = EngineStream(self, connection, head, has_no_body(method, head.status))
        return Answer(head.status, end_to_end(head.headers), stream, head.length, reason=head.reason)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def keep(self, connection: Connection) -> None:
        """Takes back a connection whose answer has been read to its end."""
        connection.used_at, connection.is_new = time.monotonic(), False
        self._idle.append(connection)

    async def _exchange(
        self, method: str, target: bytes, headers: HeaderPairs, body: SpooledBody
    ) -> tuple[Connection, ResponseHead]:
        """On a connection that turns out to be closed, only what may run twice is sent again."""
        while True:
            connection = await self._connect()
            try:
                return connection, await _exchange_on(connection, method, target, headers, body)
            except BaseException as error:
                connection.close()
                stale = isinstance(error, OSError | EOFError) and not connection.is_new
                if not (stale and method in REPEATABLE):
                    raise

    async def _connect(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable():
                return connection
            connection.close()
        return Connection(*await asyncio.open_connection(self._host, self._port, limit=PIECE_BYTES))


class EngineStream:
    """The body of an engine's answer. Read to its end it gives the connection back; closed early it closes it."""

    def __init__(self, client: EngineClient, connection: Connection, head: ResponseHead, bodyless: bool) -> None:
        self._client = client
        self._connection: Connection | None = connection
        delimited = bodyless or head.chunked or head.length is not None
        self._reusable = head.keep_alive and delimited and not connection.is_spent
        self._pieces = _pieces(connection.reader, head, bodyless)
        if bodyless:
            self._finish()

    def __aiter__(self) -> "EngineStream":
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._pieces)
        except StopAsyncIteration:
            self._finish()
            raise
        except (EOFError, BadMessageError, asyncio.LimitOverrunError) as error:
            # Half an answer must not look whole: the server closes the client's connection without an end.
            raise ConnectionResetError("the engine broke off") from error

    async def aclose(self) -> None:
        await self._pieces.aclose()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _finish(self) -> None:
        if self._connection is not None and self._reusable:
            self._client.keep(self._connection)
        elif self._connection is not None:
            self._connection.close()
        self._connection = None


def _pieces(reader: asyncio.StreamReader, head: ResponseHead, bodyless: bool) -> AsyncGenerator[bytes, None]:
    if bodyless:
        return read_length(reader, 0)
    if head.chunked:
        return read_chunks(reader)
    return read_to_end(reader) if head.length is None else read_length(reader, head.length)


async def _exchange_on(
    connection: Connection, method: str, target: bytes, headers: HeaderPairs, body: SpooledBody
) -> ResponseHead:
    framing = [(b"Content-Length", b"%d" % body.length)] if body.length or method not in REPEATABLE else []
    first_line = b"%b %b HTTP/1.1" % (method.encode("ascii"), target)
    connection.writer.write(render_head(first_line, (*headers, *framing)))
    if body.length <= PIECE_BYTES:
        connection.writer.writelines(body.pieces())
        return await _read_head(connection.reader)
    return await _send_large(connection, body)


async def _send_large(connection: Connection, body: SpooledBody) -> ResponseHead:
    """An engine refuses what is too large for it before it has read it: its answer ends the sending."""
    sending = asyncio.create_task(_send(connection.writer, body))
    try:
        return await _read_head(connection.reader)
    finally:
        connection.is_spent = not sending.done()
        sending.cancel()


async def _send(writer: asyncio.StreamWriter, body: SpooledBody) -> None:
    with contextlib.suppress(OSError):
        for piece in body.pieces():
            writer.write(piece)
            await writer.drain()


async def _read_head(reader: asyncio.StreamReader) -> ResponseHead:
    """The final one: informational answers are between the engine and the gateway."""
    while True:
        head = parse_response(await reader.readuntil(b"\r\n\r\n"))
        if head.status >= 200:
            return head
