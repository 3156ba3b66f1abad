"""Whether enough of a request has arrived for a thread to begin with it.

Only a hint about when to start: what the bytes mean is decided by the parser alone. A client that sends slowly is
waited for here, without a thread, until its head and a small body are complete.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD_BYTES = 32 * 1024
SMALL_BODY_BYTES = 32 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*(?=\r\n)")
_FRAMING = re.compile(rb"\r\n(?:content-length|transfer-encoding|expect)[ \t]*:")
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*(?=\r\n)")


@dataclass(frozen=True, slots=True)
class _Head:
    """What a head says of its body: how many bytes to wait for, both together, or that its end must be looked for."""

    length: int
    wanted_bytes: int = 0
    is_chunked: bool = False


class Progress:
    """How far one request has arrived. What was looked at is not looked at again with every piece that follows."""

    __slots__ = ("_head", "_seen")

    def __init__(self) -> None:
        self._head: _Head | None = None
        self._seen = 0

    def can_begin(self, gathered: bytes | bytearray) -> bool:
        """Whether a thread can serve, or refuse, the request that `gathered` begins with; more of it each time."""
        if self._head is None:
            end = gathered.find(b"\r\n\r\n", max(0, self._seen - 3))
            if end < 0:
                begin, self._seen = self._seen, len(gathered)
                return len(gathered) > HEAD_BYTES or _has_bare_line_feed(gathered, begin)
            self._head = _read_head(gathered[: end + 2].lower())
        if not self._head.is_chunked:
            return len(gathered) >= self._head.wanted_bytes
        body = gathered[self._head.length :]
        return len(body) > SMALL_BODY_BYTES or _ends_or_breaks(body)


def can_begin(gathered: bytes | bytearray) -> bool:
    """The same of a request in one piece."""
    return Progress().can_begin(gathered)


def _has_bare_line_feed(head: bytes | bytearray, begin: int) -> bool:
    return head.count(b"\n", begin) != head.count(b"\r\n", max(0, begin - 1))


def _read_head(head: bytes | bytearray) -> _Head:
    """`head` in lower case, without its empty line. What wants no bytes is begun with at once."""
    size = len(head) + 2
    if len(_FRAMING.findall(head)) != 1:
        return _Head(size)  # no body; or to be refused; or with Expect: who sends it waits for our word
    length = _LENGTH.search(head)
    if length:
        return _Head(size, size + int(length[1]) if int(length[1]) <= SMALL_BODY_BYTES else 0)
    return _Head(size, is_chunked=_CHUNKED.search(head) is not None)


def _ends_or_breaks(chunks: bytes | bytearray) -> bool:
    """Whether the last chunk may be among these, or the first one has a line end that is refused."""
    first_line_end = chunks.find(b"\n")
    if first_line_end >= 0 and chunks[first_line_end - 1 : first_line_end] != b"\r":
        return True
    return chunks.startswith(b"0\r\n") or b"\r\n0\r\n" in chunks or chunks.endswith(b"\r\n\r\n")
