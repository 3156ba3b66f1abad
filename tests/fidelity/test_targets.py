"""Every hostile target, on the wire from a client to the domain: its signature verified by two implementations, and never another one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fidelity.botocore_signature import signature_by_botocore, signature_of
from tests.fidelity.equivalence import is_equivalent, is_legal
from tests.fidelity.raw_client import exchange, request_bytes
from tests.fidelity.recording_domain import Arrived, RecordingDomain
from tests.running_proxy import RunningProxy

TARGETS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "vectors" / "targets.json").read_text("utf-8"))
BODY = '{"query":{"match":{"a":"größer"}}}'.encode()
LEGAL = [pytest.param(entry["target"].encode(), id=entry["name"]) for entry in TARGETS["targets"]]
# What cannot be written in JSON, or ends a target for some readers.
RAW = [
    pytest.param(b"/idx/_doc/caf\xe9", id="raw-latin1"),
    pytest.param(b"/_search?q=\xff\xfe", id="raw-no-utf8-query"),
    pytest.param(b"/idx/_doc/a#b", id="raw-hash"),
    pytest.param(b"/_search?q=#a&b=1", id="raw-hash-query"),
    pytest.param("/idx/voilà".encode(), id="raw-utf8-end"),
]
BEYOND = [pytest.param(entry["target"].encode(), id=entry["name"]) for entry in TARGETS["beyond"]]


def send(front: RunningProxy, domain: RecordingDomain, method: str, target: bytes, body: bytes | None) -> Arrived:
    before = domain.count
    exchange(front.port, request_bytes(method, target, front.bearer, body))
    assert domain.count == before + 1, "sent once, and not refused on the way"
    return domain.last


def accept(arrived: Arrived, method: str, target: bytes, body: bytes) -> None:
    """Both verifiers accept the signature, and what they verified is what was sent."""
    assert arrived.verdict == "verified"
    assert signature_by_botocore(arrived) == signature_of(arrived.values("authorization")[0])
    assert (arrived.method, arrived.body) == (method, body)
    assert is_equivalent(target, arrived.target)


def test_there_are_enough_targets() -> None:
    assert len(LEGAL) >= 150
    assert all(is_legal(entry["target"].encode()) for entry in TARGETS["targets"])


@pytest.mark.parametrize("target", LEGAL + BEYOND + RAW)
def test_a_search_reaches_the_domain_signed_right_and_unchanged(
    front: RunningProxy, domain: RecordingDomain, target: bytes
) -> None:
    accept(send(front, domain, "GET", target, None), "GET", target, b"")


@pytest.mark.parametrize("target", LEGAL + BEYOND + RAW)
def test_a_write_with_a_body_reaches_the_domain_signed_right_and_unchanged(
    front: RunningProxy, domain: RecordingDomain, target: bytes
) -> None:
    accept(send(front, domain, "POST", target, BODY), "POST", target, BODY)


def test_most_targets_must_arrive_as_the_very_bytes_that_were_sent() -> None:
    """Only a `+` in a query and a lower-case escape leave a choice."""
    exact = [
        target for target in (entry["target"].encode() for entry in TARGETS["targets"]) if is_equivalent(target, target)
    ]
    assert len(exact) > 200


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b"/a%2fb", b"/a/b"),
        (b"/a%2Fb", b"/a%252Fb"),
        (b"/a/../b", b"/b"),
        (b"/a//b", b"/a/b"),
        (b"/a+b", b"/a%20b"),
        (b"/a?q=a+b", b"/a?q=a%2Bb"),
        (b"/a?", b"/a"),
        (b"/a?b=1&a=2", b"/a?a=2&b=1"),
        (b"/%7Ea", b"/~a"),
        (b"/a?q=a:b", b"/a?q=a%3Ab"),
        (b"/100%", b"/100%"),
    ],
)
def test_equivalence_accepts_nothing_else(sent: bytes, received: bytes) -> None:
    """What means something else to some server is another target."""
    assert not is_equivalent(sent, received)
