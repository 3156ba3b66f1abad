"""What the workers say of themselves, in memory that they share: that they are alive, and how many clients each has."""

from __future__ import annotations

import mmap
import time

_FRESH_SECONDS = 3.0  # a worker says that it is alive twice a second
_CLOSED, _STARTING = -1.0, -2.0
_SLOT_BYTES = 2 * 8  # two doubles, each read and written at once


class Scoreboard:
    """A slot for each worker, made before they are forked."""

    def __init__(self, workers: int) -> None:
        values = memoryview(mmap.mmap(-1, _SLOT_BYTES * workers)).cast("d")
        self.slots = [Slot(values, number) for number in range(workers)]


class Slot:
    """One worker's part, which it alone writes while it lives."""

    def __init__(self, values: memoryview[float], number: int) -> None:
        self._values = values
        self._beat = 2 * number
        self._count = 2 * number + 1
        self._other_counts = [place for place in range(1, len(values), 2) if place != self._count]
        self.close()

    def beat(self) -> None:
        self._values[self._beat] = time.monotonic()

    @property
    def last_beat(self) -> float:
        """On time.monotonic(), which all processes have in common; 0 before the first."""
        beat: float = self._values[self._beat]
        return beat

    @property
    def connections(self) -> int:
        return max(0, int(self._values[self._count]))

    def start(self) -> None:
        """A process for this part begins, and will open it."""
        self._values[self._count] = _STARTING

    def open(self) -> None:
        """Accepting begins."""
        self._values[self._count] = 0.0
        self.beat()

    def close(self) -> None:
        """Accepting is over, or the worker is gone: nobody leaves a client to it."""
        self._values[self._count] = _CLOSED

    def add(self, connections: int) -> None:
        if self._values[self._count] >= 0:
            self._values[self._count] += connections

    def are_others_starting(self) -> bool:
        return any(self._values[other] == _STARTING for other in self._other_counts)

    def is_crowded(self) -> bool:
        """Whether another worker that accepts has fewer clients.

        Of many, an eighth more is no crowd: thousands who come at once would wait while the workers take turns.
        """
        own = self._values[self._count]
        alive = time.monotonic() - _FRESH_SECONDS
        counts = self._values
        return any(
            0 <= counts[other] < own - counts[other] // 8 and counts[other - 1] > alive for other in self._other_counts
        )
