"""What is tried, and what a door without fault brings. Both sides read this table."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from functools import cache

from access_es.lazy_dataclass import dataclass

_PIECE_BYTES = 64 * 1024
_TEXT = b'{"hit":"the same again, and again"}\n' * 6000
SLOW_SECONDS = 35.0  # longer than API Gateway waits for a whole answer


@dataclass(frozen=True, slots=True)
class Case:
    """One request and its answer. `fails_after` breaks the body off there, though more was announced."""

    name: str  # in the address
    title: str
    method: str = "GET"
    status: int = 200
    size_bytes: int = 0
    delay_seconds: float = 0.0
    fails_after: int | None = None
    is_compressed: bool = False
    many_headers: bool = False

    @property
    def has_body(self) -> bool:
        return self.method != "HEAD" and self.size_bytes > 0

    def pieces(self) -> Iterator[bytes]:
        """The body, up to its end."""
        return iter((_compressed(),)) if self.is_compressed else _random(self.size_bytes)

    def digest(self) -> str:
        """Of the body that a client is to have, decoded."""
        digest = hashlib.sha256()
        for piece in (_TEXT,) if self.is_compressed else self.pieces():
            digest.update(piece)
        return digest.hexdigest()


CASES = (
    Case("byte", "one byte", size_bytes=1),
    Case("head", "HEAD", method="HEAD", size_bytes=1000),
    Case("no-content", "204", status=204),
    Case("not-modified", "304", status=304),
    Case("empty", "an empty body"),
    Case("headers", "many headers", size_bytes=1, many_headers=True),
    Case("compressed", "a compressed body", size_bytes=len(_TEXT), is_compressed=True),
    Case("5-megabytes", "5 MB", size_bytes=5_000_000),
    Case("12-megabytes", "12 MB", size_bytes=12_000_000),
    Case("cut", "a body that breaks off", size_bytes=3_000_000, fails_after=2_000_000),
    Case("slow", f"a first byte after {SLOW_SECONDS:.0f} s", size_bytes=1, delay_seconds=SLOW_SECONDS),
)
BY_NAME = {case.name: case for case in CASES}
HEADERS = tuple((f"X-Probe-{number:02}", f"{number:02}-" + "v" * 120) for number in range(60))
COOKIES = tuple(
    ("Set-Cookie", f"access-es-probe-{number}=x; Max-Age=0; Path=/--access-es/probe") for number in range(3)
)


@cache
def _compressed() -> bytes:
    return gzip.compress(_TEXT, mtime=0)


def _random(size: int) -> Iterator[bytes]:
    """No text, not to be compressed, the same each time, and no piece like another."""
    block = hashlib.shake_256(b"access-es probe").digest(_PIECE_BYTES)
    for number in range((size + _PIECE_BYTES - 1) // _PIECE_BYTES):
        piece = block[:-8] + number.to_bytes(8, "big")
        yield piece[: size - number * _PIECE_BYTES]
