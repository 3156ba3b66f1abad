"""Content codings undone and done again, piece by piece and in bounded memory (RFC 9110, 8.4)."""

from __future__ import annotations

import importlib
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from access_es.delivery.compression import BadGzip, Compressor, gunzipped, start_compressor
from access_es.errors import DomainError

_PIECE_BYTES = 256 * 1024
_FAST = 1  # zlib's level: the domain's own is 3 to 6, and the document leaves right away


def can_recode(coding: str) -> bool:
    """Whether `coding`, in lower case, is one that can be undone and done again. "" is none at all."""
    return coding in _DECODERS


def decoded(pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """What is in a coded body. Raises DomainError where it is not what its coding says, or not whole."""
    return _DECODERS[coding](pieces)


def encoded(pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """The same under its coding again."""
    if not coding:
        yield from pieces
        return
    compressor = _start(coding)
    for piece in pieces:
        if out := compressor.compress(piece):
            yield out
    yield compressor.flush()


def _start(coding: str) -> Compressor:
    return zlib.compressobj(_FAST) if coding == "deflate" else start_compressor(coding.removeprefix("x-"))


def _broken(coding: str) -> DomainError:
    return DomainError(detail=f"a document is not the {coding} that it says")


def _gunzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from gunzipped(pieces)
    except BadGzip as fault:
        raise _broken("gzip") from fault


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """RFC 9110, 8.4.1.2: in a zlib wrapping; some servers leave that out, and every browser reads both."""
    unpacker = None
    try:
        for piece in pieces:
            if unpacker is None and piece:
                unpacker = zlib.decompressobj(zlib.MAX_WBITS if piece[0] & 15 == 8 else -zlib.MAX_WBITS)
            while piece and unpacker and not unpacker.eof:
                yield unpacker.decompress(piece, _PIECE_BYTES)
                piece = unpacker.unconsumed_tail
        if unpacker:
            yield unpacker.flush()
    except zlib.error as fault:
        raise _broken("deflate") from fault
    if unpacker and not unpacker.eof:
        raise _broken("deflate")


def _from_brotli(pieces: Iterable[bytes]) -> Iterator[bytes]:
    brotli: Any = importlib.import_module("brotli")
    unpacker = brotli.Decompressor()
    try:
        for piece in pieces:
            out = unpacker.process(piece, output_buffer_limit=_PIECE_BYTES)
            # It may take more input while it still has output: only nothing says that there is no more of it.
            while out or not (unpacker.can_accept_more_data() or unpacker.is_finished()):
                yield out
                out = unpacker.process(b"", output_buffer_limit=_PIECE_BYTES)
    except brotli.error as fault:
        raise _broken("br") from fault
    if not unpacker.is_finished():
        raise _broken("br")


def _from_zstd(pieces: Iterable[bytes]) -> Iterator[bytes]:
    module: Any = importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    unpacker = module.ZstdDecompressor()
    try:
        for piece in pieces:
            yield unpacker.decompress(piece, _PIECE_BYTES)
            while not unpacker.needs_input and not unpacker.eof:
                yield unpacker.decompress(b"", _PIECE_BYTES)
    except (module.ZstdError, EOFError) as fault:
        raise _broken("zstd") from fault
    if not unpacker.eof:
        raise _broken("zstd")


_DECODERS: dict[str, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    "": iter, "identity": iter, "gzip": _gunzipped, "x-gzip": _gunzipped, "deflate": _inflated, "br": _from_brotli,
    "zstd": _from_zstd,
}  # fmt: skip
