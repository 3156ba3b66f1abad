"""Puts a mount before a path, in bytes that come piece by piece. Pure.

A path is found where it begins: nothing of a path may stand before it, nor go on in its last segment. So `/_dashboards`
is found in `href="/_dashboards/app"` and `url(/_dashboards)`, and not in `/dev/_dashboards`, `https://host/_dashboards`,
`./_dashboards` or `/_dashboards-old`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# How a slash is written, the longest first: as it is, escaped in JSON and JavaScript, in HTML, in a URL.
_SLASHES = (b"&#x2f;", b"&#x2F;", rb"\u002f", rb"\u002F", b"&#47;", b"%2f", b"%2F", rb"\/", b"/")
_SEGMENT = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")  # RFC 3986, 2.3 and 2.1
_SEGMENT_BYTES = frozenset(bytes((byte,)) for byte in _SEGMENT)
_BEFORE = _SEGMENT | frozenset(b"/}")  # `${...}/path` goes on with what it is put together from
_QUOTES = frozenset(b"\"'")
_LONGEST_SLASH = max(map(len, _SLASHES))


class Rewriter:
    """Takes a document piece by piece; what comes out belongs together.

    `interface` is the path, `mount` what goes before it; both begin with a slash and do not end with one. With
    `only_strings`, it is found only at the beginning of a quoted string.
    """

    def __init__(self, interface: bytes, mount: bytes, *, only_strings: bool = False) -> None:
        segments = interface.split(b"/")[1:]
        self._needle = segments[0]
        self._forms = [(slash, slash.join(segments), mount.replace(b"/", slash)) for slash in _SLASHES]
        self._ahead = max(len(path) for _, path, _ in self._forms) + _LONGEST_SLASH
        self._only_strings = only_strings
        self._held = b""  # begins with one byte that is out already, but for the first time
        self._emitted = 0  # so many bytes of it are out
        self._searched = 0  # no needle begins before this one that has not been looked at

    def feed(self, data: bytes) -> bytes:
        """What of the document is decided by now."""
        self._held += data
        return self._advance(len(self._held) - self._ahead)

    def finish(self) -> bytes:
        """The rest."""
        return self._advance(len(self._held) + _LONGEST_SLASH)

    def _advance(self, end: int) -> bytes:
        """Look at all needles that begin before `end`; what stands so far before it is decided."""
        if end <= self._searched:
            return b""
        out: list[bytes] = []
        hit = self._find(self._searched, end)
        while hit >= 0:
            if found := self._read(hit):
                start, mount = found
                out += (self._held[self._emitted : start], mount)
                self._emitted = start
            hit = self._find(hit + 1, end)
        decided = max(self._emitted, min(len(self._held), end - _LONGEST_SLASH))
        out.append(self._held[self._emitted : decided])
        dropped = max(0, decided - 1)
        self._held, self._emitted, self._searched = self._held[dropped:], decided - dropped, end - dropped
        return b"".join(out)

    def _find(self, start: int, end: int) -> int:
        return self._held.find(self._needle, start, end - 1 + len(self._needle))

    def _read(self, hit: int) -> tuple[int, bytes] | None:
        """Where the path begins that has its first segment at `hit`, and the mount as it is written there."""
        held = self._held
        for slash, path, mount in self._forms:
            start = hit - len(slash)
            if start >= 0 and held.startswith(slash, start):
                is_path = held.startswith(path, hit) and self._begins(start) and self._ends(hit + len(path), slash)
                return (start, mount) if is_path else None
        return None

    def _ends(self, end: int, slash: bytes) -> bool:
        return self._held[end : end + 1] not in _SEGMENT_BYTES or self._held.startswith(slash, end)

    def _begins(self, start: int) -> bool:
        before = self._held[start - 1] if start else None
        if self._only_strings:
            return before in _QUOTES
        return before not in _BEFORE


def rewrite(pieces: Iterable[bytes], rewriter: Rewriter) -> Iterator[bytes]:
    """A whole document."""
    for piece in pieces:
        if out := rewriter.feed(piece):
            yield out
    if out := rewriter.finish():
        yield out


def rewritten(data: bytes, rewriter: Rewriter) -> bytes:
    """A document that is there in one piece."""
    return rewriter.feed(data) + rewriter.finish()
