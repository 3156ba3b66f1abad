"""SigV4 signatures, by requests-aws4auth, over exactly what goes on the wire.

Signed are host, x-amz-content-sha256, x-amz-date and the token; any other header may be changed by a hop on the way.
"""

from __future__ import annotations

import hmac
import threading
from datetime import datetime
from typing import Any

from requests_aws4auth import AWS4Auth

from access_es.credentials import Credentials
from access_es.messages import Headers
from access_es.upstream.target import WireTarget, canonical_path, canonical_query

_MOST_AUTHS = 63


class _BareRequest:
    """What AWS4Auth asks of a request, and nothing that it could change on the wire."""

    __slots__ = ("body_sha256", "headers", "method", "target")

    def __init__(self, method: str, target: WireTarget, headers: dict[str, str], body_sha256: str) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.body_sha256 = body_sha256


class _TargetAuth(AWS4Auth):  # type: ignore[misc]
    """AWS4Auth with the canonical request made from our wire target and the hash taken while the body came in.

    The library's own reading differs from Amazon's for `;` in the last path segment and for nameless query parts, and
    its hash needs the whole body in memory.
    """

    def __call__(self, req: Any) -> Any:
        """As the library's own, without what is settled here: the date is the key's, and the body is hashed."""
        req.headers["x-amz-content-sha256"] = req.body_sha256
        if self.session_token:
            req.headers["x-amz-security-token"] = self.session_token
        canonical_headers, signed = self.get_canonical_headers(req)
        scope = self.signing_key.scope
        to_sign = self.get_sig_string(req, self.get_canonical_request(req, canonical_headers, signed), scope)
        signature = hmac.digest(self.signing_key.key, to_sign.encode(), "sha256").hex()
        req.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_id}/{scope}, SignedHeaders={signed}, Signature={signature}"
        )
        return req

    def get_canonical_headers(self, req: Any, include: Any = None) -> tuple[str, str]:
        names = sorted(req.headers)
        return "".join([f"{name}:{req.headers[name]}\n" for name in names]), ";".join(names)

    def get_canonical_request(self, req: Any, cano_headers: str, signed_headers: str) -> str:
        path = canonical_path(req.target.path)
        query = canonical_query(req.target.query)
        return f"{req.method}\n{path}\n{query}\n{cano_headers}\n{signed_headers}\n{req.body_sha256}"


class Signer:
    """Signs for one region and service. Safe to share: one AWS4Auth per credentials and day, never changed."""

    def __init__(self, region: str, service: str) -> None:
        self.region = region
        self.service = service
        self._lock = threading.Lock()
        self._auths: dict[tuple[Credentials, str], _TargetAuth] = {}

    def sign(
        self, method: str, target: WireTarget, host: str, body_sha256: str, credentials: Credentials, now: datetime
    ) -> Headers:
        """The headers to add. `now` is UTC, read once: it dates the request, its scope and its key alike."""
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        request = _BareRequest(method, target, {"host": host, "x-amz-date": stamp}, body_sha256)
        self._auth(credentials, stamp[:8])(request)
        del request.headers["host"]
        return tuple(request.headers.items())

    def _auth(self, credentials: Credentials, day: str) -> _TargetAuth:
        key = (credentials, day)
        auth = self._auths.get(key)
        if auth is None:
            auth = _TargetAuth(
                credentials.access_key, credentials.secret_key, self.region, self.service, day,
                session_token=credentials.token,
            )  # fmt: skip
            with self._lock:  # the oldest go: yesterday's, replaced ones, and those of people of long ago
                kept = list(self._auths.items())[-_MOST_AUTHS:]
                self._auths = {**dict(kept), key: auth}
        return auth
