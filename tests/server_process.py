"""The real server in a process of its own, with an application that shows what reached it."""

from __future__ import annotations

if __name__ == "__main__":
    from access_es.server.cooperative import make_cooperative

    make_cooperative()

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent.parent
_served: list[str] = []  # targets this worker has answered, so that a test sees what was never let through


# --- in the server's process


def show(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer by the path's name; anything else is echoed as JSON."""
    _served.append(environ["access_es.target"])
    page = _PAGES.get(environ["PATH_INFO"], _echo)
    return page(environ, start_response)


def _echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    answer = json.dumps({
        "target": environ["access_es.target"],
        "headers": environ["access_es.headers"],
        "body": body.decode("latin-1"),
        "scheme": environ["wsgi.url_scheme"],
        "address": environ["REMOTE_ADDR"],
        "pid": os.getpid(),
    }).encode()  # fmt: skip
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


def _served_so_far(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [json.dumps(_served).encode()]


def _hello(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


def _refuse_unread(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("401 Unauthorized", [("Content-Length", "0")])
    return [b""]


def _count(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    count = 0
    while data := environ["wsgi.input"].read(256 * 1024):
        count += len(data)
    start_response("200 OK", [])
    return [str(count).encode()]


def _large(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    size = int(environ["QUERY_STRING"])
    start_response("200 OK", [("Content-Length", str(size))])
    piece = b"x" * 65536
    return (piece for _ in range(size // len(piece)))


def _break_off(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "100")] if environ["QUERY_STRING"] == "length" else [])
    yield b"x" * 10
    raise ConnectionResetError("the domain went away")


def _end_early(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "100")])
    return [b"x" * 10]


def _fail(_: dict[str, Any], __: Callable[..., Any]) -> Iterable[bytes]:
    raise RuntimeError("secret detail")


def _passed_on(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 Fine", [("server", "Jetty"), ("DATE", "then"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"),
                                ("Content-Length", "0")])  # fmt: skip
    return []


def _status(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response(environ["QUERY_STRING"] + " X", [("Content-Length", "7")])
    return [b"ignored"] if environ["QUERY_STRING"] == "200" else []


def _slow(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    time.sleep(float(environ["QUERY_STRING"]))
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]


_PAGES: dict[str, Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]] = {
    "/served": _served_so_far, "/hello": _hello, "/refuse": _refuse_unread, "/count": _count, "/giant": _large,
    "/break": _break_off, "/early": _end_early, "/fail": _fail, "/passed": _passed_on, "/status": _status,
    "/slow": _slow,
}  # fmt: skip


# --- in the test's process


@dataclass(frozen=True)
class Running:
    port: int
    process: subprocess.Popen[str]
    said: list[str]  # what it wrote to stderr
    options: Mapping[str, Any] = field(default_factory=dict)

    def connect(self, timeout: float = 10) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def exchange(self, request: bytes, *, half_close: bool = False) -> bytes:
        """Send, and read to the end of the connection."""
        with self.connect() as client:
            client.sendall(request)
            if half_close:
                client.shutdown(socket.SHUT_WR)
            return read_to_end(client)

    def echo(self, request: bytes) -> dict[str, Any]:
        """What reached the application; the request must ask for the connection to be closed."""
        answer: dict[str, Any] = json.loads(self.exchange(request).partition(b"\r\n\r\n")[2])
        return answer


def read_to_end(client: socket.socket) -> bytes:
    answer = b""
    while data := client.recv(65536):
        answer += data
    return answer


def read_answer(client: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of one answer that announces its length."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        data = client.recv(65536)
        if not data:
            raise EOFError(answer)
        answer += data
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += client.recv(length - len(body))
    return head, body


@contextmanager
def running(
    workers: int = 1, graceful_seconds: int = 5, trusted: Sequence[str] = (), **options: object
) -> Iterator[Running]:
    """`options` are those of `Place`; a certificate is given as the names of its two files."""
    place = {"workers": workers, "graceful_seconds": graceful_seconds, "trusted": list(trusted), **options}
    command = [sys.executable, "-m", "tests.server_process", json.dumps(place)]
    process = subprocess.Popen(command, cwd=_ROOT, stderr=subprocess.PIPE, text=True)
    said: list[str] = []
    ready = threading.Event()
    reader = threading.Thread(target=_listen, args=(process, said, ready), daemon=True)
    reader.start()
    try:
        assert ready.wait(20), said
        url = next(line for line in said if "://" in line)
        yield Running(int(url.rpartition(":")[2]), process, said, options)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        finally:
            process.kill()
            process.wait()
        reader.join(5)
        assert process.stderr
        process.stderr.close()


def _listen(process: subprocess.Popen[str], said: list[str], ready: threading.Event) -> None:
    assert process.stderr
    for line in process.stderr:
        said.append(line.rstrip())
        if "://" in line:
            ready.set()


def _main() -> int:
    from access_es.server.master import Place, serve
    from access_es.server.tls import Certificate

    options = json.loads(sys.argv[1])
    if "certificate" in options:
        options["certificate"] = Certificate(*map(Path, options["certificate"]))
    logging.basicConfig(level=logging.INFO if options.pop("is_logging", False) else logging.WARNING)
    return serve(lambda: show, Place(port=0, **options))


if __name__ == "__main__":
    sys.exit(_main())
