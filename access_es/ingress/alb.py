"""Application Load Balancer: the path arrives raw, the query's names and values too, without their order.

Lost for good: the order of different query names, `k` against `k=`; and without multi-value headers on the target
group every value of a repeated header or query name but the last.
"""

from __future__ import annotations

from collections.abc import Sequence

from access_es.ingress.client_address import read_address
from access_es.ingress.fields import (
    Event,
    as_stream,
    read_body,
    read_headers,
    read_id,
    read_text,
    read_values,
    to_bytes,
)
from access_es.messages import Headers, ProxyRequest


def read_request(event: Event) -> ProxyRequest:
    """The request behind an event. Raises BadRequest."""
    headers = read_headers(read_values(event, "multiValueHeaders", "headers"))
    return ProxyRequest(
        id=read_id({}),  # it has none of its own
        method=read_text(event, "httpMethod"),
        target=to_bytes(read_text(event, "path") or "/") + _read_query(event),
        headers=headers,
        body=as_stream(read_body(event)),
        scheme="https" if _last(headers, "x-forwarded-proto") == "https" else "http",
        client_address=_client_address(headers),
    )


def _read_query(event: Event) -> bytes:
    """Values as they were written: the load balancer does not decode them."""
    pairs = read_values(event, "multiValueQueryStringParameters", "queryStringParameters")
    query = "&".join([f"{name}={value}" for name, value in pairs])
    return b"?" + to_bytes(query) if query else b""


def _client_address(headers: Headers) -> str:
    """The last address of X-Forwarded-For: the load balancer adds it, those before are the client's to invent."""
    last = _last(headers, "x-forwarded-for")
    return read_address(last) or last


def _last(headers: Headers, name: str) -> str:
    values: Sequence[str] = [value for key, value in headers if key.lower() == name]
    return values[-1].rpartition(",")[2].strip() if values else ""
