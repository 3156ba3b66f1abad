"""Signed requests by botocore, an implementation independent of our verifier; it gets decoded query pairs."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from access_es.demo.credentials import Credential

HOST = "search-demo.us-east-1.es.amazonaws.com"
NOW = datetime(2026, 11, 21, 23, 59, 30, tzinfo=UTC)

KEY = Credential("AKIAEXAMPLE", "secret/KEY+example", "session/TOKEN+example==")
STATIC_KEY = Credential("AKIASTATIC", "another-secret")

Pairs = list[tuple[bytes, bytes]]


def signed_headers(
    method: str,
    target: bytes,
    *,
    body: bytes = b"",
    host: str = HOST,
    key: Credential = KEY,
    now: datetime | None = None,
    region: str = "us-east-1",
    service: str = "es",
    extra: tuple[tuple[str, str], ...] = (),
    content_sha256: bool = False,
    decoded: bool = True,
) -> Pairs:
    """Host, `extra`, and what botocore adds, for a request to `target` as it will stand on the wire.

    `decoded` gives it the query as pairs; otherwise it reads the URL, which is right only for strictly escaped ones.
    """
    path, _, query = target.decode("utf-8").partition("?")
    # A nameless part has no place in the canonical query; "&" and first "=" split, "+" is a blank.
    params = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name]
    url = f"http://{host}{path}" if decoded else f"http://{host}{target.decode()}"
    request = AWSRequest(method, url, params=params if decoded else None, data=body)
    request.headers["Host"] = host
    for name, value in extra:
        request.headers[name] = value
    if content_sha256:
        request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
    auth = SigV4Auth(Credentials(key.access_key, key.secret_key, key.session_token), service, region)
    _sign_at(auth, request, now or NOW)
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()]


def _sign_at(auth: SigV4Auth, request: AWSRequest, now: datetime) -> None:
    """What add_auth does, at a time of our choice."""
    request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    auth._modify_request_before_signing(request)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    auth._inject_signature_to_request(request, auth.signature(text, request))
