from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from access_es.demo.canonical import canonical_path, canonical_query, canonical_request, string_to_sign
from access_es.demo.credentials import Credential, Keyring
from access_es.demo.refusals import Refusal, serverless_body
from access_es.demo.verifier import ArrivedRequest, Scope, verify

from .judge import HOST, KEY, NOW, STATIC_KEY, Pairs, signed_headers

VECTORS_FOLDER = Path(__file__).parent.parent / "vectors"
SUITE: dict[str, Any] = json.loads((VECTORS_FOLDER / "sigv4.json").read_text("utf-8"))
TARGETS: dict[str, Any] = json.loads((VECTORS_FOLDER / "targets.json").read_text("utf-8"))

RING = Keyring((KEY, STATIC_KEY))
ES = Scope()
AOSS = Scope(service="aoss")


def by_name(entries: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(entry, id=entry["name"]) for entry in entries]


def arrived(method: str, target: bytes, headers: Pairs, body: bytes = b"") -> ArrivedRequest:
    return ArrivedRequest(method, target, tuple(headers), hashlib.sha256(body).hexdigest())


def judged(method: str = "GET", target: bytes = b"/logs/_search?q=a", body: bytes = b"", **how: Any) -> ArrivedRequest:
    return arrived(method, target, signed_headers(method, target, body=body, **how), body)


def check(
    request: ArrivedRequest, ring: Keyring = RING, scope: Scope = ES, now: datetime = NOW
) -> Credential | Refusal:
    return verify(request, ring, scope, now)


def refusal(request: ArrivedRequest, ring: Keyring = RING, scope: Scope = ES, now: datetime = NOW) -> Refusal:
    verdict = check(request, ring, scope, now)
    assert isinstance(verdict, Refusal)
    return verdict


def message(request: ArrivedRequest, **how: Any) -> str:
    return str(json.loads(refusal(request, **how).body())["message"])


def with_header(request: ArrivedRequest, name: bytes, value: bytes | None) -> ArrivedRequest:
    """`request` with another value for one header, or without it."""
    pairs = []
    for known, content in request.headers:
        if known.lower() != name:
            pairs.append((known, content))
        elif value is not None:
            pairs.append((known, value))
    return replace(request, headers=tuple(pairs))


def edit_authorization(request: ArrivedRequest, old: bytes, new: bytes) -> ArrivedRequest:
    value = request.values(b"authorization")[0]
    assert old in value
    return with_header(request, b"authorization", value.replace(old, new))


# --- the official suite


def from_suite(vector: dict[str, Any]) -> ArrivedRequest:
    headers = [(name.encode(), value.encode()) for name, value in vector["headers"]]
    headers.append((b"Authorization", vector["authorization"].encode()))
    return arrived(vector["method"], vector["target"].encode(), headers, vector["body"].encode())


def suite_verdict(vector: dict[str, Any]) -> Credential | Refusal:
    key = Credential(SUITE["access_key"], SUITE["secret_key"], vector.get("session_token"))
    scope = Scope(SUITE["region"], SUITE["service"])
    return verify(from_suite(vector), Keyring((key,)), scope, datetime.fromisoformat(SUITE["timestamp"]))


