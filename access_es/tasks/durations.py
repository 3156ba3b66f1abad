"""How long recent searches took, so that a slow one is not sent twice. Bounded, and per process."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MAX_SHAPES = 512
TTL_SECONDS = 15 * 60.0  # after that the engine may have become faster
BODY_BYTES = 64 * 1024  # of a body tell enough of its shape
# Two looks at a dashboard differ in times, sizes and ids, which are digits, also hexadecimal ones. What a body says
# with the other letters distinguishes searches.
_NUMBER = re.compile(rb"[0-9]+")
_DIGITS = b"0123456789abcdefABCDEF-"


class Durations:
    """The durations of slow searches, by their shape: path and body without numbers."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._recent: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def __bool__(self) -> bool:
        """Whether there is anything to look up. While all searches are fast, nothing is."""
        return bool(self._recent)

    def expect(self, shape: bytes) -> float | None:
        """The seconds the last one of this shape took, or took at least."""
        with self._lock:
            seconds, noted = self._recent.get(shape, (None, 0.0))
        return seconds if self._clock() - noted < TTL_SECONDS else None

    def note(self, shape: bytes, seconds: float) -> None:
        with self._lock:
            self._recent[shape] = (seconds, self._clock())
            self._recent.move_to_end(shape)
            if len(self._recent) > MAX_SHAPES:
                self._recent.popitem(last=False)

    def forget(self, shape: bytes) -> None:
        with self._lock:
            self._recent.pop(shape, None)


def shape_of(method: str, target: bytes, body: bytes) -> bytes:
    """The same for searches that differ in numbers and ids alone. `body` may be its start."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(b"%b %b\0" % (method.encode("latin-1"), _NUMBER.sub(b"0", target)))
    digest.update(body[:BODY_BYTES].translate(None, _DIGITS))
    return digest.digest()
