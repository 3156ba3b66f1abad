"""Requests signed by botocore, given to the verifier."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from access_es.demo.credentials import Credential, Keyring
from access_es.demo.refusals import Refusal
from access_es.demo.verifier import ArrivedRequest, Scope, verify

from .botocore_requests import KEY, NOW, STATIC_KEY, Pairs, signed_headers

RING = Keyring((KEY, STATIC_KEY))
ES = Scope()
AOSS = Scope(service="aoss")


def arrived(method: str, target: bytes, headers: Pairs, body: bytes = b"") -> ArrivedRequest:
    return ArrivedRequest(method, target, tuple(headers), hashlib.sha256(body).hexdigest())


def signed_request(
    method: str = "GET", target: bytes = b"/logs/_search?q=a", body: bytes = b"", **how: Any
) -> ArrivedRequest:
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
