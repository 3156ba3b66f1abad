"""A door in front of a door, with one fault put in: what it gets, it changes, and passes on."""

from __future__ import annotations

import gzip
import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Passed:
    """One answer. `broke_off` where the door behind broke off; `hangs` keeps the client waiting."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    broke_off: bool = False
    hangs: bool = False


Fault = Callable[[Passed], Passed]


def looks_whole(answer: Passed) -> Passed:
    """Ends a broken answer as if nothing had happened, as error trailers might."""
    return replace(answer, broke_off=False)


def hangs_without_a_body(answer: Passed) -> Passed:
    return replace(answer, hangs=not answer.body)


def unpacks(answer: Passed) -> Passed:
    if ("Content-Encoding", "gzip") not in answer.headers:
        return answer
    kept = tuple(pair for pair in answer.headers if pair[0] != "Content-Encoding")
    return replace(answer, headers=kept, body=gzip.decompress(answer.body))


def changes_bytes(answer: Passed) -> Passed:
    """As a door does that takes every body for text."""
    return replace(answer, body=answer.body.decode("utf-8", "replace").encode())


def loses_headers(answer: Passed) -> Passed:
    return replace(answer, headers=tuple({name.lower(): (name, value) for name, value in answer.headers}.values()))


def cuts_after_five_megabytes(answer: Passed) -> Passed:
    return replace(answer, body=answer.body[:5_500_000], broke_off=answer.broke_off or len(answer.body) > 5_500_000)


def changes_empty_statuses(answer: Passed) -> Passed:
    """As stacks do that send the status with the first byte of a body."""
    return answer if answer.body else replace(answer, status=200)


@contextmanager
def faulty_door(port: int, fault: Fault) -> Iterator[str]:
    """Its address. `port` is the door behind it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(fault(_fetch(port, self.command, self.path, dict(self.headers))))

        do_HEAD = do_GET  # noqa: N815 - the names of http.server

        def _answer(self, answer: Passed) -> None:
            if answer.hangs:
                time.sleep(3)
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers:
                if name.lower() not in ("transfer-encoding", "content-length", "date"):
                    self.send_header(name, value)
            chunked = self.command != "HEAD" and answer.status not in (204, 304)
            self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", "0")))
            self.end_headers()
            if chunked and answer.body:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(answer.body), answer.body))
            if chunked and not answer.broke_off:
                self.wfile.write(b"0\r\n\r\n")
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _fetch(port: int, method: str, path: str, headers: dict[str, str]) -> Passed:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    try:
        body, broke_off = answer.read(), False
    except http.client.IncompleteRead as cut:
        body, broke_off = cut.partial, True
    connection.close()
    return Passed(answer.status, tuple(answer.getheaders()), body, broke_off)
