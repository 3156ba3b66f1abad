"""Whether enough of a request has arrived for a thread to begin with it.

Only a hint about when to start: what the bytes mean is decided by the parser alone. A client that sends slowly is
waited for here, without a thread, until its head and a small body are complete.
"""

from __future__ import annotations

import re

HEAD_BYTES = 32 * 1024
SMALL_BODY_BYTES = 32 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*(?=\r\n)")
_FRAMING = re.compile(rb"\r\n(?:content-length|transfer-encoding|expect)[ \t]*:")
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*(?=\r\n)")


def can_begin(gathered: bytes | bytearray) -> bool:
    """Whether a thread can serve, or refuse, the request that `gathered` begins with."""
    end = gathered.find(b"\r\n\r\n")
    if end < 0:
        return len(gathered) > HEAD_BYTES or _has_bare_line_feed(gathered)
    framing = gathered[: end + 2].lower()
    if not _FRAMING.search(framing):
        return True
    return _body_can_begin(framing, gathered[end + 4 :])


def _has_bare_line_feed(head: bytes | bytearray) -> bool:
    return head.count(b"\n") != head.count(b"\r\n")


def _body_can_begin(head: bytes | bytearray, body: bytes | bytearray) -> bool:
    if len(_FRAMING.findall(head)) != 1:
        return True  # either to be refused, or with Expect: such a client waits for our word before it sends
    length = _LENGTH.search(head)
    if length:
        return not len(body) < int(length[1]) <= SMALL_BODY_BYTES
    if not _CHUNKED.search(head):
        return True
    return len(body) > SMALL_BODY_BYTES or _ends_or_breaks(body)


def _ends_or_breaks(chunks: bytes | bytearray) -> bool:
    """Whether the last chunk may be among these, or the first one has a line end that is refused."""
    first_line_end = chunks.find(b"\n")
    if first_line_end >= 0 and chunks[first_line_end - 1 : first_line_end] != b"\r":
        return True
    return chunks.startswith(b"0\r\n") or b"\r\n0\r\n" in chunks or chunks.endswith(b"\r\n\r\n")
