from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from access_es.demo.refusals import Refusal

from .botocore_requests import KEY, NOW, STATIC_KEY
from .verified_requests import RING, check, edit_authorization, message, refusal, signed_request, with_header


def test_every_changed_byte_is_refused() -> None:
    """Flip any bit pattern of any signed byte - target, method, signed values, Authorization: never accepted."""
    extra = (("Content-Type", "application/json"), ("X-Opaque-Id", "7"))
    whole = signed_request("POST", b"/idx/_doc/x%2Fy?q=user:kim&size=10", b'{"a":1}', extra=extra, content_sha256=True)
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
    request = signed_request("POST", b"/_bulk", b"{}\n")
    assert refusal(replace(request, body_sha256=hashlib.sha256(b"{}").hexdigest())).code == "signature"


@pytest.mark.parametrize("name", [b"host", b"x-amz-date", b"x-opaque-id", b"x-amz-security-token"])
def test_a_missing_signed_header_is_refused(name: bytes) -> None:
    request = signed_request(extra=(("X-Opaque-Id", "7"),))
    assert isinstance(check(with_header(request, name, None)), Refusal)


def test_a_repeated_signed_header_is_refused() -> None:
    request = signed_request()
    assert refusal(replace(request, headers=(*request.headers, (b"Host", b"other")))).code == "signature"


def test_a_header_that_nobody_signed_may_change() -> None:
    """Proxies on the way add their own; only what is signed is protected."""
    request = signed_request()
    assert check(replace(request, headers=(*request.headers, (b"X-Forwarded-For", b"10.0.0.1")))) == KEY


def test_a_named_header_that_did_not_come_is_refused() -> None:
    """A list may not claim what is absent, even when the signature leaves it out too."""
    request = edit_authorization(signed_request(), b"SignedHeaders=host;", b"SignedHeaders=host;x-absent;")
    assert refusal(request).code == "signature"


def test_the_list_of_signed_headers_must_be_sorted_and_lower_case() -> None:
    names = b"host;x-amz-date;x-amz-security-token"
    for bad in (b"x-amz-date;host;x-amz-security-token", b"host;X-Amz-Date;x-amz-security-token", b"host;" + names):
        assert isinstance(check(edit_authorization(signed_request(), names, bad)), Refusal)


@pytest.mark.parametrize("seconds", [-300, -299, -31, 0, 31, 299, 300])
def test_five_minutes_are_allowed_also_over_midnight(seconds: int) -> None:
    """The scope carries the day of the signature, not of the verification."""
    assert check(signed_request(), now=NOW + timedelta(seconds=seconds)) == KEY


def test_fractions_of_a_second_do_not_shorten_the_five_minutes() -> None:
    assert check(signed_request(), now=NOW + timedelta(seconds=300, microseconds=999_999)) == KEY


def test_a_signed_date_header_is_accepted() -> None:
    """botocore signs Date in place of X-Amz-Date when a client sent one."""
    request = signed_request(extra=(("Date", "replaced by botocore"),))
    assert request.values(b"x-amz-date") == []
    assert request.values(b"date") == [b"Sat, 21 Nov 2026 23:59:30 -0000"]
    assert check(request) == KEY


@pytest.mark.parametrize(
    "date", ["Sat, 21 Nov 2026 23:59:30 GMT", "Sun, 22 Nov 2026 00:59:30 +0100", "20261121T235930Z"]
)
def test_ways_to_write_the_date(date: str) -> None:
    """All of them are the same second: the string to sign is the same, the signed header differs."""
    request = with_header(signed_request(extra=(("Date", "replaced by botocore"),)), b"date", date.encode())
    assert "'AWS4-HMAC-SHA256\n20261121T235930Z\n" in message(request)


def test_permissions_of_a_key() -> None:
    """A good signature of a key that may only read."""
    ring = RING.allow(KEY.access_key, ["es:ESHttpGet", "es:ESHttpHead"])
    assert check(signed_request(), ring) == replace(KEY, allowed_actions=frozenset({"es:ESHttpGet", "es:ESHttpHead"}))
    assert check(signed_request(key=STATIC_KEY, method="POST"), ring) == STATIC_KEY
    assert refusal(signed_request("POST"), ring).body() == (
        b'{"Message":"User: arn:aws:iam::123456789012:user/demo is not authorized to perform: es:ESHttpPost '
        b'because no identity-based policy allows the es:ESHttpPost action"}'
    )
    assert check(signed_request("POST"), ring.allow(KEY.access_key, None)) == KEY


def test_secrets_stay_out_of_repr() -> None:
    shown = repr((KEY, RING, signed_request()))
    assert KEY.secret_key not in shown
    assert str(KEY.session_token) not in shown
    assert "Signature=" not in shown
