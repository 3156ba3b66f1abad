"""SigV4 signatures over exactly what goes on the wire, with the keys of requests-aws4auth.

Signed are host, x-amz-content-sha256, x-amz-date and the token; any other header may be changed by a hop on the way.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from datetime import datetime
from typing import NamedTuple

from requests_aws4auth.aws4signingkey import AWS4SigningKey

from access_es.credentials import Credentials
from access_es.messages import Headers
from access_es.upstream.target import WireTarget, canonical_path, canonical_query

_MOST_KEYS = 63


class _Key(NamedTuple):
    """What signs for one set of credentials on one day. `scope` is that of the key; `beginning` begins the header."""

    key: bytes
    scope: str
    beginning: str


class Signer:
    """Signs for one region and service. Safe to share: one key per credentials and day, never changed."""

    def __init__(self, region: str, service: str) -> None:
        self.region = region
        self.service = service
        self._lock = threading.Lock()
        self._keys: dict[tuple[Credentials, str], _Key] = {}
        self._last_stamp: tuple[datetime, str] | None = None

    def sign(
        self, method: str, target: WireTarget, host: str, body_sha256: str, credentials: Credentials, now: datetime
    ) -> Headers:
        """The headers to add. `now` is UTC, read once: it dates the request, its scope and its key alike."""
        stamp = self._stamp(now)
        key = self._key(credentials, stamp[:8])
        token = credentials.token
        lines = f"host:{host}\nx-amz-content-sha256:{body_sha256}\nx-amz-date:{stamp}\n"
        names = "host;x-amz-content-sha256;x-amz-date"
        if token:
            lines += f"x-amz-security-token:{token}\n"
            names += ";x-amz-security-token"
        request = (
            f"{method}\n{canonical_path(target.path)}\n{canonical_query(target.query)}\n{lines}\n{names}\n{body_sha256}"
        )
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{key.scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(key.key, to_sign.encode(), "sha256").hex()
        proof = ("Authorization", f"{key.beginning}, SignedHeaders={names}, Signature={signature}")
        signed = (("x-amz-date", stamp), ("x-amz-content-sha256", body_sha256))
        return (*signed, ("x-amz-security-token", token), proof) if token else (*signed, proof)

    def _stamp(self, now: datetime) -> str:
        """The time in ISO 8601's basic format, found once a second."""
        last = self._last_stamp
        if last is not None:
            since = now - last[0]
            if not since.days and not since.seconds:
                return last[1]
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        self._last_stamp = (now.replace(microsecond=0), stamp)
        return stamp

    def _key(self, credentials: Credentials, day: str) -> _Key:
        found = self._keys.get((credentials, day))
        if found is None:
            made = AWS4SigningKey(credentials.secret_key, self.region, self.service, day)
            beginning = f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{made.scope}"
            found = _Key(made.key, made.scope, beginning)
            with self._lock:  # the oldest go: yesterday's, replaced ones, and those of people of long ago
                kept = list(self._keys.items())[-_MOST_KEYS:]
                self._keys = {**dict(kept), (credentials, day): found}
        return found
