"""The shared part of the front doors with payload format 2.0: HTTP API and Function URL."""

from __future__ import annotations

from access_es.ingress.fields import (
    Event,
    as_stream,
    read_body,
    read_headers,
    read_id,
    read_map,
    read_text,
    to_bytes,
    unreadable,
)
from access_es.messages import Headers, ProxyRequest


def read_v2(event: Event, path: bytes, mount: str = "") -> ProxyRequest:
    """The request with this path. The query string is the client's own, byte for byte. Raises BadRequest."""
    context = read_map(event, "requestContext")
    http = read_map(context, "http")
    query = to_bytes(str(event.get("rawQueryString") or ""))
    return ProxyRequest(
        id=read_id(context),
        method=read_text(http, "method"),
        target=path + (b"?" + query if query else b""),
        headers=_read_headers(event, context),
        body=as_stream(read_body(event)),
        scheme="https",  # they have no other
        client_address=str(http.get("sourceIp") or ""),
        mount=mount,
    )


def _read_headers(event: Event, context: Event) -> Headers:
    """Repeated headers come joined, which RFC 9110, 5.3 allows and nobody can undo. Cookies come in a list."""
    pairs = list(read_map(event, "headers").items())
    names = {name.lower() for name, _ in pairs}
    cookies = event.get("cookies") or []
    if not isinstance(cookies, list) or not all(isinstance(value, str) for _, value in pairs):
        raise unreadable("headers or cookies are not text")
    if cookies and "cookie" not in names:  # an HTTP API has them in the list alone
        pairs.append(("cookie", "; ".join(map(str, cookies))))
    if "host" not in names:
        pairs.append(("host", str(context.get("domainName") or "")))
    return read_headers(pairs)
