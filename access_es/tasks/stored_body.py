"""Stored bodies: small ones in the task itself, larger ones in a blob store, compressed where that helps."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterable, Iterator
from itertools import chain
from typing import Protocol

from access_es.lazy_dataclass import dataclass
from access_es.messages import Headers
from access_es.tasks.failures import ResultLost

# With its headers it must fit one item of DynamoDB, 400 KB with the names (Developer Guide, "Quotas").
INLINE_BYTES = 256 * 1024
_FAST = 1  # zlib's level: the task's processor may be a third of one


class BlobStore(Protocol):
    """Stores bodies of any size, by name."""

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Whole or not at all. Raises an AccessEsError, and whatever `pieces` raises."""
        ...

    def get(self, name: str) -> Iterator[bytes]:
        """Its pieces, of any size. Raises an AccessEsError."""
        ...


@dataclass(frozen=True, slots=True)
class StoredBody:
    """A body of `length_bytes`. `inline` has it as it is stored; None: it is in the blob store."""

    length_bytes: int
    is_compressed: bool
    inline: bytes | None


def store_body(pieces: Iterable[bytes], name: str, blobs: BlobStore, *, compress: bool) -> StoredBody:
    """Read a body to its end and store it. Raises what `pieces` or the blob store raises."""
    counted = _Counted(pieces)
    coded = _compressed(counted) if compress else iter(counted)
    start = []
    size = 0
    for piece in coded:
        start.append(piece)
        size += len(piece)
        if size > INLINE_BYTES:
            blobs.put(name, chain(start, coded))
            return StoredBody(counted.length_bytes, compress, None)
    return StoredBody(counted.length_bytes, compress, b"".join(start))


def load_body(stored: StoredBody, name: str, blobs: BlobStore) -> Generator[bytes, None, None]:
    """The body as it was. Raises ResultLost or TasksUnusable where it cannot be read whole."""
    pieces = blobs.get(name) if stored.inline is None else iter((stored.inline,))
    length = 0
    for piece in _decompressed(pieces) if stored.is_compressed else pieces:
        length += len(piece)
        if piece:
            yield piece
    if length != stored.length_bytes:
        raise ResultLost(detail=f"{length} of {stored.length_bytes} bytes")


def is_plain(headers: Headers) -> bool:
    """Whether a body has no coding yet, so that compressing it may help."""
    return not any(name.lower() == "content-encoding" for name, _ in headers)


def even_pieces(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of exactly `size`, but for the last."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            del waiting[:size]
    if waiting:
        yield bytes(waiting)


class _Counted:
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.length_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.length_bytes += len(piece)
            yield piece


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(_FAST)
    for piece in pieces:
        if coded := compressor.compress(piece):
            yield coded
    yield compressor.flush()


def _decompressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    decompressor = zlib.decompressobj()
    try:
        for piece in pieces:
            while piece:  # in steps: a few bytes may stand for very many
                yield decompressor.decompress(piece, INLINE_BYTES)
                piece = decompressor.unconsumed_tail
        yield decompressor.flush()
    except zlib.error as fault:
        raise ResultLost(detail=str(fault)) from fault
