"""Where an answer goes that does not fit: an object that is written while it arrives, and a link that soon ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from access_es.messages import Headers

MAX_KEY_AGE_DAYS = 1  # what the bucket's lifecycle removes; links end long before


def no_deadline() -> float:
    """The seconds left where nobody waits."""
    return float("inf")


class Writer(Protocol):
    """One object on its way. Either `finish` or `abort` ends it; nothing can be read of it before `finish`."""

    def write(self, data: bytes) -> None:
        """Take a piece. Raises OverflowFailed where the store refuses it, OverflowTimeout where it is too slow."""
        ...

    def finish(self) -> str:
        """Make it whole, and give the link to it. Raises as `write` does."""
        ...

    def abort(self) -> None:
        """Leave nothing behind. Never raises, and takes half a second at most when there is no time left."""
        ...


class Overflow(Protocol):
    """A place for answers of any size."""

    def open(self, headers: Headers, seconds_left: Callable[[], float] = no_deadline) -> Writer:
        """A new object, which must be finished while there are seconds left.

        Of the answer's headers it keeps its type, coding, language and disposition, which may name a file.
        """
        ...
