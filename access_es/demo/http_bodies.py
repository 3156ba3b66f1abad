"""Bodies on asyncio streams: read by length, by chunks or to the end; written the same ways; spooled and hashed."""

import asyncio
import hashlib
import re
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass
from typing import IO

from access_es.demo.http_messages import BadMessageError, BodyStream

PIECE_BYTES = 256 * 1024
SPOOL_BYTES = 1024 * 1024

_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")


@dataclass(frozen=True, slots=True)
class SpooledBody:
    """A body that has been read whole; beyond SPOOL_BYTES it lies in a temporary file."""

    file: IO[bytes]
    length: int
    sha256: str

    def read(self) -> bytes:
        self.file.seek(0)
        return self.file.read()

    def pieces(self) -> Iterator[bytes]:
        self.file.seek(0)
        while piece := self.file.read(PIECE_BYTES):
            yield piece

    def close(self) -> None:
        self.file.close()


async def spool(pieces: AsyncIterator[bytes]) -> SpooledBody:
    """Reads `pieces` to their end: the hash that a signature covers is known only then."""
    file = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 - lives as long as the request
    digest, length = hashlib.sha256(), 0
    try:
        async for piece in pieces:
            digest.update(piece)
            length += len(piece)
            file.write(piece)
    except BaseException:
        file.close()
        raise
    return SpooledBody(file, length, digest.hexdigest())


async def read_length(reader: asyncio.StreamReader, length: int) -> AsyncGenerator[bytes, None]:
    while length:
        piece = await reader.read(min(length, PIECE_BYTES))
        if not piece:
            raise asyncio.IncompleteReadError(b"", length)
        length -= len(piece)
        yield piece


async def read_chunks(reader: asyncio.StreamReader, trailers: list[bytes] | None = None) -> AsyncGenerator[bytes, None]:
    """The content of a chunked body; extensions are dropped, and trailers unless they are wanted (RFC 9112, 7.1)."""
    while size := await _read_chunk_size(reader):
        async for piece in read_length(reader, size):
            yield piece
        if await reader.readexactly(2) != b"\r\n":
            raise BadMessageError("malformed chunk")
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        if trailers is not None:
            trailers.append(line.strip())


async def read_to_end(reader: asyncio.StreamReader) -> AsyncGenerator[bytes, None]:
    while piece := await reader.read(PIECE_BYTES):
        yield piece


async def write_pieces(writer: asyncio.StreamWriter, pieces: BodyStream, chunked: bool) -> None:
    """Each piece waits until the peer has room, so memory does not grow with a slow reader."""
    async for piece in pieces:
        if not piece:
            continue
        if chunked:
            writer.writelines((b"%x\r\n" % len(piece), piece, b"\r\n"))
        else:
            writer.write(piece)
        await writer.drain()
        # drain() does not wait while there is room: without this one fast reader would hold up all others.
        await asyncio.sleep(0)
    if chunked:
        writer.write(b"0\r\n\r\n")


async def _read_chunk_size(reader: asyncio.StreamReader) -> int:
    found = _CHUNK_LINE.fullmatch(await reader.readuntil(b"\r\n"))
    if found is None:
        raise BadMessageError("malformed chunk size")
    return int(found[1], 16)
