"""What the domain receives: the client's request, and nothing that the client only pretends."""

from __future__ import annotations

import base64

import pytest

from tests.fidelity.raw_client import exchange, request_bytes
from tests.fidelity.recording_domain import Arrived, RecordingDomain
from tests.fidelity.sessions import sign_in
from tests.running_proxy import PASSWORD, RunningProxy

Pairs = list[tuple[str, str]]
SIGNATURE = ("x-amz-date", "x-amz-content-sha256", "authorization")


def send(front: RunningProxy, domain: RecordingDomain, request: bytes) -> Arrived:
    """What arrived of one request, which must have been accepted."""
    before = domain.count
    exchange(front.port, request)
    assert domain.count == before + 1
    assert domain.last.verdict == "verified"
    return domain.last


def signed_in(front: RunningProxy, *pairs: tuple[str, str]) -> Pairs:
    return [*front.bearer.items(), *pairs]


def headers_beside_signature(arrived: Arrived) -> Pairs:
    pairs = [(name.decode(), value.decode("latin-1")) for name, value in arrived.headers]
    return [pair for pair in pairs if pair[0].lower() not in SIGNATURE]


METHODS = [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "HEAD",
    "PROPFIND",
    "REPORT",
    "PURGE",
    "M-SEARCH",
]


@pytest.mark.parametrize("method", METHODS)
def test_any_method_arrives_as_itself(front: RunningProxy, domain: RecordingDomain, method: str) -> None:
    arrived = send(front, domain, request_bytes(method, b"/logs/_doc/1", front.bearer))
    assert (arrived.method, arrived.body) == (method, b"")


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "REPORT"])
def test_a_body_arrives_with_any_method(front: RunningProxy, domain: RecordingDomain, method: str) -> None:
    """Elasticsearch searches by GET with a body."""
    arrived = send(front, domain, request_bytes(method, b"/_search", front.bearer, b'{"size":0}'))
    assert (arrived.method, arrived.body) == (method, b'{"size":0}')


def test_the_domain_gets_the_clients_headers_and_no_others(front: RunningProxy, domain: RecordingDomain) -> None:
    """No User-Agent, Accept, Accept-Encoding, Connection or Content-Type is made up."""
    arrived = send(front, domain, request_bytes("GET", b"/_search", front.bearer))
    assert headers_beside_signature(arrived) == [("Host", domain.url.removeprefix("http://"))]
    assert [name for name, _ in arrived.headers if name.lower() in (b"te", b"transfer-encoding")] == []


def test_headers_keep_their_order_their_case_and_their_repeats(front: RunningProxy, domain: RecordingDomain) -> None:
    sent = [
        ("uSeR-aGeNt", "curl/8"), ("X-One", "1"), ("Accept", "text/csv"), ("X-Two", "a, b"), ("x-one", "2"),
        ("Accept", "*/*;q=0.1"), ("X-Empty", ""), ("X-One", "1"), ("Accept-Encoding", "zstd, br;q=0.5"),
        ("Content-Type", "application/json; foo"), ("X-Opaque-Id", 'find "foo'), ("kbn-xsrf", "true"),
        ("sg_tenant", "a"), ("opendistro_security_impersonate_as", "bob"), ("If-None-Match", '"a"'), ("Range", "bytes=0-1"), ("Origin", "https://a.example"), ("Referer", "https://a.example/"),
    ]  # fmt: skip
    arrived = send(front, domain, request_bytes("GET", b"/_search", signed_in(front, *sent)))
    assert headers_beside_signature(arrived) == [("Host", domain.url.removeprefix("http://")), *sent]


@pytest.mark.parametrize(
    "value", [b"caf\xe9", "größer €".encode(), b"\xff\xfe\x80", b"a\tb", b'"a  b"', "voilà".encode(), b"\x85a\xa0"]
)
def test_header_values_arrive_byte_for_byte(front: RunningProxy, domain: RecordingDomain, value: bytes) -> None:
    pair = ("X-Note", value.decode("latin-1"))
    assert send(front, domain, request_bytes("GET", b"/_search", signed_in(front, pair))).values("x-note") == [value]


