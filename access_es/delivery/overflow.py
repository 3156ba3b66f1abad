"""The store for answers that do not fit: an object written while the answer arrives, and a link that soon expires."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from access_es.messages import Headers

MAX_KEY_AGE_DAYS = 1  # what the bucket's lifecycle removes; links end long before


def no_deadline() -> float:
    """Unlimited time, where no front door waits."""
    return float("inf")


class Writer(Protocol):
    """One object being written. Either `finish` or `abort` ends it; it cannot be read before `finish`."""

    def write(self, data: bytes) -> None:
        """Take a piece. Raises OverflowFailed where the store refuses it, OverflowTimeout where it is too slow."""
        ...

    def finish(self) -> str:
        """Complete the object, and return a link to it. Raises as `write` does."""
        ...

    def abort(self) -> None:
        """Leave nothing behind. Never raises, and takes half a second at most when there is no time left."""
        ...


class Overflow(Protocol):
    """Stores answers of any size."""

    def open(self, headers: Headers, seconds_left: Callable[[], float] = no_deadline) -> Writer:
        """A new object, which must be finished while there are seconds left.

        Of the answer's headers it keeps its type, coding, language and disposition, which may name a file.
        """
        ...