@pytest.mark.parametrize("vector", by_name([v for v in SUITE["vectors"] if v["normalize"]]))
def test_official_vector_is_accepted(vector: dict[str, Any]) -> None:
    """Each normalised vector of AWS's own suite verifies, by the very strings the suite expects."""
    request = from_suite(vector)
    names = vector["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    canonical = canonical_request(request.method, request.target, request.headers, names, request.body_sha256)
    assert canonical.decode() == vector["canonical_request"]
    scope = vector["string_to_sign"].split("\n")[2]
    assert string_to_sign("20150830T123600Z", scope, canonical) == vector["string_to_sign"]
    assert isinstance(suite_verdict(vector), Credential)


@pytest.mark.parametrize("vector", by_name([v for v in SUITE["vectors"] if not v["normalize"]]))
def test_s3_vector_is_read_by_the_rules_of_es(vector: dict[str, Any]) -> None:
    """Paths that S3 leaves alone are normalised by es: accepted only where both readings agree."""
    same = canonical_path(vector["target"].encode()).decode() == vector["canonical_request"].split("\n")[1]
    assert isinstance(suite_verdict(vector), Credential) is same


# --- hostile targets, signed by the judge


def test_there_are_enough_targets() -> None:
    assert len(TARGETS["targets"]) >= 180


@pytest.mark.parametrize("target", by_name(TARGETS["targets"]))
def test_hostile_target_is_accepted(target: dict[str, str]) -> None:
    """What botocore signs from decoded pairs is what es expects, whatever the target looks like."""
    raw = target["target"].encode()
    assert check(judged("GET", raw, content_sha256=True)) == KEY
    assert check(judged("POST", raw, b'{"a":1}', key=STATIC_KEY)) == STATIC_KEY


@pytest.mark.parametrize("target", by_name(TARGETS["targets"] + TARGETS["beyond"]))
def test_every_target_has_one_canonical_form(target: dict[str, str]) -> None:
    """No target breaks the verifier, and its canonical form holds safe characters only."""
    path, _, query = target["target"].encode().partition(b"?")
    safe = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%/&=")
    assert set(canonical_path(path)) <= safe
    assert set(canonical_query(query)) <= safe


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"/*/*/_search/", b"/%2A/%2A/_search/"),  # mhart/aws4#12
        (b"/*,-notme", b"/%2A%2C-notme"),  # sharetribe/aws-sig4#4
        (b"/%3Fa=b%20c", b"/%253Fa%3Db%2520c"),  # aws/aws-sdk-js#853
        (b"/foo//bar", b"/foo/bar"),  # carsales/aws-request-signer#11
        (b"/a:b", b"/a%3Ab"),  # elastic/elasticsearch-ruby#278
        (b"/a/./b/../c/", b"/a/c/"),
        (b"/idx/_doc/a%2fb", b"/idx/_doc/a%252fb"),
        (b"//", b"/"),
        (b"/..", b"/"),
        (b"", b"/"),
    ],
)
def test_canonical_path_as_real_domains_printed_it(path: bytes, expected: bytes) -> None:
    assert canonical_path(path) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"fields=_source%2C_parent", b"fields=_source%2C_parent"),  # DavidMuller/aws-requests-auth#12
        (b"v", b"v="),  # carsales/aws-request-signer#11
        (b"a=b+c", b"a=b%20c"),  # inreachventures/aws-signing-request-interceptor#34
        (b"b=1&a=2&a=1", b"a=1&a=2&b=1"),
        (b"q=%7E%41:*", b"q=~A%3A%2A"),
        (b"a=b=c", b"a=b%3Dc"),
        (b"&&=x&a=1&", b"a=1"),
        (b"q=caf%E9", b"q=caf%E9"),
        (b"q=100%&p=%zz", b"p=%25zz&q=100%25"),
    ],
)
def test_canonical_query_as_real_domains_printed_it(query: bytes, expected: bytes) -> None:
    assert canonical_query(query) == expected


# --- nothing signed may be changed


def test_every_changed_byte_is_refused() -> None:
    """Flip any bit pattern of any signed byte - target, method, signed values, Authorization: never accepted."""
    extra = (("Content-Type", "application/json"), ("X-Opaque-Id", "7"))
    whole = judged("POST", b"/idx/_doc/x%2Fy?q=user:kim&size=10", b'{"a":1}', extra=extra, content_sha256=True)
    assert check(whole) == KEY
    changed = [replace(whole, target=target) for target in flips(whole.target)]
    changed += [replace(whole, method=method.decode("latin-1")) for method in flips(whole.method.encode())]
    for name, value in whole.headers:
        changed += [with_header(whole, name.lower(), flipped) for flipped in flips(value)]
    assert len(changed) > 1300
    assert [request for request in changed if not isinstance(check(request), Refusal)] == []


def flips(value: bytes) -> list[bytes]:
    return [
        value[:index] + bytes((byte ^ mask,)) + value[index + 1 :]
        for index, byte in enumerate(value)
        for mask in (0x01, 0x20, 0x80)
    ]


def test_another_body_is_refused() -> None:
    request = judged("POST", b"/_bulk", b"{}\n")
    assert refusal(replace(request, body_sha256=hashlib.sha256(b"{}").hexdigest())).code == "signature"


@pytest.mark.parametrize("name", [b"host", b"x-amz-date", b"x-opaque-id", b"x-amz-security-token"])
def test_a_missing_signed_header_is_refused(name: bytes) -> None:
    request = judged(extra=(("X-Opaque-Id", "7"),))
    assert isinstance(check(with_header(request, name, None)), Refusal)


def test_a_repeated_signed_header_is_refused() -> None:
    request = judged()
    assert refusal(replace(request, headers=(*request.headers, (b"Host", b"other")))).code == "signature"


def test_a_header_that_nobody_signed_may_change() -> None:
    """Proxies on the way add their own; only what is signed is protected."""
    request = judged()
    assert check(replace(request, headers=(*request.headers, (b"X-Forwarded-For", b"10.0.0.1")))) == KEY


def test_a_named_header_that_did_not_come_is_refused() -> None:
    """A list may not claim what is absent, even when the signature leaves it out too."""
    request = edit_authorization(judged(), b"SignedHeaders=host;", b"SignedHeaders=host;x-absent;")
    assert refusal(request).code == "signature"


