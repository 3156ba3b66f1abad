import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from access_es.demo.health import ask, cluster_is_ready, kibana_is_ready
from access_es.demo.processes import free_ports


@contextmanager
def answering(status: int, body: bytes) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield server.server_port
        server.shutdown()
        serving.join()


@pytest.mark.parametrize(
    ("body", "ready"),
    [(b'{"status": "green"}', True), (b'{"status": "yellow"}', True), (b'{"status": "red"}', False), (b"{}", False)],
)
def test_a_cluster_is_ready_with_all_primary_shards(body: bytes, ready: bool) -> None:
    with answering(200, body) as port:
        assert cluster_is_ready(port) is ready


@pytest.mark.parametrize(("state", "ready"), [("green", True), ("red", False)])
def test_a_kibana_is_ready_when_all_its_plugins_are(state: str, ready: bool) -> None:
    with answering(200, b'{"status": {"overall": {"state": "%s"}}}' % state.encode()) as port:
        assert kibana_is_ready(port) is ready


@pytest.mark.parametrize(("status", "body"), [(503, b"{}"), (200, b"<html>"), (200, b"[]"), (200, b"\xff")])
def test_anything_else_is_no_answer(status: int, body: bytes) -> None:
    with answering(status, body) as port:
        assert ask(port, "/") is None


def test_nobody_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:1")
    (port,) = free_ports(1)
    assert ask(port, "/") is None
