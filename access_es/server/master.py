"""`serve`: the processes, their limits and their first words."""

from __future__ import annotations

import errno
import logging
import os
import resource
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from access_es.errors import AddressUnusable
from access_es.server.worker import Worker

KEEP_ALIVE_SECONDS = 75
MOST_CONNECTIONS = 8192
TARGET_LINE_BYTES = 8190
HEADER_LINES = 128
HEADER_LINE_BYTES = 16 * 1024
_FILES_PER_THREAD = 4  # the client's and the domain's socket, a spooled body, one to spare
_OTHER_FILES = 64
_PORTS_TRIED = 20

log = logging.getLogger("access_es.server")


@dataclass(frozen=True, slots=True)
class Place:
    host: str
    port: int
    workers: int
    threads: int
    graceful_seconds: int
    trusted: tuple[str, ...]

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def serve(
    factory: Callable[[], WSGIApplication],
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    workers: int = 1,
    threads: int = 64,
    graceful_seconds: int = 30,
    trusted: Sequence[str] = (),
    announce: Callable[[str], None] | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit status.

    `factory` is called in every worker process, after it was forked. `announce` is called once, with the URL, in the
    first worker when it has its application. SIGTERM lets requests in flight finish for up to `graceful_seconds`.
    `trusted` are the addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
    Nothing of the caller runs in a worker: neither what follows this call nor its `finally` blocks.
    Raises AddressUnusable where the address cannot be listened on.
    """
    place = Place(host, port, workers, threads, graceful_seconds, tuple(trusted))
    require_free(host, port)
    try:
        _Server(place, factory, announce or print_url).run()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    return 0


def require_free(host: str, port: int) -> None:
    """One clear sentence at once, where gunicorn would try five times and say so ten times. Raises AddressUnusable."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as fault:
        reason, _, _ = str(fault.strerror).partition(" (while attempting")  # create_server's own words
        free = _next_free(host, port, family) if fault.errno == errno.EADDRINUSE else None
        advice = f"; try --port {free}" if free else ""
        raise AddressUnusable(f"--host {host} --port {port} cannot be listened on: {reason}{advice}.") from fault


def _next_free(host: str, port: int, family: int) -> int | None:
    for candidate in range(port + 1, min(port + _PORTS_TRIED, 65535) + 1):
        with suppress(OSError):
            socket.create_server((host, candidate), family=family).close()
            return candidate
    return None


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, place: Place, factory: Callable[[], WSGIApplication], announce: Callable[[str], None]) -> None:
        self._place = place
        self._factory = factory
        self._announce = announce
        super().__init__()

    def load_config(self) -> None:
        for name, value in {**_options(self._place), "post_worker_init": self._greet}.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        return self._factory()

    def run(self) -> None:
        master = os.getpid()
        try:
            super().run()
        finally:
            if os.getpid() != master:
                _leave(sys.exc_info()[1])

    def _greet(self, worker: Any) -> None:
        if worker.age == 1:
            host, port = worker.sockets[0].getsockname()[:2]
            self._announce(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


class _Log(Logger):  # type: ignore[misc]
    """gunicorn's messages, in our log: its progress is detail there, since `announce` says when we are ready."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log = log

    def info(self, msg: str, *args: Any, **kwargs: Any) -> None:
        log.debug(msg, *args, **kwargs)


def _options(place: Place) -> dict[str, Any]:
    return {
        "bind": place.address,
        "workers": place.workers,
        "threads": place.threads,
        "worker_class": Worker,
        "worker_connections": _connections(place.threads),
        "keepalive": KEEP_ALIVE_SECONDS,
        "graceful_timeout": place.graceful_seconds,
        "timeout": 60,
        "limit_request_line": TARGET_LINE_BYTES,
        "limit_request_fields": HEADER_LINES,
        "limit_request_field_size": HEADER_LINE_BYTES,
        # gunicorn_h1c, the parser in C, accepts bare LF and folded lines.
        "http_parser": "python",
        "forwarded_allow_ips": ",".join(place.trusted),
        "control_socket_disable": True,
        "sendfile": False,
        "logger_class": _Log,
    }


def _connections(threads: int) -> int:
    """How many clients a worker may hold: what the limit on open files leaves, which is raised as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = MOST_CONNECTIONS + _FILES_PER_THREAD * threads + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    left = MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else soft - _FILES_PER_THREAD * threads - _OTHER_FILES
    return max(threads + 1, min(MOST_CONNECTIONS, left))


def _leave(fault: BaseException | None) -> None:
    """End a worker here: the caller's cleanup is the master's to do, and its threads need not be waited for."""
    sys.stdout.flush()
    sys.stderr.flush()
    code = fault.code if isinstance(fault, SystemExit) else 1
    os._exit(code if isinstance(code, int) else 0)


def print_url(url: str) -> None:
    print(f"access-es is ready at {url}", file=sys.stderr, flush=True)  # noqa: T201  the line a person waits for
