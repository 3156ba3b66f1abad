from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

from access_es.demo.credentials import Credential, Keyring
from access_es.demo.refusals import serverless_body

from .botocore_requests import HOST, KEY, NOW, STATIC_KEY
from .verified_requests import (
    AOSS,
    RING,
    arrived,
    check,
    edit_authorization,
    message,
    refusal,
    signed_request,
    with_header,
)


def test_unsigned_is_anonymous() -> None:
    request = arrived("GET", b"/", [(b"Host", HOST.encode())])
    assert refusal(request).body() == b'{"Message":"User: anonymous is not authorized to perform: es:ESHttpGet"}'
    assert refusal(request).status == 403
    assert b"es:ESHttpDelete" in refusal(replace(request, method="DELETE")).body()


def test_signing_headers_without_authorization() -> None:
    assert (
        refusal(with_header(signed_request(), b"authorization", None)).body()
        == b'{"message":"Missing Authentication Token"}'
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
    request = with_header(signed_request(), b"authorization", b"AWS4-HMAC-SHA256 Credential=a/b/c/d/e, Signature=00")
    assert message(request).startswith("Authorization header requires 'SignedHeaders' parameter. (Hashed")


def test_a_part_without_equals_sign() -> None:
    said = message(with_header(signed_request(), b"authorization", b"AWS4-HMAC-SHA256 nonsense"))
    assert said == "'nonsense' not a valid key=value pair (missing equal-sign) in Authorization header."


def test_two_authorizations() -> None:
    request = signed_request()
    doubled = replace(
        request, headers=(*request.headers, *((n, v) for n, v in request.headers if n == b"Authorization"))
    )
    assert refusal(doubled).code == "incomplete"


def test_a_part_that_comes_twice() -> None:
    assert (
        refusal(edit_authorization(signed_request(), b"SignedHeaders=", b"Signature=0, SignedHeaders=")).code
        == "incomplete"
    )


def test_credential_of_the_wrong_shape() -> None:
    said = message(edit_authorization(signed_request(), b"/aws4_request", b""))
    assert said.startswith(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term"
    )


def test_unknown_access_key() -> None:
    assert message(signed_request(), ring=Keyring()) == "The security token included in the request is invalid."


def test_wrong_missing_and_needless_session_token() -> None:
    for request in (
        signed_request(key=replace(KEY, session_token="other")),
        signed_request(key=replace(KEY, session_token=None)),
        signed_request(key=replace(STATIC_KEY, session_token="one too many")),
    ):
        assert message(request) == "The security token included in the request is invalid."


def test_expired_key() -> None:
    ring = RING.expire_others([STATIC_KEY.access_key])
    assert message(signed_request(), ring=ring) == "The security token included in the request is expired"
    assert check(signed_request(key=STATIC_KEY), ring) == STATIC_KEY


def test_clock_of_the_client_is_slow() -> None:
    late = NOW + timedelta(minutes=5, seconds=1)
    assert message(signed_request(), now=late) == (
        "Signature expired: 20261121T235930Z is now earlier than 20261121T235931Z (20261122T000431Z - 5 min.)"
    )


def test_clock_of_the_client_is_fast() -> None:
    early = NOW - timedelta(minutes=5, seconds=1)
    assert message(signed_request(), now=early) == (
        "Signature not yet current: 20261121T235930Z is still later than 20261121T235929Z (20261121T235429Z + 5 min.)"
    )


def test_date_that_is_none() -> None:
    said = message(with_header(signed_request(), b"x-amz-date", b"yesterday"))
    assert said == "Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601"


def test_host_must_be_signed() -> None:
    said = message(edit_authorization(signed_request(), b"SignedHeaders=host;", b"SignedHeaders="))
    assert said == "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."


def test_date_must_be_signed() -> None:
    assert refusal(edit_authorization(signed_request(), b";x-amz-date", b"")).code == "unsigned_header"


def test_wrong_region_and_service() -> None:
    assert message(signed_request(region="custom")) == "Credential should be scoped to a valid region, not 'custom'. "
    assert message(signed_request(service="s3")) == "Credential should be scoped to correct service: 'es'. "


def test_every_fault_of_the_scope_at_once() -> None:
    request = edit_authorization(signed_request(), b"/20261121/us-east-1/es/aws4_request", b"/20261122/x/y/z")
    assert message(request) == (
        "Credential should be scoped to a valid region, not 'x'. Credential should be scoped to correct service: 'es'. "
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'z'. Date in Credential scope does "
        "not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261122' != '20261121', from '20261121T235930Z'. "
    )


def test_wrong_secret_shows_what_should_have_been_signed() -> None:
    request = signed_request("GET", b"/*/_search?q=a+b", key=Credential(STATIC_KEY.access_key, "wrong"))
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
    assert refusal(signed_request("POST", body=b"{}", extra=(("X-Amz-Content-SHA256", false),))).code == "signature"
    unsigned_claim = signed_request("POST", body=b"{}")
    headers = (*unsigned_claim.headers, (b"X-Amz-Content-SHA256", false.encode()))
    assert refusal(replace(unsigned_claim, headers=headers)).code == "content_sha256"
    assert (
        refusal(signed_request("POST", body=b"{}", extra=(("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"),))).code
        == "signature"
    )


def test_serverless_insists_on_the_content_hash() -> None:
    assert check(signed_request(service="aoss", content_sha256=True), scope=AOSS) == KEY
    assert refusal(signed_request(service="aoss"), scope=AOSS).code == "content_sha256"


def test_serverless_wants_blanks_after_commas() -> None:
    request = signed_request(service="aoss", content_sha256=True)
    assert refusal(edit_authorization(request, b", ", b","), scope=AOSS).code == "incomplete"
    assert check(edit_authorization(signed_request(), b", ", b",")) == KEY


def test_serverless_refuses_a_signed_content_length() -> None:
    extra = (("Content-Length", "2"),)
    request = signed_request("POST", body=b"{}", service="aoss", content_sha256=True, extra=extra)
    assert refusal(request, scope=AOSS).code == "content_length_signed"


def test_serverless_never_says_why() -> None:
    assert json.loads(serverless_body("1-2")) == {
        "status": 403,
        "request-id": "1-2",
        "error": {"reason": "403 Forbidden", "type": "Forbidden"},
    }
