"""`doctor --door`: asks the deployed front door itself, over the network, and sees every byte of what comes.

With http.client, which neither follows redirects nor decodes, and tells an answer that broke off from a whole one.
"""

from __future__ import annotations

import hashlib
import http.client
import ssl
import time
import zlib
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from access_es.doctor.door_findings import Came, judge, judge_address
from access_es.door_probe.cases import CASES, Case
from access_es.door_probe.signature import HEADER, sign
from access_es.messages import PROBES
from access_es.provision.finding import Finding

_TIMEOUT_SECONDS = 90.0
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": "access-es-doctor"}
_READ_BYTES, _START_BYTES = 64 * 1024, 4096
_GZIP = 31  # zlib.net/manual.html, inflateInit2


def check_door(
    address: str, secret: str, *, wants_streaming: bool, cases: tuple[Case, ...] = CASES
) -> Iterator[Finding]:
    """One finding for each case. Ends with the first where nothing else could come."""
    place = urlsplit(address)
    first = cases[0]
    came = ask(place, secret, first)
    if unusable := judge_address(address, came):
        yield unusable
        return
    yield judge(first, came, wants_streaming)
    for case in cases[1:]:
        yield judge(case, ask(place, secret, case), wants_streaming)


def ask(place: SplitResult, secret: str, case: Case) -> Came:
    path = PROBES.decode() + case.name
    began = time.monotonic()
    connection = _connect(place)
    try:
        signed = {HEADER: sign(secret, case.method, path, time.time())}
        connection.request(case.method, place.path.rstrip("/") + path, headers={**_HEADERS, **signed})
        answer = connection.getresponse()
        return _read(answer, began)
    except (OSError, http.client.HTTPException) as fault:
        return Came(failure=f"{type(fault).__name__}: {fault}", seconds=time.monotonic() - began)
    finally:
        connection.close()


def _connect(place: SplitResult) -> http.client.HTTPConnection:
    host = place.hostname or ""
    if place.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, place.port, timeout=_TIMEOUT_SECONDS, context=context)
    return http.client.HTTPConnection(host, place.port, timeout=_TIMEOUT_SECONDS)


def _read(answer: http.client.HTTPResponse, began: float) -> Came:
    first_at = time.monotonic() - began
    headers = tuple((name.lower(), value) for name, value in answer.getheaders())
    digest, size, failure, start = hashlib.sha256(), 0, "", b""
    unpack = zlib.decompressobj(_GZIP) if dict(headers).get("content-encoding") == "gzip" else None
    try:
        while piece := answer.read1(_READ_BYTES):
            size += len(piece)
            start = start or piece[:_START_BYTES]
            digest.update(unpack.decompress(piece) if unpack else piece)
        if answer.length or (unpack and not unpack.eof):
            failure = "IncompleteRead"
    except (OSError, http.client.HTTPException, zlib.error) as fault:
        failure = f"{type(fault).__name__}"
    return Came(answer.status, headers, size, digest.hexdigest(), start, failure, first_at, time.monotonic() - began)
