"""`serve`: the processes, their limits, and the lines printed at the start."""

from __future__ import annotations

import ipaddress
import logging
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn
from wsgiref.types import WSGIApplication

from access_es.errors import SettingsError
from access_es.server.listen import listen
from access_es.server.scoreboard import Scoreboard
from access_es.server.tls import Certificate
from access_es.server.worker import Worker, WorkerOptions

if TYPE_CHECKING:
    from access_es.server.metrics.meter import Meter

MOST_CONNECTIONS = 8192
_OTHER_FILES = 64
_FILES_PER_CONNECTION = 2  # the client's socket, and the domain's or a spooled body
_SILENT_SECONDS = 60  # a worker that runs in circles is replaced
_AFTER_GRACE_SECONDS = 3
_FAILED_TO_START = 3
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGCHLD, signal.SIGALRM)

log = logging.getLogger("access_es.server")


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how to listen. `redirect_port` is for plain http beside `certificate`, 0 for any free port."""

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    graceful_seconds: float = 30
    trusted: Sequence[str] = ()
    connections_per_address: int | None = None
    certificate: Certificate | None = None
    redirect_port: int | None = None
    meter: Meter | None = None  # counts for all workers; made for as many as there are


def serve(factory: Callable[[], WSGIApplication], place: Place, announce: Callable[[str], None] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status.

    `factory` is called in every worker process, after it was forked. `announce` is called once, with the URL, in the
    first worker when it has its application. SIGTERM lets requests in flight finish for up to `graceful_seconds`.
    `trusted` are the addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are used.
    Nothing of the caller runs in a worker: neither what follows this call nor its `finally` blocks.
    Raises AddressUnusable where the address cannot be listened on, SettingsError for a certificate that is none.
    """
    if place.certificate:
        place.certificate.load()
    listener = listen(place.host, place.port)
    redirecting = None if place.redirect_port is None else listen(place.host, place.redirect_port)
    return _Master(factory, place, listener, redirecting, announce or print_url).run()


@dataclass
class _Process:
    number: int
    started: float = field(default_factory=time.monotonic)


class _Master:
    """Starts the workers, replaces those that die, and stops them all."""

    def __init__(
        self, factory: Callable[[], WSGIApplication], place: Place, listener: socket.socket,
        redirecting: socket.socket | None, announce: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._factory = factory
        self._place = place
        self._listener = listener
        self._redirecting = redirecting
        self._announce: Callable[[str], None] | None = announce
        self._options = WorkerOptions(
            place.graceful_seconds, [ipaddress.ip_network(text) for text in place.trusted], _connections(),
            place.connections_per_address, place.certificate, place.meter,
        )  # fmt: skip
        self._scoreboard = Scoreboard(place.workers)
        self._processes: dict[int, _Process] = {}
        self._stop_by: float | None = None
        self._status = 0

    def run(self) -> int:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        handler = signal.signal(signal.SIGALRM, lambda *_: None)
        signal.setitimer(signal.ITIMER_REAL, 1, 1)
        try:
            for number in range(self._place.workers):
                self._start(number, before)
            while self._processes:
                self._handle(signal.sigwait(_SIGNALS), before)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            self._listener.close()
        return self._status

    def _handle(self, received: int, mask: set[int]) -> None:
        if received in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            self._stop(received)
        self._reap(mask)
        now = time.monotonic()
        for pid, process in self._processes.items():
            if self._stop_by is not None and now > self._stop_by:
                os.kill(pid, signal.SIGKILL)
            elif now - self._last_beat(process) > _SILENT_SECONDS:
                log.error("Worker %d does not respond, and is replaced.", pid)
                os.kill(pid, signal.SIGKILL)

    def _stop(self, received: int) -> None:
        grace = self._place.graceful_seconds if received == signal.SIGTERM else 0
        if self._stop_by is None:
            log.info("Stopping: requests in progress may go on for %.0f s.", grace)
        self._stop_by = min(self._stop_by or float("inf"), time.monotonic() + grace + _AFTER_GRACE_SECONDS)
        for pid in self._processes:
            os.kill(pid, received)

    def _last_beat(self, process: _Process) -> float:
        return max(self._scoreboard.slots[process.number].last_beat, process.started)

    def _reap(self, mask: set[int]) -> None:
        while self._processes:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            process = self._processes.pop(pid, None)
            if process is None:
                continue
            self._scoreboard.slots[process.number].close()
            if self._stop_by is not None:
                continue
            code = os.waitstatus_to_exitcode(status)
            if code == _FAILED_TO_START:
                self._status = 1
                self._stop(signal.SIGTERM)
                continue
            log.error("Worker %d ended (%d), and is replaced.", pid, code)
            if time.monotonic() - process.started < 1:
                time.sleep(1)
            self._start(process.number, mask)

    def _start(self, number: int, mask: set[int]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._scoreboard.slots[number].start()
        pid = os.fork()
        if pid == 0:
            self._work(number, mask)
        self._processes[pid] = _Process(number)
        if number == 0:
            self._announce = None  # once

    def _work(self, number: int, mask: set[int]) -> NoReturn:
        """All that a worker does. The caller's cleanup is the master's, and its threads are not waited for."""
        code = _FAILED_TO_START
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            if self._place.meter:
                self._place.meter.begin(number)
            worker = Worker(self._listener, self._redirecting, self._options, self._scoreboard.slots[number])
            application = self._factory()
            code = 1
            worker.run(application, lambda: self._greet(number))
            code = 0
        except SettingsError as fault:
            log.error("%s", fault.message)
        except BaseException:
            log.exception("The worker failed.")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _greet(self, number: int) -> None:
        if number == 0 and self._announce:
            host, port = self._listener.getsockname()[:2]
            scheme = "https" if self._place.certificate else "http"
            self._announce(f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}")


def _connections() -> int:
    """How many clients a worker may have: what the limit on open files leaves, which is raised as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = MOST_CONNECTIONS * _FILES_PER_CONNECTION + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    left = MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else (soft - _OTHER_FILES) // _FILES_PER_CONNECTION
    return max(16, min(MOST_CONNECTIONS, left))


def print_url(url: str) -> None:
    print(f"access-es is ready at {url}", file=sys.stderr, flush=True)  # noqa: T201  the line a person waits for