def test_the_list_of_signed_headers_must_be_sorted_and_lower_case() -> None:
    names = b"host;x-amz-date;x-amz-security-token"
    for bad in (b"x-amz-date;host;x-amz-security-token", b"host;X-Amz-Date;x-amz-security-token", b"host;" + names):
        assert isinstance(check(edit_authorization(judged(), names, bad)), Refusal)


# --- refusals, in Amazon's words


def test_unsigned_is_anonymous() -> None:
    request = arrived("GET", b"/", [(b"Host", HOST.encode())])
    assert refusal(request).body() == b'{"Message":"User: anonymous is not authorized to perform: es:ESHttpGet"}'
    assert refusal(request).status == 403
    assert b"es:ESHttpDelete" in refusal(replace(request, method="DELETE")).body()


def test_signing_headers_without_authorization() -> None:
    assert (
        refusal(with_header(judged(), b"authorization", None)).body() == b'{"message":"Missing Authentication Token"}'
    )


def test_basic_authorization_is_not_echoed() -> None:
    request = arrived("GET", b"/", [(b"Host", HOST.encode()), (b"Authorization", b"Basic dXNlcjpwYXNz")])
    said = message(request)
    assert said.startswith(
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
        "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a "
        "'X-Amz-Date' or a 'Date' header. "
    )
    assert "dXNlcjpwYXNz" not in said


def test_half_an_authorization() -> None:
    request = with_header(judged(), b"authorization", b"AWS4-HMAC-SHA256 Credential=a/b/c/d/e, Signature=00")
    assert message(request).startswith("Authorization header requires 'SignedHeaders' parameter. (Hashed")


def test_a_part_without_equals_sign() -> None:
    said = message(with_header(judged(), b"authorization", b"AWS4-HMAC-SHA256 nonsense"))
    assert said == "'nonsense' not a valid key=value pair (missing equal-sign) in Authorization header."


def test_two_authorizations() -> None:
    request = judged()
    doubled = replace(
        request, headers=(*request.headers, *((n, v) for n, v in request.headers if n == b"Authorization"))
    )
    assert refusal(doubled).code == "incomplete"


def test_a_part_that_comes_twice() -> None:
    assert refusal(edit_authorization(judged(), b"SignedHeaders=", b"Signature=0, SignedHeaders=")).code == "incomplete"


def test_credential_of_the_wrong_shape() -> None:
    said = message(edit_authorization(judged(), b"/aws4_request", b""))
    assert said.startswith(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term"
    )


def test_unknown_access_key() -> None:
    assert message(judged(), ring=Keyring()) == "The security token included in the request is invalid."


def test_wrong_missing_and_needless_session_token() -> None:
    for request in (
        judged(key=replace(KEY, session_token="other")),
        judged(key=replace(KEY, session_token=None)),
        judged(key=replace(STATIC_KEY, session_token="one too many")),
    ):
        assert message(request) == "The security token included in the request is invalid."


def test_expired_key() -> None:
    ring = RING.expire_others([STATIC_KEY.access_key])
    assert message(judged(), ring=ring) == "The security token included in the request is expired"
    assert check(judged(key=STATIC_KEY), ring) == STATIC_KEY


def test_clock_of_the_client_is_slow() -> None:
    late = NOW + timedelta(minutes=5, seconds=1)
    assert message(judged(), now=late) == (
        "Signature expired: 20261121T235930Z is now earlier than 20261121T235931Z (20261122T000431Z - 5 min.)"
    )


def test_clock_of_the_client_is_fast() -> None:
    early = NOW - timedelta(minutes=5, seconds=1)
    assert message(judged(), now=early) == (
        "Signature not yet current: 20261121T235930Z is still later than 20261121T235929Z (20261121T235429Z + 5 min.)"
    )


@pytest.mark.parametrize("seconds", [-300, -299, -31, 0, 31, 299, 300])
def test_five_minutes_are_allowed_also_over_midnight(seconds: int) -> None:
    """The scope carries the day of the signature, not of the verification."""
    assert check(judged(), now=NOW + timedelta(seconds=seconds)) == KEY


def test_fractions_of_a_second_do_not_shorten_the_five_minutes() -> None:
    assert check(judged(), now=NOW + timedelta(seconds=300, microseconds=999_999)) == KEY


def test_date_that_is_none() -> None:
    said = message(with_header(judged(), b"x-amz-date", b"yesterday"))
    assert said == "Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601"


def test_a_signed_date_header_will_do() -> None:
    """botocore signs Date in place of X-Amz-Date when a client sent one."""
    request = judged(extra=(("Date", "replaced by botocore"),))
    assert request.values(b"x-amz-date") == []
    assert request.values(b"date") == [b"Sat, 21 Nov 2026 23:59:30 GMT"]
    assert check(request) == KEY


