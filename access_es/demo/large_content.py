"""Bodies of exactly so many bytes, the same ones every time, made piece by piece."""

import json
import random
import tempfile
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import IO

PIECE_BYTES = 256 * 1024
GZIP_WINDOW = 31  # zlib: a window of 32 KB, in gzip's wrapping

CONTENT_TYPES = {
    "json": "application/json; charset=UTF-8",
    "text": "text/plain; charset=UTF-8",
    "random": "application/octet-stream",
    "zeros": "application/octet-stream",
}

_HITS_IN_BLOCK = 512
_ENDING = b"]}}"


def content(kind: str, size: int) -> Iterator[memoryview]:
    """`size` bytes of `kind`: json (as a `_search` answers), text (log lines), random (incompressible), zeros."""
    pieces = {"json": _json, "text": _text, "random": _random, "zeros": _zeros}[kind](size)
    for piece in pieces:
        view = memoryview(piece)
        for start in range(0, len(view), PIECE_BYTES):
            yield view[start : start + PIECE_BYTES]


def compressed(kind: str, size: int) -> tuple[IO[bytes], int]:
    """A temporary file with the gzip of the same content, and the file's length. Takes its time: use a thread."""
    file = tempfile.SpooledTemporaryFile(max_size=8 * 1024 * 1024)  # noqa: SIM115 - the caller closes it
    packer = zlib.compressobj(level=1, wbits=GZIP_WINDOW)
    for piece in content(kind, size):
        file.write(packer.compress(piece))
    file.write(packer.flush())
    length = file.tell()
    file.seek(0)
    return file, length


def _zeros(size: int) -> Iterator[bytes]:
    return _repeat(bytes(PIECE_BYTES), size)


def _text(size: int) -> Iterator[bytes]:
    return _repeat(_text_block(), size)


def _random(size: int) -> Iterator[bytes]:
    """Another seed for each piece, so that no compressor finds a repetition."""
    for number, start in enumerate(range(0, size, PIECE_BYTES)):
        yield random.Random(number).randbytes(min(PIECE_BYTES, size - start))  # noqa: S311 - not a secret


def _json(size: int) -> Iterator[bytes]:
    """Whole hits, as many as fit, and a last one whose message fills the rest."""
    opening, hits, rest = _plan_json(size)
    if hits < 0:
        yield (b"{}".ljust(size) if size > 1 else b"0"[:size])
        return
    yield opening
    yield from _repeat(_hits_block(), hits * _hit_bytes())
    yield _hit(0, rest) + _ENDING


def _plan_json(size: int) -> tuple[bytes, int, int]:
    """The opening with its true total, the number of whole hits, and the padding of the last one."""
    hits = size // _hit_bytes() + 1
    while hits >= 0:
        opening = _opening(hits + 1)
        rest = size - len(opening) - hits * _hit_bytes() - len(_hit(0)) - len(_ENDING)
        if rest >= 0:
            return opening, hits, rest
        hits -= 1
    return b"", hits, 0


def _opening(total: int) -> bytes:
    shards = b'"_shards":{"total":5,"successful":5,"failed":0}'
    return b'{"took":12,"timed_out":false,' + shards + b',"hits":{"total":%d,"max_score":1.0,"hits":[' % total


def _hit(number: int, padding: int = 0) -> bytes:
    """The same length for every number below a million, plus `padding`."""
    source = {
        "@timestamp": f"2026-11-21T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.000Z",
        "host": f"web-{number % 10}",
        "status": (200, 304, 404, 500)[number % 4],
        "message": f'GET /shop/item/{number:06} HTTP/1.1 "Größe" \u2013 served' + "." * padding,
    }
    hit = {"_index": "logs", "_type": "log", "_id": f"{number:06}", "_score": 1.0, "_source": source}
    return json.dumps(hit, separators=(",", ":"), ensure_ascii=False).encode()


@lru_cache(maxsize=1)
def _hits_block() -> bytes:
    return b"".join(_hit(number) + b"," for number in range(_HITS_IN_BLOCK))


@lru_cache(maxsize=1)
def _hit_bytes() -> int:
    return len(_hit(0)) + 1


@lru_cache(maxsize=1)
def _text_block() -> bytes:
    lines = (f'2026-11-21 10.0.{number % 7}.{number % 251} "GET /a/{number:05}" 200\n' for number in range(8192))
    return "".join(lines).encode()


def _repeat(block: bytes, size: int) -> Iterator[bytes]:
    whole, rest = divmod(size, len(block))
    for _ in range(whole):
        yield block
    yield block[:rest]
