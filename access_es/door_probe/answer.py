"""One probe's answer, as if the domain had given it: what follows is what every answer goes through."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Iterator, Sequence

from access_es.door_probe.cases import BY_NAME, COOKIES, HEADERS, Case
from access_es.door_probe.signature import HEADER, is_signed
from access_es.errors import DomainDisconnected, DomainTimeout, NotFound
from access_es.messages import PROBES, ProxyRequest, ProxyResponse

STREAMS_HEADER, RUNTIME_HEADER = "X-Access-Es-Streams", "X-Access-Es-Runtime"
_SMALL_BYTES = 64 * 1024


def answer_probe(request: ProxyRequest, secrets: Sequence[str], now: float) -> ProxyResponse:
    """Raises NotFound to whoever may not ask, as for an address that there is not."""
    path = request.path.decode("latin-1")
    case = BY_NAME.get(path.removeprefix(PROBES.decode()))
    signed = is_signed(request.header(HEADER.lower()), secrets, request.method, path, now)
    if not signed or case is None or case.method != request.method:
        raise NotFound
    _wait(case, request.due)
    return _build(case, request)


def _wait(case: Case, due: float | None) -> None:
    left = case.delay_seconds if due is None else min(case.delay_seconds, due - time.monotonic())
    time.sleep(max(0.0, left))
    if left < case.delay_seconds:
        raise DomainTimeout


def _build(case: Case, request: ProxyRequest) -> ProxyResponse:
    headers = (
        ("Content-Type", "application/octet-stream"),
        ("Cache-Control", "no-store"),
        (STREAMS_HEADER, "false" if request.begin_by is None else "true"),
        (RUNTIME_HEADER, _runtime()),
        *((("Content-Encoding", "gzip"),) if case.is_compressed else ()),
        *((*HEADERS, *COOKIES) if case.many_headers else ()),
    )
    if not case.has_body or case.size_bytes <= _SMALL_BYTES or case.is_compressed:
        return ProxyResponse.held(case.status, headers, b"".join(case.pieces()) if case.has_body else b"")
    return ProxyResponse(case.status, headers, ProbeBody(case), length_bytes=case.size_bytes)


def _runtime() -> str:
    client = sys.modules.get("awslambdaric")
    named = f"awslambdaric {getattr(client, '__version__', '?')}, " if client else ""
    return f"{named}Python {platform.python_version()}"


class ProbeBody:
    """Breaks off where its case says so."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def __iter__(self) -> Iterator[bytes]:
        sent = 0
        for piece in self._case.pieces():
            if self._case.fails_after is not None and sent >= self._case.fails_after:
                raise DomainDisconnected
            yield piece
            sent += len(piece)

    def close(self) -> None:
        """Nothing to give back."""
