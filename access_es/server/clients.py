"""All connections of a worker: how many there are of each address, which have had their time, whose client has gone."""

from __future__ import annotations

import select
from collections import Counter
from collections.abc import Iterator

from gevent.monkey import get_original

from access_es.server.connection import Connection, Phase

_LOOK_AFTER_SECONDS = 0.2  # most requests are answered by then, and nobody asks whether their client is there
# Linux tells that the other side will send no more, also behind bytes that nobody has read yet (poll(2)).
_GONE = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR
_poll = get_original("select", "poll")  # the system's own, which does not wait for an event loop


class Clients:
    """`per_address` connections at once, of `most` in all; None where an address may have any number.

    Behind a proxy all connections have the proxy's address: `counts_connections` is then False, and requests are
    counted by the address that it names.
    """

    def __init__(self, most: int, per_address: int | None, *, counts_connections: bool = True) -> None:
        self._counts_connections = counts_connections
        self._most = most
        self._per_address = per_address
        self._connections: set[Connection] = set()
        self._of_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._connections)

    def add(self, connection: Connection) -> bool:
        """Whether it may stay; if not, it is to be refused and removed like any other."""
        self._connections.add(connection)
        return not self._counts_connections or self.enter(connection.address)

    def remove(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if self._counts_connections:
            self.leave(connection.address)

    def enter(self, address: str) -> bool:
        """Count in a request of this address, which a trusted proxy has named; `leave` must follow. Whether it may."""
        self._of_address[address] += 1
        return self._per_address is None or self._of_address[address] <= self._per_address

    def leave(self, address: str) -> None:
        self._of_address[address] -= 1
        if not self._of_address[address]:
            del self._of_address[address]

    def make_place(self) -> bool:
        """Whether there is a place for one more. The longest idle goes first, then who takes longest to ask."""
        if len(self._connections) < self._most:
            return True
        for phase in (Phase.CLOSING, Phase.IDLE, Phase.ARRIVING):
            found = [connection for connection in self._connections if connection.phase is phase]
            if found:
                min(found, key=lambda connection: connection.deadline).expire()
                return True
        return False

    def sweep(self, now: float) -> None:
        """Called twice a second."""
        for connection in self._connections:
            if connection.deadline < now:
                connection.expire()
        for connection in find_gone(self.answering(now - _LOOK_AFTER_SECONDS)):
            connection.hang_up()

    def answering(self, begun_before: float = float("inf")) -> Iterator[Connection]:
        """Those whose request is being answered."""
        for connection in self._connections:
            if connection.phase is Phase.ANSWERING and connection.began < begun_before and not connection.is_gone:
                yield connection

    def hasten(self, by: float) -> None:
        """The worker stops: who is not being answered by then is let go, and who is idle at once."""
        for connection in self._connections:
            if connection.phase is Phase.IDLE:
                connection.expire()
            elif connection.phase is Phase.ARRIVING:
                connection.deadline = min(connection.deadline, by)


def find_gone(connections: Iterator[Connection]) -> list[Connection]:
    """Those whose client has closed its side."""
    watched = {}
    poller = _poll()
    for connection in connections:
        handle = connection.sock.fileno()
        if handle >= 0:
            watched[handle] = connection
            poller.register(handle, _GONE)
    return [watched[handle] for handle, _ in poller.poll(0)] if watched else []
