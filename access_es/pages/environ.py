"""Makes a WSGI environ from a request, for our own pages in Lambda. Zappa's environ loses too much."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import unquote_to_bytes

from access_es.messages import Headers, ProxyRequest


def page_environ(request: ProxyRequest) -> dict[str, Any]:
    """The environ of PEP 3333. What the door puts before our paths is SCRIPT_NAME."""
    path, _, query = request.target.partition(b"?")
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": request.mount,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_NAME": request.header("host") or "lambda",
        "SERVER_PORT": "443" if request.scheme == "https" else "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": request.client_address,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": request.body,
        "wsgi.input_terminated": True,  # the body ends by itself: some front doors give no length
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **_cgi_headers(request.headers),
    }


def _cgi_headers(headers: Headers) -> dict[str, str]:
    named: dict[str, str] = {}
    for name, value in headers:
        if "_" in name or name.lower() in ("content-length", "transfer-encoding"):
            continue  # CGI would take `x_y` for `x-y`
        key = name.upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        named[key] = f"{named[key]}{'; ' if key == 'HTTP_COOKIE' else ', '}{value}" if key in named else value
    return named
