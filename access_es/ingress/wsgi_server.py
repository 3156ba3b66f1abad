"""Reads the WSGI environ of our local server, which also has the raw target and header lines."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import Any

from access_es.errors import BadRequest
from access_es.messages import ByteStream, Headers, ProxyRequest

TARGET_KEY = "access_es.target"
HEADERS_KEY = "access_es.headers"
MOUNT_KEY = "access_es.mount"
CLIENT_KEY = "access_es.client"
_ABSOLUTE_FORM = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)


class _FixedLengthStream:
    """A body of announced length. If it ends early, the client disconnected; it is not a shorter body."""

    __slots__ = ("_left", "_stream")

    def __init__(self, stream: ByteStream, length_bytes: int) -> None:
        self._stream = stream
        self._left = length_bytes

    def read(self, size: int = -1, /) -> bytes:
        if not self._left:
            return b""
        data = self._stream.read(self._left if size < 0 else min(size, self._left))
        if not data:
            raise BadRequest("The request body is shorter than its announced length.")
        self._left -= len(data)
        return data


class _EmptyStream:
    __slots__ = ()

    def read(self, size: int = -1, /) -> bytes:
        return b""


def read_request(environ: dict[str, Any]) -> ProxyRequest:
    """The request behind an environ. Its target need not be a path."""
    headers = environ.get(HEADERS_KEY)
    return ProxyRequest(
        id=secrets.token_hex(8),
        method=environ["REQUEST_METHOD"],
        target=_read_target(environ),
        headers=tuple(_from_cgi(environ) if headers is None else headers),
        body=_read_body(environ),
        scheme=environ["wsgi.url_scheme"],
        client_address=environ.get("REMOTE_ADDR") or "",
        mount=environ.get(MOUNT_KEY, ""),
        client=environ.get(CLIENT_KEY),
    )


def _read_target(environ: dict[str, Any]) -> bytes:
    raw = environ.get(TARGET_KEY)
    if raw is None:
        return _rebuild_target(environ)
    target = raw if isinstance(raw, bytes) else raw.encode("latin-1")
    if target.startswith(b"/"):
        return target
    # RFC 9112, 3.2.2: a server takes the absolute form too. "*" and host:port stay what they are, to be refused.
    match = _ABSOLUTE_FORM.match(target)
    rest = target[match.end() :] if match else target
    return rest if match is None or rest.startswith(b"/") else b"/" + rest


def _rebuild_target(environ: dict[str, Any]) -> bytes:
    """For servers that keep no raw target: rebuilt from PATH_INFO, with the reserved bytes escaped again."""
    from urllib.parse import quote

    path = quote(
        (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1"), safe="/:@!$&'()*+,;=~"
    )
    query = environ.get("QUERY_STRING", "")
    return (path + ("?" + query if query else "")).encode("latin-1") or b"/"


def _from_cgi(environ: dict[str, Any]) -> Iterable[tuple[str, str]]:
    names: Headers = (("CONTENT_TYPE", "Content-Type"), ("CONTENT_LENGTH", "Content-Length"))
    for key, name in names:
        if environ.get(key):
            yield name, environ[key]
    for key, value in environ.items():
        if key.startswith("HTTP_") and key not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
            yield key[5:].replace("_", "-").title(), value


def _read_body(environ: dict[str, Any]) -> ByteStream:
    length = environ.get("CONTENT_LENGTH")
    if length:
        return _FixedLengthStream(environ["wsgi.input"], int(length))
    if environ.get("HTTP_TRANSFER_ENCODING") or environ.get("wsgi.input_terminated"):
        stream: ByteStream = environ["wsgi.input"]
        return stream
    return _EmptyStream()
