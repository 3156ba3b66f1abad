"""The body that the domain receives: every byte of the client's, whatever its type, coding, framing or size."""

from __future__ import annotations

import gzip
import hashlib
import random
import socket
import zlib

import pytest

from tests.fidelity.raw_client import exchange, read_to_end, request_bytes
from tests.fidelity.recording_domain import Arrived, RecordingDomain
from tests.running_proxy import RunningProxy

MEBIBYTE = 1024 * 1024
TEXT = '{"index":{}}\n{"message":"größer"}\n'.encode() * 20
MULTIPART = (
    b'preamble\r\n--x y\r\nContent-Disposition: form-data; name="file"; filename="caf\xe9.ndjson"\r\n'
    b"Content-Type: application/x-ndjson\r\n\r\n" + bytes(range(256)) + b"\r\n--x y--\r\nepilogue"
)
BODIES = [
    pytest.param({"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzip.compress(TEXT), id="gzip"),
    pytest.param(
        {"Content-Type": "application/json", "Content-Encoding": "deflate"}, zlib.compress(TEXT), id="deflate"
    ),
    pytest.param({"Content-Type": "application/x-www-form-urlencoded"}, b"a=1&b=%20+%zz&&=;c", id="form"),
    pytest.param({"Content-Type": 'multipart/form-data; boundary="x y"'}, MULTIPART, id="multipart"),
    pytest.param({"Content-Type": "application/x-ndjson"}, TEXT, id="bulk"),
    pytest.param({"Content-Type": "text/plain; charset=utf-16"}, "größer".encode("utf-16"), id="utf-16"),
    pytest.param({}, bytes(range(256)) * 5, id="no type"),
]


def send(front: RunningProxy, domain: RecordingDomain, request: bytes) -> Arrived:
    before = domain.count
    answer = exchange(front.port, request)
    assert domain.count == before + 1, answer.head
    assert domain.last.verdict == "verified"
    return domain.last


def chunked_request(front: RunningProxy, pieces: list[bytes], ending: bytes = b"0\r\n\r\n") -> bytes:
    headers = {**front.bearer, "Transfer-Encoding": "chunked"}
    chunks = b"".join(b"%X\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return request_bytes("POST", b"/_bulk", headers) + chunks + ending


@pytest.mark.parametrize(("headers", "body"), BODIES)
def test_bodies_arrive_byte_for_byte_with_their_headers(
    front: RunningProxy, domain: RecordingDomain, headers: dict[str, str], body: bytes
) -> None:
    """Nothing is decoded, parsed or given another type."""
    arrived = send(front, domain, request_bytes("POST", b"/_bulk?pipeline=a", {**front.bearer, **headers}, body))
    assert arrived.body == body
    for name in ("Content-Type", "Content-Encoding"):
        assert arrived.values(name.lower()) == [value.encode() for key, value in headers.items() if key == name]


@pytest.mark.parametrize(
    "pieces", [[b"a"], [TEXT, b"b", TEXT * 300], [b"x" * 70_000] * 20], ids=["one", "some", "many"]
)
def test_a_chunked_upload_arrives_whole_and_with_its_length(
    front: RunningProxy, domain: RecordingDomain, pieces: list[bytes]
) -> None:
    """The signature covers the body, so its length is known when it is sent on."""
    body = b"".join(pieces)
    arrived = send(front, domain, chunked_request(front, pieces))
    assert (arrived.body_bytes, arrived.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert arrived.values("content-length") == [b"%d" % len(body)]
    assert arrived.values("transfer-encoding") == []


def test_trailers_and_chunk_extensions_end_at_this_hop(front: RunningProxy, domain: RecordingDomain) -> None:
    ending = b"3;name=value\r\nabc\r\n0\r\nX-Amz-Date: forged\r\nX-Late: 1\r\n\r\n"
    arrived = send(front, domain, chunked_request(front, [b"x"], ending))
    assert arrived.body == b"xabc"
    assert arrived.values("x-late") == []


@pytest.mark.parametrize(
    ("method", "length"), [("POST", [b"0"]), ("PUT", [b"0"]), ("PATCH", [b"0"]), ("GET", []), ("DELETE", [])]
)
@pytest.mark.parametrize("framing", ["none", "zero", "chunked"])
def test_an_empty_body_stays_empty(
    front: RunningProxy, domain: RecordingDomain, method: str, length: list[bytes], framing: str
) -> None:
    """RFC 9110, 8.6: a method that means a body says that there is none."""
    headers = {**front.bearer, **({"Transfer-Encoding": "chunked"} if framing == "chunked" else {})}
    request = request_bytes(method, b"/logs/_doc/1", headers, b"" if framing == "zero" else None)
    arrived = send(front, domain, request + (b"0\r\n\r\n" if framing == "chunked" else b""))
    assert (arrived.body, arrived.values("content-length")) == (b"", length)


def test_a_client_that_waits_for_100_continue_gets_it(front: RunningProxy, domain: RecordingDomain) -> None:
    """It hears 100 before it has sent a byte of its body, and the domain never sees the question."""
    headers = {**front.bearer, "Expect": "100-continue", "Content-Length": str(len(TEXT))}
    with socket.create_connection(("127.0.0.1", front.port), 10) as client:
        client.sendall(request_bytes("POST", b"/_bulk", headers))
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(TEXT)
        read_to_end(client)
    assert (domain.last.body, domain.last.values("expect")) == (TEXT, [])


def test_an_anonymous_client_gets_no_100_continue(front: RunningProxy, domain: RecordingDomain) -> None:
    """Who is refused learns so before sending."""
    before = domain.count
    headers = {"Expect": "100-continue", "Content-Length": str(len(TEXT))}
    answer = exchange(front.port, request_bytes("POST", b"/_bulk", headers))
    assert (answer.interim, answer.status, domain.count) == ([], 401, before)


@pytest.mark.parametrize("mebibytes", [5, 50])
@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_large_uploads_arrive_whole(
    front: RunningProxy, domain: RecordingDomain, mebibytes: int, is_chunked: bool
) -> None:
    piece = random.Random(mebibytes).randbytes(MEBIBYTE)
    body = piece * mebibytes
    whole = request_bytes("POST", b"/_bulk", front.bearer, body)
    arrived = send(front, domain, chunked_request(front, [piece] * mebibytes) if is_chunked else whole)
    assert (arrived.body_bytes, arrived.sha256) == (len(body), hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("sent", [b"", TEXT[:100]])
def test_half_an_upload_is_never_sent_on(front: RunningProxy, domain: RecordingDomain, sent: bytes) -> None:
    """A client that goes away in the middle leaves nothing at the domain."""
    before = domain.count
    headers = {**front.bearer, "Content-Length": str(len(TEXT))}
    with socket.create_connection(("127.0.0.1", front.port), 10) as client:
        client.sendall(request_bytes("POST", b"/_bulk", headers) + sent)
        client.shutdown(socket.SHUT_WR)
        read_to_end(client)
    assert domain.count == before