FORGED = [
    ("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"),
    ("x-forwarded-port", "1"), ("X-Forwarded-User", "admin"), ("Forwarded", "for=10.0.0.1"), ("Via", "1.1 a"),
    ("X-Real-IP", "10.0.0.1"), ("X-Amz-Date", "20150830T123600Z"), ("X-Amz-Security-Token", "forged"),
    ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), ("X-Amz-Target", "a"), ("X-Amzn-Trace-Id", "Root=1"), ("Date", "forged"),
    ("X-HTTP-Method-Override", "DELETE"), ("X-HTTP-Method", "DELETE"), ("X-Method-Override", "DELETE"),
    ("X_Forwarded_For", "10.0.0.1"), ("X_Amz_Date", "20150830T123600Z"), ("CloudFront-Viewer-Country", "XX"),
    ("Proxy-Authorization", "Basic forged"), ("Proxy-Connection", "keep-alive"), ("Keep-Alive", "timeout=1"),
    ("TE", "trailers"), ("Trailer", "X-Late"), ("Upgrade", "h2c"), ("X-For-This-Hop", "1"), ("Connection", "X-For-This-Hop"),
]  # fmt: skip


def test_what_a_client_could_forge_never_arrives(front: RunningProxy, domain: RecordingDomain) -> None:
    arrived = send(front, domain, request_bytes("GET", b"/_search", signed_in(front, *FORGED, ("X-StoredBody", "1"))))
    assert headers_beside_signature(arrived) == [("Host", domain.url.removeprefix("http://")), ("X-StoredBody", "1")]
    assert [len(arrived.values(name)) for name in SIGNATURE] == [1, 1, 1]


def test_the_clients_own_credentials_never_arrive(front: RunningProxy, domain: RecordingDomain) -> None:
    """Whichever way a caller signs in, the domain sees our signature alone, and other cookies without ours."""
    basic = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
    token = base64.b64encode(f"alice:{front.tokens['alice']}".encode()).decode()
    session = sign_in(front, "alice")
    ways: list[Pairs] = [
        [("Authorization", f"Basic {basic}")],
        [("authorization", f"basic {token}")],
        [("Cookie", session)],
        [("Cookie", f"a=1; {session}; b=2")],
        [("Cookie", "a=1"), ("Cookie", session), ("Cookie", "b=2")],
        [("Cookie", f"a=1, {session}"), *front.bearer.items()],
        [("Cookie", f"{session}; a=voil\xc3\xa0; ;c; d=\xc3\xa0")],
    ]
    seen = []
    for way in ways:
        arrived = send(front, domain, request_bytes("GET", b"/_search", way))
        assert [value[:17] for value in arrived.values("authorization")] == [b"AWS4-HMAC-SHA256 "]
        everything = b"\n".join(value for _, value in arrived.headers)
        for secret in (basic, token, session.partition("=")[2], front.tokens["alice"]):
            assert secret.encode() not in everything
        seen.append(arrived.values("cookie"))
    assert seen == [[], [], [], [b"a=1; b=2"], [b"a=1", b"b=2"], [b"a=1"], ["a=voilà; ;c; d=à".encode()]]


def test_the_domain_is_asked_under_its_own_name(front: RunningProxy, domain: RecordingDomain) -> None:
    """Also where the client names another one in its target (RFC 9112, 3.2.2)."""
    arrived = send(front, domain, request_bytes("GET", b"http://other.example/_search?q=a", front.bearer))
    assert (arrived.target, arrived.values("host")) == (b"/_search?q=a", [domain.url.removeprefix("http://").encode()])


@pytest.mark.parametrize("target", [b"*", b"other.example:443", b"_search"])
def test_what_names_no_path_is_refused_and_never_sent(
    front: RunningProxy, domain: RecordingDomain, target: bytes
) -> None:
    before = domain.count
    method = "CONNECT" if b":" in target else "OPTIONS"
    assert exchange(front.port, request_bytes(method, target, front.bearer)).status == 400
    assert domain.count == before
