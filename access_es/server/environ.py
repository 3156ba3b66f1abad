"""A request as WSGI has it (PEP 3333), and beside it as it was sent."""

from __future__ import annotations

import re
import sys
from typing import Any
from urllib.parse import unquote_to_bytes

from access_es.header_lines import ByNames
from access_es.server.body import RequestBody
from access_es.server.connection import Connection
from access_es.server.request_head import RequestHead

_ABSOLUTE_FORM = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_PLAIN = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def build_environ(
    head: RequestHead, body: RequestBody, connection: Connection, server: tuple[str, int], scheme: str, address: str
) -> dict[str, Any]:
    """`scheme` and `address` are the client's, as far as that is known."""
    path, query = _split(head.target)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": head.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": "HTTP/1.1" if head.minor else "HTTP/1.0",
        "REMOTE_ADDR": address,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "access_es.target": head.target,
        "access_es.headers": head.pairs,
        "access_es.body_arrived": not body.is_left_behind,
        "access_es.client": connection,
    }
    for place, key in enumerate(_KEYS.of(head.pairs)):
        value = head.pairs[place][1]
        if key in environ:
            environ[key] = f"{environ[key]},{value}"
        elif key:
            environ[key] = value
    return environ


def _key(name: str) -> str:
    if "_" in name:  # it would pass for the one with a dash; OpenSearch's `sg_tenant` is in `headers` alone
        return ""
    lower = name.lower()
    return _PLAIN.get(lower) or "HTTP_" + lower.upper().replace("-", "_")


_KEYS = ByNames(lambda names: tuple(map(_key, names)))


def _split(target: str) -> tuple[str, str]:
    """Path, decoded, and query, of the origin form or the absolute form (RFC 9112, 3.2)."""
    if not target.startswith("/"):
        match = _ABSOLUTE_FORM.match(target)
        target = target[match.end() :] if match else target
    path, _, query = target.partition("#")[0].partition("?")
    return (unquote_to_bytes(path.encode("latin-1")).decode("latin-1") if "%" in path else path), query
