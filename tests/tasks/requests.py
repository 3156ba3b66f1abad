"""Requests as the proxy reads them, for tests of single modules."""

from __future__ import annotations

import io

from access_es.messages import Headers, ProxyRequest


def asked(
    method: str = "GET", target: str = "/_search", headers: Headers = (), *, answer_by: float | None = None
) -> ProxyRequest:
    return ProxyRequest(
        "r1", method, target.encode("latin-1"), headers, io.BytesIO(), "https", "192.0.2.1", answer_by=answer_by
    )
