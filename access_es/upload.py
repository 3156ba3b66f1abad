"""Reads a request body completely before it is forwarded, because its hash is part of the signature.

Small bodies stay in memory, larger ones wait in an unnamed temporary file, so any size passes in constant memory.
"""

from __future__ import annotations

import errno
import hashlib
import tempfile
from types import TracebackType
from typing import IO, Self

from access_es.errors import InsufficientStorage
from access_es.messages import ByteStream

CHUNK_BYTES = 256 * 1024
MEMORY_BYTES = 1024 * 1024
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


class Upload:
    """The bytes of one request body: `length_bytes`, `sha256` in hex, and `content()` as often as it must be sent."""

    __slots__ = ("_data", "_file", "length_bytes", "sha256")

    def __init__(
        self, data: bytes = b"", file: IO[bytes] | None = None, length_bytes: int = 0, sha256: str = ""
    ) -> None:
        self._data = data
        self._file = file
        self.length_bytes = length_bytes or len(data)
        self.sha256 = sha256 or (hashlib.sha256(data).hexdigest() if data else EMPTY_SHA256)

    def content(self) -> bytes | IO[bytes] | None:
        """What to send, from its first byte: None where there is no body."""
        if self._file is not None:
            self._file.seek(0)
            return self._file
        return self._data or None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def take_upload(stream: ByteStream) -> Upload:
    """Read a body to its end. Raises InsufficientStorage where the disk is full, and whatever the stream raises."""
    head = _read_up_to(stream, MEMORY_BYTES)
    if len(head) < MEMORY_BYTES:
        return Upload(head)
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  Upload closes it
    try:
        digest = hashlib.sha256()
        length = 0
        chunk = head
        while chunk:
            digest.update(chunk)
            _write_all(file, chunk)
            length += len(chunk)
            chunk = stream.read(CHUNK_BYTES)
        return Upload(file=file, length_bytes=length, sha256=digest.hexdigest())
    except BaseException:
        file.close()
        raise


def _read_up_to(stream: ByteStream, max_bytes: int) -> bytes:
    first = stream.read(max_bytes)
    if not first or len(first) == max_bytes:
        return first
    chunks = [first]
    held = len(first)
    while held < max_bytes and (chunk := stream.read(max_bytes - held)):
        chunks.append(chunk)
        held += len(chunk)
    return b"".join(chunks) if len(chunks) > 1 else first


def _write_all(file: IO[bytes], chunk: bytes) -> None:
    view = memoryview(chunk)
    try:
        while view:
            view = view[file.write(view) :]
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise InsufficientStorage(detail=str(fault)) from fault
        raise
