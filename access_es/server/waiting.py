"""Connections that wait for something, the one that has waited longest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class HasTimeout(Protocol):
    timeout: float  # the moment, by time.monotonic(), at which it has waited enough


C = TypeVar("C", bound=HasTimeout)


class Waiting(Generic[C]):
    """What gunicorn keeps in a deque, ordered by timeout; but leaving it costs the same among thousands."""

    def __init__(self) -> None:
        self._connections: dict[C, None] = {}

    def append(self, connection: C) -> None:
        self._connections[connection] = None

    def remove(self, connection: C) -> None:
        del self._connections[connection]

    def popleft(self) -> C:
        first = self[0]
        del self._connections[first]
        return first

    def expired(self, now: float) -> Iterator[C]:
        """Take out, one by one, those that have waited enough."""
        while self._connections and self[0].timeout <= now:
            yield self.popleft()

    def __getitem__(self, index: int) -> C:
        if index:
            raise IndexError("only the first one is asked for")
        return next(iter(self._connections))

    def __iter__(self) -> Iterator[C]:
        return iter(self._connections)

    def __len__(self) -> int:
        return len(self._connections)
