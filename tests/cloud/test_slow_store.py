"""A store that is slow or broken: our own answer in time, and nothing of the upload left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.cloud.front_door import OpenLambdaDoor

pytestmark = pytest.mark.cloud

FUNCTION_SECONDS = 6.0


@dataclass
class SlowStore:
    """An S3 of one bucket; `hangs` are what it never answers, by method and a word of the query."""

    url: str
    hangs: tuple[str, ...]
    asked: list[str] = field(default_factory=list)
    aborted: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def slow_store(*hangs: str) -> Iterator[SlowStore]:
    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            what = f"{self.command} {self.path.partition('?')[2]}"
            store.asked.append(what)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if any(all(word in what for word in each.split()) for each in store.hangs):
                store.over.wait(60)
                return
            if self.command == "DELETE":
                store.aborted.set()
            body = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
            self.send_response(200)
            self.send_header("ETag", '"x"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.handle_any()

        def do_PUT(self) -> None:
            self.handle_any()

        def do_DELETE(self) -> None:
            self.handle_any()

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.daemon_threads = True
        store = SlowStore(f"http://127.0.0.1:{server.server_port}", hangs)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield store
        finally:
            store.over.set()
            server.shutdown()
            thread.join()


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("hangs", "size"),
    [("POST uploads", 20_000_000), ("PUT partNumber", 40_000_000), ("POST uploadId", 20_000_000), ("PUT", 7_000_000)],
    ids=["create", "parts", "complete", "small object"],
)
def test_a_store_that_hangs_is_given_up_in_time(lambda_door: OpenLambdaDoor, hangs: str, size: int) -> None:
    with slow_store(hangs) as store:
        opened = lambda_door("url", function={"timeout_seconds": FUNCTION_SECONDS}, AWS_ENDPOINT_URL_S3=store.url)
        opened.ask("GET", "/_demo/giant?size=10", opened.bearer)
        began = time.monotonic()
        answer = opened.ask("GET", f"/_demo/giant?size={size}&kind=random", opened.bearer)
        took = time.monotonic() - began
        assert (answer.status, answer.json()["error"]["code"]) == (504, "overflow_timeout")
        assert FUNCTION_SECONDS - 3 < took < FUNCTION_SECONDS
        if any("uploadId" in asked or "partNumber" in asked for asked in store.asked):
            assert store.aborted.wait(5)


def test_a_domain_that_breaks_off_while_the_store_is_slow_is_reported(lambda_door: OpenLambdaDoor) -> None:
    with slow_store() as store:
        opened = lambda_door("rest", AWS_ENDPOINT_URL_S3=store.url)
        answer = opened.ask("GET", "/_demo/giant?size=40000000&kind=random&fail_after=30000000", opened.bearer)
        assert (answer.status, answer.json()["error"]["code"]) == (502, "domain_broke_off")
        assert store.aborted.is_set()
        assert not any(asked.startswith("POST uploadId") for asked in store.asked)
