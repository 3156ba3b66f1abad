"""Our own responses about a running task: a redirect, a 202, or a page that waits."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from access_es.lazy_dataclass import dataclass
from access_es.messages import OWN_PREFIX, Headers, ProxyRequest, ProxyResponse
from access_es.page_headers import page_headers

RESPONSES = OWN_PREFIX + b"responses/"
REASON = "query-still-running"
RenderPage = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class OwnReply:
    """An answer of ours, not the domain's, and `how` for the audit."""

    response: ProxyResponse
    how: str


def address_of(ticket: str, request: ProxyRequest) -> str:
    return f"{request.mount}{RESPONSES.decode()}{ticket}"


def redirect_to(address: str, request: ProxyRequest) -> OwnReply:
    """303: whatever the method was, a GET follows (RFC 9110, 15.4.4). The address itself waits, so nobody else must."""
    headers = (("Location", address), ("Retry-After", "0"), ("X-Redirect-Reason", REASON), *_common(request))
    return OwnReply(ProxyResponse.held(303, headers, b""), "task")


def accept(address: str, request: ProxyRequest) -> OwnReply:
    """202 for clients that prefer not to wait (RFC 7240, 4.1)."""
    data = json.dumps({"status": 202, "state": "running", "location": address}).encode() + b"\n"
    headers = (
        ("Location", address), ("Content-Type", "application/json"), ("Preference-Applied", "respond-async"),
        ("Retry-After", "1"), *_common(request),
    )  # fmt: skip
    return OwnReply(ProxyResponse.held(202, headers, data), "task")


def show_waiting(html: str, request: ProxyRequest) -> OwnReply:
    """A page for people, which shows the answer by itself."""
    headers = (("Content-Type", "text/html; charset=utf-8"), ("X-Redirect-Reason", REASON), *page_headers(fetches=True))
    return OwnReply(ProxyResponse.held(200, headers, b"" if request.method == "HEAD" else html.encode()), "page")


def _common(request: ProxyRequest) -> Headers:
    """CORS headers: a script of another origin can follow a redirect only if every hop allows it. This hop shows such a
    script nothing but the address."""
    origin = request.header("origin")
    cors = (
        (("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", "Location, Retry-After"))
        if origin
        else ()
    )
    return (("Cache-Control", "no-store"), ("Vary", "Origin"), *cors)
