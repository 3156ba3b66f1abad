"""A worker process: a greenlet for each connection, from its first byte to its last.

The blocking code of the application runs in it as it is: where it would wait for a socket, a lock or a pause, gevent
lets the others go on. Work of the processor is short, but for what `server.threads` takes aside.
"""

from __future__ import annotations

import errno
import gc
import logging
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from wsgiref.types import WSGIApplication

import gevent
from gevent.event import Event
from gevent.socket import wait_read

from access_es.messages import OWN_PREFIX
from access_es.server.answering import Site, answer_next
from access_es.server.clients import Clients
from access_es.server.connection import CLOSING_SECONDS, ClientLeft, Connection
from access_es.server.forwarded import Network
from access_es.server.readiness import readiness
from access_es.server.redirect import redirect_to
from access_es.server.refusal import TOO_MANY_CONNECTIONS
from access_es.server.scoreboard import Slot
from access_es.server.tls import Certificate, RenewedContext

if TYPE_CHECKING:
    from access_es.server.metrics.meter import Meter

SWEEP_SECONDS = 0.5
_PASSING = (errno.ECONNABORTED, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PAUSE_SECONDS = 0.05
_LEAVE_SECONDS = 0.002
_START_SECONDS = 1.0
_SAY_SECONDS = 5.0
_NAMED_AT_MOST = 10
_REFRESH_SWEEPS = 4
_BEHIND_OWN = re.compile(rf"(?<={OWN_PREFIX.decode()}).*")  # an invitation's link lets in whoever has it

log = logging.getLogger("access_es.server")


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    graceful_seconds: float
    trusted: Sequence[Network]
    most_connections: int
    connections_per_address: int | None
    certificate: Certificate | None
    meter: Meter | None = None


class Worker:
    """Serves until SIGTERM, which lets what is being answered finish, or SIGINT, which does not.

    `redirecting` is a second listener, for plain http. `slot` shows the others what this worker is at.
    """

    def __init__(
        self, listener: socket.socket, redirecting: socket.socket | None, options: WorkerOptions, slot: Slot
    ) -> None:
        self._listener = listener
        self._redirecting = redirecting
        self._options = options
        self._slot = slot
        self._clients = Clients(
            options.most_connections, options.connections_per_address, counts_connections=not options.trusted
        )
        self._tls = RenewedContext(options.certificate) if options.certificate else None
        self._is_stopping = False
        self._stopped = Event()
        self._master = os.getppid()

    def run(self, application: WSGIApplication, ready: Callable[[], None]) -> None:
        self._slot.open()
        self._await_others()
        gevent.signal_handler(signal.SIGTERM, self._stop)
        gevent.signal_handler(signal.SIGINT, self._stopped.set)
        gevent.signal_handler(signal.SIGQUIT, self._stopped.set)
        accepting = [gevent.spawn(self._accept, self._listener, self._site(self._listener, application), self._tls)]
        if self._redirecting:
            port = self._listener.getsockname()[1]
            site = self._site(self._redirecting, redirect_to(port))
            accepting.append(gevent.spawn(self._accept, self._redirecting, site, None))
        gevent.spawn(self._sweep)
        self._accepting = accepting
        # What is loaded by now stays: a collection that looks at it again serves nobody for milliseconds.
        gc.collect()
        gc.freeze()
        ready()
        self._stopped.wait()

    def _site(self, listener: socket.socket, application: WSGIApplication) -> Site:
        host, port = listener.getsockname()[:2]
        return Site(application, (host, port), self._options.trusted, self._clients, lambda: self._is_stopping)

    def _await_others(self) -> None:
        """Clients who came before any worker was ready would all be served by the first one that is."""
        until = time.monotonic() + _START_SECONDS
        while self._slot.are_others_starting() and time.monotonic() < until:
            gevent.sleep(0.01)

    # --- the greenlets

    def _accept(self, listener: socket.socket, site: Site, tls: RenewedContext | None) -> None:
        listener.setblocking(False)
        while True:
            if self._slot.is_crowded():
                gevent.sleep(_LEAVE_SECONDS)  # a worker with fewer clients takes who is waiting
            try:
                sock, address = listener.accept()
            except BlockingIOError:
                wait_read(listener.fileno())
                continue
            except OSError as fault:
                if fault.errno not in _PASSING:
                    self._stopped.set()  # a worker that accepts nobody is replaced
                    raise
                gevent.sleep(_PAUSE_SECONDS)
                continue
            self._slot.add(1)
            gevent.spawn(self._serve, sock, address[0], site, tls)
            while not self._clients.make_place():
                gevent.sleep(_PAUSE_SECONDS)
            gevent.sleep(0)  # those who are here have their turns between those who come

    def _serve(self, sock: socket.socket, address: str, site: Site, tls: RenewedContext | None) -> None:
        connection = Connection(sock, address)
        may_stay = self._clients.add(connection)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                connection.sock = tls.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                connection.sock.do_handshake()
                connection.is_tls = True
            connection.wait = readiness(connection.sock)
            if not may_stay:
                connection.refuse(TOO_MANY_CONNECTIONS)
            while may_stay and answer_next(site, connection):
                if connection.received:
                    gevent.sleep(0)  # a client that never lets us wait, by sending ahead, gets its turns and no more
            connection.close()
        except (OSError, ClientLeft, ValueError):
            connection.reset()
        finally:
            self._clients.remove(connection)
            self._slot.add(-1)
            if connection.refused and self._options.meter:
                self._options.meter.count_refused(connection.refused)

    def _sweep(self) -> None:
        sweeps = 0
        while True:
            gevent.sleep(SWEEP_SECONDS)
            self._slot.beat()
            self._clients.sweep(time.monotonic())
            if self._options.meter:
                self._options.meter.beat(len(self._clients), sum(1 for _ in self._clients.answering()))
            sweeps += 1
            if self._tls and sweeps % _REFRESH_SWEEPS == 0:
                self._tls.refresh()
            if os.getppid() != self._master:
                log.error("The master process is gone: stopping.")
                self._stopped.set()

    # --- the end

    def _stop(self) -> None:
        if self._is_stopping:
            return
        self._is_stopping = True
        self._slot.close()
        gevent.killall(self._accepting)  # before what they wait for is closed
        self._listener.close()
        if self._redirecting:
            self._redirecting.close()
        began = time.monotonic()
        self._clients.hasten(began + CLOSING_SECONDS)
        gevent.spawn(self._finish, began + self._options.graceful_seconds)

    def _finish(self, until: float) -> None:
        """Wait for those that are being answered, and say so; then end."""
        say_at = time.monotonic() + _SAY_SECONDS / 10
        while len(self._clients) and (left := until - time.monotonic()) > 0:
            if time.monotonic() >= say_at:
                count = sum(1 for _ in self._clients.answering())
                log.info("Stopping: %d requests are being answered, which may go on for %.0f s.", count, left)
                say_at = time.monotonic() + _SAY_SECONDS
            gevent.sleep(min(0.05, left))
        unfinished = [connection.request_line for connection in self._clients.answering()]
        if unfinished:
            log.warning("Stopped with %d requests unfinished: %s", len(unfinished), ", ".join(_named(unfinished)))
        self._stopped.set()


def _named(lines: Sequence[str]) -> list[str]:
    """Request lines without queries, fit for a log."""
    plain = [line[:100].encode("ascii", "backslashreplace").decode() for line in lines[:_NAMED_AT_MOST]]
    shown = [_BEHIND_OWN.sub("…", line) for line in plain]
    return [*shown, "…"] if len(lines) > _NAMED_AT_MOST else shown