@pytest.mark.parametrize(
    "date", ["Sat, 21 Nov 2026 23:59:30 -0000", "Sun, 22 Nov 2026 00:59:30 +0100", "20261121T235930Z"]
)
def test_ways_to_write_the_date(date: str) -> None:
    """All of them are the same second: the string to sign is the same, the signed header differs."""
    request = with_header(judged(extra=(("Date", "replaced by botocore"),)), b"date", date.encode())
    assert "'AWS4-HMAC-SHA256\n20261121T235930Z\n" in message(request)


def test_host_must_be_signed() -> None:
    said = message(edit_authorization(judged(), b"SignedHeaders=host;", b"SignedHeaders="))
    assert said == "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."


def test_date_must_be_signed() -> None:
    assert refusal(edit_authorization(judged(), b";x-amz-date", b"")).code == "unsigned_header"


def test_wrong_region_and_service() -> None:
    assert message(judged(region="custom")) == "Credential should be scoped to a valid region, not 'custom'. "
    assert message(judged(service="s3")) == "Credential should be scoped to correct service: 'es'. "


def test_every_fault_of_the_scope_at_once() -> None:
    request = edit_authorization(judged(), b"/20261121/us-east-1/es/aws4_request", b"/20261122/x/y/z")
    assert message(request) == (
        "Credential should be scoped to a valid region, not 'x'. Credential should be scoped to correct service: 'es'. "
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'z'. Date in Credential scope does "
        "not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261122' != '20261121', from '20261121T235930Z'. "
    )


def test_wrong_secret_shows_what_should_have_been_signed() -> None:
    request = judged("GET", b"/*/_search?q=a+b", key=Credential(STATIC_KEY.access_key, "wrong"))
    canonical = f"GET\n/%2A/_search\nq=a%20b\nhost:{HOST}\nx-amz-date:20261121T235930Z\n\nhost;x-amz-date\n"
    canonical += hashlib.sha256(b"").hexdigest()
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    assert message(request) == (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this "
        f"request should have been\n'{canonical}'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n"
        f"20261121T235930Z\n20261121/us-east-1/es/aws4_request\n{digest}'\n"
    )


def test_content_hash_must_be_that_of_the_body() -> None:
    """A signature over a false hash is refused, whichever of the two lines of the canonical request it is in."""
    false = hashlib.sha256(b"something else").hexdigest()
    assert refusal(judged("POST", body=b"{}", extra=(("X-Amz-Content-SHA256", false),))).code == "signature"
    unsigned_claim = judged("POST", body=b"{}")
    headers = (*unsigned_claim.headers, (b"X-Amz-Content-SHA256", false.encode()))
    assert refusal(replace(unsigned_claim, headers=headers)).code == "content_sha256"
    assert (
        refusal(judged("POST", body=b"{}", extra=(("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"),))).code == "signature"
    )


def test_serverless_insists_on_the_content_hash() -> None:
    assert check(judged(service="aoss", content_sha256=True), scope=AOSS) == KEY
    assert refusal(judged(service="aoss"), scope=AOSS).code == "content_sha256"


def test_serverless_wants_blanks_after_commas() -> None:
    request = judged(service="aoss", content_sha256=True)
    assert refusal(edit_authorization(request, b", ", b","), scope=AOSS).code == "incomplete"
    assert check(edit_authorization(judged(), b", ", b",")) == KEY


def test_serverless_refuses_a_signed_content_length() -> None:
    extra = (("Content-Length", "2"),)
    request = judged("POST", body=b"{}", service="aoss", content_sha256=True, extra=extra)
    assert refusal(request, scope=AOSS).code == "content_length_signed"


def test_serverless_never_says_why() -> None:
    assert json.loads(serverless_body("1-2")) == {
        "status": 403,
        "request-id": "1-2",
        "error": {"reason": "403 Forbidden", "type": "Forbidden"},
    }


def test_permissions_of_a_key() -> None:
    """A good signature of a key that may only read."""
    ring = RING.allow(KEY.access_key, ["es:ESHttpGet", "es:ESHttpHead"])
    assert check(judged(), ring) == replace(KEY, allowed_actions=frozenset({"es:ESHttpGet", "es:ESHttpHead"}))
    assert check(judged(key=STATIC_KEY, method="POST"), ring) == STATIC_KEY
    assert refusal(judged("POST"), ring).body() == (
        b'{"Message":"User: arn:aws:iam::123456789012:user/demo is not authorized to perform: es:ESHttpPost '
        b'because no identity-based policy allows the es:ESHttpPost action"}'
    )
    assert check(judged("POST"), ring.allow(KEY.access_key, None)) == KEY


def test_secrets_stay_out_of_repr() -> None:
    shown = repr((KEY, RING, judged()))
    assert KEY.secret_key not in shown
    assert str(KEY.session_token) not in shown
    assert "Signature=" not in shown
