"""The worker process: one loop that watches every connection, and threads for the requests that have arrived.

gunicorn's thread worker gives a thread to a connection as soon as one byte is there, and waits in it without a limit.
Here the loop gathers a request first, so idle and slow clients cost a socket each and never a thread.
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from access_es.server.answering import Outcome, answer_next
from access_es.server.connection import Arrival, Connection
from access_es.server.refusal import TOO_SLOW
from access_es.server.waiting import Waiting

ARRIVAL_SECONDS = 20  # for a head and a small body, as Apache's RequestReadTimeout
IO_SECONDS = 30  # for each read or write of a thread
STAY_SECONDS = 0.005
CLOSING_SECONDS = 2
_PASSING = (errno.EAGAIN, errno.ECONNABORTED, errno.EMFILE, errno.ENFILE)


class Worker(ThreadWorker):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keepalived_conns: Waiting[Connection] = Waiting()  # between two requests
        self.pending_conns: Waiting[Connection] = Waiting()  # within a request
        self.closing_conns: Waiting[Connection] = Waiting()  # answered for the last time
        self.queued: set[Connection] = set()  # ready, but no thread is free yet

    # --- the loop: what happens when a socket is readable

    def accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except OSError as fault:
            if fault.errno not in _PASSING:
                raise
            return
        self.nr_conns += 1
        self._gather(Connection(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._gather(conn)

    def on_pending_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        arrival = conn.receive()
        if arrival is not Arrival.PARTIAL:
            self.poller.unregister(client)
            self.pending_conns.remove(conn)
            self._begin(conn, arrival)

    def on_pending_socket_writable(self, conn: Connection, client: socket.socket) -> None:
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        self.enqueue_req(conn)

    def on_closing_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        if not conn.drain():
            self.closing_conns.remove(conn)
            self._drop(conn)

    def enqueue_req(self, conn: Connection) -> None:
        self.queued.add(conn)
        super().enqueue_req(conn)

    def finish_request(self, conn: Connection, fs: Future[Outcome]) -> None:
        outcome = Outcome.CLOSE if fs.cancelled() or fs.exception() else fs.result()
        if outcome is Outcome.KEEP:
            self._await_next(conn)
        elif outcome is Outcome.CLOSE and conn.half_close():
            self._wait(conn, self.closing_conns, CLOSING_SECONDS, self.on_closing_socket_readable)
        else:
            self._drop(conn, registered=False)

    def _gather(self, conn: Connection) -> None:
        arrival = conn.receive()
        if arrival is Arrival.PARTIAL:
            self._wait(conn, self.pending_conns, ARRIVAL_SECONDS, self.on_pending_socket_readable)
        else:
            self._begin(conn, arrival)

    def _begin(self, conn: Connection, arrival: Arrival) -> None:
        if arrival is not Arrival.COMPLETE:
            self._drop(conn, registered=False)
        elif conn.takes_more():
            self.enqueue_req(conn)
        else:  # no thread waits for a client that asks and asks, and reads no answer
            self._wait(
                conn, self.pending_conns, ARRIVAL_SECONDS, self.on_pending_socket_writable, selectors.EVENT_WRITE
            )

    def _await_next(self, conn: Connection) -> None:
        conn.sock.setblocking(False)
        if conn.hand_over() is Arrival.COMPLETE:
            self._begin(conn, Arrival.COMPLETE)
        elif conn.gathered:
            self._wait(conn, self.pending_conns, ARRIVAL_SECONDS, self.on_pending_socket_readable)
        else:
            seconds = self.cfg.keepalive if self.alive else CLOSING_SECONDS
            self._wait(conn, self.keepalived_conns, seconds, self.on_client_socket_readable)

    def _wait(
        self, conn: Connection, among: Waiting[Connection], seconds: float, then: Callable[..., None],
        event: int = selectors.EVENT_READ,
    ) -> None:  # fmt: skip
        conn.timeout = time.monotonic() + seconds
        among.append(conn)
        self.poller.register(conn.sock, event, partial(then, conn))

    def _drop(self, conn: Connection, registered: bool = True) -> None:
        if registered:
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    # --- the loop: what happens once a second

    def murder_keepalived(self, force: bool = False) -> None:
        """Close those that were idle too long. Where a new client finds no room, the longest idle go too, and then
        those that have been sending one request for the longest time.
        """
        now = float("inf") if force else time.monotonic()
        for conn in self.keepalived_conns.expired(now):
            self._drop(conn)
        for waiting in (self.keepalived_conns, self.pending_conns):
            while waiting and self.nr_conns >= self.worker_connections:
                self._drop(waiting.popleft())

    def murder_pending(self) -> None:
        now = time.monotonic()
        for conn in self.pending_conns.expired(now):
            if conn.gathered:
                conn.refuse(TOO_SLOW)
            self._drop(conn)
        for conn in self.closing_conns.expired(now):
            self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """Called when the worker must stop: closes the connections that have not sent a whole request by then."""
        for waiting in (self.keepalived_conns, self.pending_conns):
            for conn in waiting:
                conn.timeout = min(conn.timeout, deadline)

    # --- the threads

    def handle(self, conn: Connection) -> Outcome:
        """Answer requests of one connection as long as the next one follows closely and nobody else waits."""
        self.queued.discard(conn)
        outcome = Outcome.KEEP
        while outcome is Outcome.KEEP:
            conn.sock.settimeout(IO_SECONDS)
            outcome = answer_next(self, conn)
            if outcome is not Outcome.KEEP or not self._has_next(conn):
                break
        return outcome

    def _has_next(self, conn: Connection) -> bool:
        if self.queued or conn.gathered or not self.alive or not conn.takes_more():
            return False
        conn.sock.settimeout(STAY_SECONDS)
        arrival = conn.receive()
        return arrival is Arrival.COMPLETE
