"""The official SigV4 vectors against our own signer, as far as its fixed set of signed headers allows."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from access_es.credentials import Credentials
from access_es.upstream.signing import Signer
from access_es.upstream.target import WireTarget, canonical_path, canonical_query

SUITE: dict[str, Any] = json.loads((Path(__file__).parent.parent / "vectors" / "sigv4.json").read_text("utf-8"))
VECTORS: list[dict[str, Any]] = SUITE["vectors"]

# es normalises a path, S3 alone does not; these show S3's way (get-space-unnormalized reads the same both ways).
S3_PATHS = {
    "get-relative-relative-unnormalized", "get-relative-unnormalized", "get-slash-dot-slash-unnormalized",
    "get-slash-pointless-dot-unnormalized", "get-slash-unnormalized", "get-slashes-unnormalized",
}  # fmt: skip
# Vectors whose signature covers headers that we pass on unsigned, since a hop on the way may change them.
MORE_SIGNED_HEADERS = {
    "get-header-key-duplicate": "my-header1", "get-header-value-multiline": "my-header1",
    "get-header-value-order": "my-header1", "get-header-value-trim": "my-header1;my-header2",
    "post-header-key-sort": "my-header1", "post-header-value-case": "my-header1",
    "post-x-www-form-urlencoded": "content-length;content-type",
    "post-x-www-form-urlencoded-parameters": "content-length;content-type",
}  # fmt: skip
UNSIGNED_TOKEN = {"post-sts-header-after"}  # adds the token after signing; we sign it, as es demands


def vectors(*without: set[str]) -> list[Any]:
    left_out = set().union(*without)
    return [pytest.param(vector, id=vector["name"]) for vector in VECTORS if vector["name"] not in left_out]


def wire_target(vector: dict[str, Any]) -> WireTarget:
    """The vector's target as it stands: a raw blank or letter of it is read as the suite reads it, not spelled out."""
    path, mark, query = vector["target"].partition("?")
    return WireTarget(path, query if mark else None)


@pytest.mark.parametrize("vector", vectors(S3_PATHS))
def test_path_and_query_are_read_as_published(vector: dict[str, Any]) -> None:
    target = wire_target(vector)
    _, path, query, *_ = vector["canonical_request"].split("\n")
    assert (canonical_path(target.path), canonical_query(target.query)) == (path, query)


@pytest.mark.parametrize("vector", vectors(S3_PATHS, set(MORE_SIGNED_HEADERS), UNSIGNED_TOKEN))
def test_the_signature_is_that_of_the_published_request_with_our_content_hash(vector: dict[str, Any]) -> None:
    """The published canonical request plus the one header that we sign beyond it, signed as AWS's manual says."""
    signed = dict(sign(vector))
    text = string_to_sign(with_content_hash(vector["canonical_request"]))
    assert signed["Authorization"].endswith(f"Signature={hmac.new(signing_key(), text, 'sha256').hexdigest()}")


def test_every_vector_that_does_not_apply_is_named() -> None:
    known = {vector["name"]: vector for vector in VECTORS}
    assert len(known) == 38
    for name, header in MORE_SIGNED_HEADERS.items():
        assert header in known[name]["authorization"]
    for name in S3_PATHS:
        path = wire_target(known[name]).path
        assert known[name]["canonical_request"].split("\n")[1] == path != canonical_path(path)
    for name in UNSIGNED_TOKEN:
        assert known[name]["session_token"] and "x-amz-security-token" not in known[name]["authorization"]


def sign(vector: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    credentials = Credentials(SUITE["access_key"], SUITE["secret_key"], vector.get("session_token"))
    body_sha256 = hashlib.sha256(vector["body"].encode()).hexdigest()
    now = datetime.fromisoformat(SUITE["timestamp"])
    signer = Signer(SUITE["region"], SUITE["service"])
    return signer.sign(vector["method"], wire_target(vector), "example.amazonaws.com", body_sha256, credentials, now)


def with_content_hash(canonical_request: str) -> str:
    method, path, query, *headers, _, names, body_sha256 = canonical_request.split("\n")
    lines = sorted([*headers, f"x-amz-content-sha256:{body_sha256}"])
    signed_names = ";".join(sorted([*names.split(";"), "x-amz-content-sha256"]))
    return "\n".join([method, path, query, *lines, "", signed_names, body_sha256])


def string_to_sign(canonical_request: str) -> bytes:
    scope = f"20150830/{SUITE['region']}/{SUITE['service']}/aws4_request"
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    return f"AWS4-HMAC-SHA256\n20150830T123600Z\n{scope}\n{digest}".encode()


def signing_key() -> bytes:
    key = f"AWS4{SUITE['secret_key']}".encode()
    for part in ("20150830", SUITE["region"], SUITE["service"], "aws4_request"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return key
