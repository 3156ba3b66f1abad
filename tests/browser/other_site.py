"""Another site: a little web server with one page, which tries what such pages try."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Fields = dict[str, str]


@contextmanager
def another_site(host: str, page: str) -> Iterator[str]:
    """Show `page` at every path, and yield the address. `host` is a name of this machine."""

    class Show(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = f"<!doctype html><title>Prizes</title><link rel=icon href=data:,>{page}".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Show)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def form(action: str, fields: Fields, encoding: str = "application/x-www-form-urlencoded") -> str:
    """A form that sends itself when somebody clicks."""
    inputs = "".join(f'<input type=hidden name="{escape(k)}" value="{escape(v)}">' for k, v in fields.items())
    return f'<form method=post action="{action}" enctype="{encoding}">{inputs}<button>Win</button></form>'
