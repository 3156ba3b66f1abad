"""One client's connection, which gathers a request before a thread is given to it."""

from __future__ import annotations

import enum
import select
import socket
import struct
from typing import Any

from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]

from access_es.server.arrival import Progress
from access_es.server.refusal import Refusal, write
from access_es.server.request import StrictParser

_RECEIVE_BYTES = 32 * 1024
_DRAIN_BYTES = 8 * 1024 * 1024


class Arrival(enum.Enum):
    COMPLETE = enum.auto()  # a thread can begin
    PARTIAL = enum.auto()
    GONE = enum.auto()  # the client closed, or the network did


class Connection(TConn):  # type: ignore[misc]
    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.timeout: float = 0.0
        self.parser = StrictParser(cfg, sock, client)
        self.gathered = bytearray()
        self._progress = Progress()
        self._drained_bytes = 0

    def receive(self) -> Arrival:
        """Take what has arrived of the next request. The socket's timeout says how long to wait for it."""
        try:
            data = self.sock.recv(_RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError, TimeoutError):
            return Arrival.PARTIAL
        except OSError:
            return Arrival.GONE
        if not data:
            return Arrival.GONE
        self.gathered += data
        return self.hand_over()

    def hand_over(self) -> Arrival:
        """Give the parser what is gathered, once that is enough to begin with."""
        if not self.gathered or not self._progress.can_begin(self.gathered):
            return Arrival.PARTIAL
        self._progress = Progress()
        self.parser.unreader.unread(bytes(self.gathered))
        self.gathered.clear()
        return Arrival.COMPLETE

    def takes_more(self) -> bool:
        """Whether the client has taken so much of earlier answers that a small one can be written without waiting."""
        room = select.poll()
        room.register(self.sock, select.POLLOUT)
        return bool(room.poll(0))

    def finish_request(self) -> bool:
        """Step over what is left of the request; the beginning of the next one may have arrived with it."""
        if not self.parser.finish_body():
            return False
        self.gathered += self.parser.unreader.take_buffered()
        return True

    def refuse(self, refusal: Refusal) -> None:
        try:
            self.sock.sendall(write(refusal))
        except OSError:
            return  # nobody is left to be told

    def reset(self) -> None:
        """End with RST: an answer cut short never looks complete, not even one that only the close would end."""
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        finally:
            self.sock.close()

    def half_close(self) -> bool:
        """Say that nothing more comes. False where the connection is gone already."""
        try:
            self.sock.setblocking(False)
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        return True

    def drain(self) -> bool:
        """Throw away what a refused client still sends; False once it has closed or sent too much."""
        try:
            data = self.sock.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._drained_bytes += len(data)
        return bool(data) and self._drained_bytes < _DRAIN_BYTES
