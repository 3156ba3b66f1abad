from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from access_es.demo.canonical import canonical_path, canonical_query, canonical_request, string_to_sign
from access_es.demo.credentials import Credential, Keyring
from access_es.demo.refusals import Refusal
from access_es.demo.verifier import ArrivedRequest, Scope, verify

from .botocore_requests import KEY, STATIC_KEY
from .verified_requests import arrived, check, signed_request

VECTORS_FOLDER = Path(__file__).parent.parent / "vectors"
SUITE: dict[str, Any] = json.loads((VECTORS_FOLDER / "sigv4.json").read_text("utf-8"))
TARGETS: dict[str, Any] = json.loads((VECTORS_FOLDER / "targets.json").read_text("utf-8"))


def by_name(entries: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(entry, id=entry["name"]) for entry in entries]


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


def test_there_are_enough_targets() -> None:
    assert len(TARGETS["targets"]) >= 180


@pytest.mark.parametrize("target", by_name(TARGETS["targets"]))
def test_hostile_target_is_accepted(target: dict[str, str]) -> None:
    """What botocore signs from decoded pairs is what es expects, whatever the target looks like."""
    raw = target["target"].encode()
    assert check(signed_request("GET", raw, content_sha256=True)) == KEY
    assert check(signed_request("POST", raw, b'{"a":1}', key=STATIC_KEY)) == STATIC_KEY


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
