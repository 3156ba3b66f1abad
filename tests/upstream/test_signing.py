"""The time of a signature; fidelity/test_vectors.py has what it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from access_es.credentials import Credentials
from access_es.upstream.signing import Signer
from access_es.upstream.target import build_target

BEGAN = datetime(2026, 11, 26, 23, 59, 58, 999_999, tzinfo=UTC)


def test_each_request_is_dated_by_its_own_second_and_day() -> None:
    """Also where the clock is set back, and over midnight, when the key changes."""
    signer = Signer("us-east-1", "es")
    target = build_target(b"/")
    for seconds in (0, 0, 0.000001, 0.9, 1, 1.000001, 1.5, 0.5, -1, -3600, 86_400, 86_400.5):
        now = BEGAN + timedelta(seconds=seconds)
        signed = dict(signer.sign("GET", target, "host", "0" * 64, Credentials("AK", "secret"), now))
        assert signed["x-amz-date"] == now.strftime("%Y%m%dT%H%M%SZ")
        assert f"Credential=AK/{now:%Y%m%d}/us-east-1/es/aws4_request, " in signed["Authorization"]
        fresh = Signer("us-east-1", "es").sign("GET", target, "host", "0" * 64, Credentials("AK", "secret"), now)
        assert dict(fresh) == signed


def test_a_token_is_signed_and_sent() -> None:
    signed = dict(
        Signer("eu-west-1", "aoss").sign(
            "GET", build_target(b"/"), "host", "0" * 64, Credentials("AK", "secret", "token"), BEGAN
        )
    )
    assert signed["x-amz-security-token"] == "token"
    assert "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, " in signed["Authorization"]
