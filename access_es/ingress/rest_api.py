"""API Gateway REST API, payload 1.0: the path arrives raw, the query decoded and out of order, the headers as lists.

Lost for good: the order of different query names, `k` against `k=`, and how the query's characters were escaped.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from access_es.ingress.fields import (
    Event,
    as_stream,
    checked_mount,
    read_body,
    read_headers,
    read_id,
    read_map,
    read_text,
    read_values,
    to_bytes,
)
from access_es.messages import Headers, ProxyRequest

_ZLIB_METHOD = 8  # RFC 1950, 2.2: the low half of the first byte; both together are a multiple of 31
_GZIP_MAGIC = b"\x1f\x8b"
_GREEDY = "/{proxy+}"


def read_request(event: Event) -> ProxyRequest:
    """The request behind an event. Raises BadRequest."""
    context = read_map(event, "requestContext")
    mount, path = read_path(event, context)
    body = read_body(event)
    headers = read_headers(read_values(event, "multiValueHeaders", "headers"))
    return ProxyRequest(
        id=read_id(context),
        method=read_text(event, "httpMethod"),
        target=path + read_query(event),
        headers=_with_host(_without_lost_encoding(headers, body), context),
        body=as_stream(body),
        scheme="https",  # it has no other
        client_address=str(read_map(context, "identity").get("sourceIp") or ""),
        mount=mount,
    )


def read_path(event: Event, context: Event) -> tuple[str, bytes]:
    """What the door puts before our paths, such as `/dev`, and the raw path after it.

    `path` has lost slashes at its start that `requestContext.path` still has, behind the stage where the address has
    one. A custom domain's base path stays in both; `{proxy+}` of the resource gives what comes after it
    (github.com/localstack/localstack/pull/12296, vincentsarago/lambda-proxy#16).
    """
    path = read_text(event, "path")
    asked = context.get("path")
    if isinstance(asked, str):
        stage = f"/{context.get('stage')}"
        for mount in (stage, ""):
            rest = asked.removeprefix(mount)
            if asked.startswith(mount) and rest[:1] in ("", "/") and rest.lstrip("/") == path.lstrip("/"):
                return _split(mount, rest or "/", event)
    return _split("", path, event)


def _split(mount: str, path: str, event: Event) -> tuple[str, bytes]:
    base = "" if mount else _base_path(path, event)
    return mount + base, to_bytes(path[len(base) :] or "/")


def _base_path(path: str, event: Event) -> str:
    """What stands before the part that `{proxy+}` matched; it never has a slash at its end, the path may."""
    resource = event.get("resource")
    bare = path.rstrip("/")
    if resource == "/":
        return checked_mount(bare)
    proxy = read_map(event, "pathParameters").get("proxy")
    if not isinstance(proxy, str) or not isinstance(resource, str) or not resource.endswith(_GREEDY):
        return ""
    base = bare.removesuffix(f"{resource.removesuffix(_GREEDY)}/{proxy.strip('/')}")
    return checked_mount(base.rstrip("/")) if base != bare else ""


def read_query(event: Event) -> bytes:
    pairs = read_values(event, "multiValueQueryStringParameters", "queryStringParameters")
    query = "&".join([f"{_escape(name)}={_escape(value)}" for name, value in pairs])
    return f"?{query}".encode() if query else b""


def _escape(text: str) -> str:
    return quote(to_bytes(text), safe="-_.~")


def _with_host(headers: Headers, context: Event) -> Headers:
    if any(name.lower() == "host" for name, _ in headers):
        return headers
    return (*headers, ("Host", str(context.get("domainName") or "")))


def _without_lost_encoding(headers: Headers, body: bytes) -> Headers:
    """The headers without a Content-Encoding that the body no longer has.

    With compression enabled the door decodes bodies itself, and may still pass the header on: the domain would then
    refuse plain bytes. docs.aws.amazon.com, api-gateway-make-request-with-compressed-payload.
    """
    named = [value.strip().lower() for name, value in headers if name.lower() == "content-encoding"]
    if not body or len(named) != 1 or not _is_lost(named[0], body):
        return headers
    return tuple((name, value) for name, value in headers if name.lower() != "content-encoding")


def _is_lost(encoding: str, body: bytes) -> bool:
    if re.fullmatch(r"(x-)?gzip", encoding):
        return not body.startswith(_GZIP_MAGIC)
    if encoding == "deflate":
        return body[0] & 15 != _ZLIB_METHOD or int.from_bytes(body[:2], "big") % 31 != 0
    return False
