"""A request as the domain would get it without the mount: what the browser sends back of the rewritten path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from urllib.parse import quote

from access_es.lazy_dataclass import dataclass
from access_es.messages import ByteStream, Headers, ProxyRequest
from access_es.mounting.interface import interface_of, is_insertable
from access_es.mounting.validators import unmarked

_MOST_BYTES = 1024 * 1024  # Kibana's own `server.maxPayload`: it refuses longer bodies anyway
_NOT_IN_A_NAME = rb"(?![A-Za-z0-9._~-])"
# A page of the interface to come back to, where people sign in to Kibana or Dashboards themselves.
_NEXT = re.compile(rb"(?<=[?&])(next|nextUrl)=([^&]*)")
# Bodies that name pages of the interface; in any other such a path is data. Kibana takes its path off an address itself
# before it is shortened; reports have all of it, and the server looks for the path that it knows
# (opensearch-project/dashboards-reporting: public/components/context_menu, server/routes/lib/createReport.ts).
_NAMES_PAGES = re.compile(rb"(/[sw]/[^/]+)?/(shorten|api/(shorten_url|short_url|reporting)(/.*)?)")
# A part of a document has other offsets once it is rewritten; a server may always send the whole (RFC 9110, 14.2).
_OF_PARTS = frozenset(("range", "if-range"))


def unmount_request(request: ProxyRequest) -> ProxyRequest:
    """The same request, but for what names the mount."""
    interface = interface_of(request.path)
    if interface is None or not is_insertable(request.mount):
        return request
    paths = _mounted_paths(request.mount, interface)
    return replace(
        request,
        target=_NEXT.sub(lambda match: match[1] + b"=" + paths.unmount_value(match[2]), request.target),
        headers=tuple(_unmount_headers(request, paths)),
        body=_unmount_body(request, interface, paths),
    )


@dataclass(frozen=True, slots=True)
class _MountedPaths:
    """Patterns of the mount, where the interface's path follows it: in a JSON string, a query's value, an address."""

    string: re.Pattern[bytes]
    value: re.Pattern[bytes]
    address: re.Pattern[bytes]

    def unmount_value(self, value: bytes) -> bytes:
        return self.value.sub(b"", value)


@lru_cache(maxsize=16)
def _mounted_paths(mount: str, interface: bytes) -> _MountedPaths:
    plain = _before(mount.encode("ascii"), interface)
    escaped = _before(*(quote(text, safe="-_.!~").encode() for text in (mount, interface)))
    address = rb"^((?i:https?)://[^/?#]*)" + plain
    return _MountedPaths(
        re.compile(b'(?<=")' + plain), re.compile(b"^(?:" + plain + b"|(?i:" + escaped + b"))"), re.compile(address)
    )


def _before(mount: bytes, path: bytes) -> bytes:
    """A pattern of the mount alone, where the whole path follows."""
    return re.escape(mount) + b"(?=" + re.escape(path) + _NOT_IN_A_NAME + b")"


def _unmount_headers(request: ProxyRequest, paths: _MountedPaths) -> Iterator[tuple[str, str]]:
    for name, value in request.headers:
        plain = name.lower()
        if plain in _OF_PARTS:
            continue
        if plain == "referer":
            value = paths.address.sub(rb"\1", value.encode("latin-1")).decode("latin-1")
        elif plain == "if-none-match":
            value = unmarked(value)
            if not value:
                continue
        yield name, value


def _unmount_body(request: ProxyRequest, interface: bytes, paths: _MountedPaths) -> ByteStream:
    if not _NAMES_PAGES.fullmatch(request.path[len(interface) :]) or not _is_plain_json(request.headers):
        return request.body
    start = _read(request.body, _MOST_BYTES + 1)
    return _After(start, request.body) if len(start) > _MOST_BYTES else BytesIO(paths.string.sub(b"", start))


def _is_plain_json(headers: Headers) -> bool:
    named = {name.lower(): value for name, value in headers}
    return "json" in named.get("content-type", "").lower() and "content-encoding" not in named


def _read(body: ByteStream, most: int) -> bytes:
    chunks = []
    left = most
    while left and (chunk := body.read(left)):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


class _After:
    """A body whose start has been read."""

    __slots__ = ("_rest", "_start")

    def __init__(self, start: bytes, rest: ByteStream) -> None:
        self._start = start
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        if not self._start:
            return self._rest.read(size)
        if size < 0:
            data, self._start = self._start + self._rest.read(), b""
            return data
        data, self._start = self._start[:size], self._start[size:]
        return data
