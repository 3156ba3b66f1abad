"""The signature that botocore computes for what the domain received: it must be the one that arrived."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

from access_es.demo.credentials import Credential
from tests.demo.botocore_requests import signed_headers
from tests.fidelity.recording_domain import Arrived
from tests.running_proxy import KEY

_SIGNATURE = re.compile(rb"Signature=([0-9a-f]{64})")


def signature_of(value: bytes) -> bytes:
    found = _SIGNATURE.search(value)
    assert found, value
    return found[1]


def signature_by_botocore(request: Arrived) -> bytes:
    """What botocore makes of the decoded query pairs (of the query as it stands, where a pair is no UTF-8)."""
    host, date = request.values("host")[0].decode(), request.values("x-amz-date")[0].decode()
    now = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert request.body is not None
    headers = signed_headers(
        request.method,
        request.target,
        body=request.body,
        host=host,
        key=Credential(*KEY, None),
        now=now,
        content_sha256=True,
        decoded=_is_utf8(request.target.partition(b"?")[2]),
    )
    return signature_of(dict(headers)[b"Authorization"])


def _is_utf8(query: bytes) -> bool:
    try:
        unquote_to_bytes(query).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
