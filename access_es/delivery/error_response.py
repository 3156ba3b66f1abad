"""Renders every error of our own: a page for people, JSON for programs, with the same facts.

The JSON has the shape of Elasticsearch's own errors, so that its clients show the reason: `error.type`, `error.reason`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from access_es.client_kind import ClientKind, takes_json_for_a_verdict
from access_es.error_body import error_body
from access_es.errors import AccessEsError, NotSignedIn, SessionEnded, WrongCredentials
from access_es.messages import OWN_PREFIX, Headers, ProxyRequest, ProxyResponse
from access_es.page_headers import page_headers

RenderPage = Callable[[dict[str, Any]], str]
LOGIN_PATH = OWN_PREFIX.decode() + "login"
_BASIC: Headers = (("WWW-Authenticate", 'Basic realm="access-es", charset="UTF-8"'),)  # RFC 7617, 2.1
_MAX_NEXT_CHARACTERS = 4096  # a longer deep link would not fit the address bar of every browser and gateway


def render_failure(
    error: AccessEsError, request: ProxyRequest, render_page: RenderPage, *, as_text: bool = False
) -> ProxyResponse:
    """The response to an error: a redirect to sign in, a page, or JSON."""
    if isinstance(error, NotSignedIn) and not isinstance(error, WrongCredentials) and request.is_navigation:
        return redirect(_login_address(request))
    if error.is_temporary and (as_text or takes_json_for_a_verdict(request.headers)):
        return _as_text(error)
    kind = request.client_kind
    if type(error) is NotSignedIn and kind == "script":
        error = SessionEnded()
    if kind == "person":
        data = render_page(_page_facts(error, request)).encode()
        headers = (("Content-Type", "text/html; charset=utf-8"), *page_headers())
    else:
        data = (json.dumps(as_json(error, request.id, kind)) + "\n").encode()
        headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    body = b"" if request.method == "HEAD" else data
    return ProxyResponse.held(error.status, (*headers, *_challenges(error, kind), *error.extra_headers), body)


def _as_text(error: AccessEsError) -> ProxyResponse:
    """For a client that tries again after anything but JSON."""
    headers = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"), *error.extra_headers)
    return ProxyResponse.held(503, headers, f"{error.message} ({error.code})\n".encode())


def redirect(address: str) -> ProxyResponse:
    """A 303 that must not be cached."""
    return ProxyResponse.held(303, (("Location", address), ("Cache-Control", "no-store")), b"")


def _page_facts(error: AccessEsError, request: ProxyRequest) -> dict[str, Any]:
    """The facts of a failure, as the page template names them."""
    return {
        "status": error.status,
        "title": error.title,
        "message": error.message,
        "code": error.code,
        "layer": error.layer,
        "request_id": request.id,
        "retry_after": dict(error.extra_headers).get("Retry-After"),
        "can_retry": request.is_navigation and (error.is_temporary or error.status == 500),
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "base_path": request.mount,
    }


def as_json(error: AccessEsError, request_id: str, kind: ClientKind = "program") -> dict[str, Any]:
    """The same facts for programs, and for scripts: those of Kibana and Dashboards show `message`."""
    body = error_body(error.status, error.code, error.message, layer=error.layer, request_id=request_id, **error.facts)
    return {**body, "message": error.message} if kind == "script" else body


def _challenges(error: AccessEsError, kind: ClientKind) -> Headers:
    """Basic is offered to programs: many send a password only when they are asked for it (wget, Java, curl --anyauth).

    Never to a browser, which would open its own password window, and from then on send what was typed with the forms of
    every other site. Before Bearer, since old clients read the first challenge alone.
    """
    return _BASIC if isinstance(error, NotSignedIn) and kind == "program" else ()


def _login_address(request: ProxyRequest) -> str:
    login = request.mount + LOGIN_PATH
    if request.target == b"/" or len(request.target) > _MAX_NEXT_CHARACTERS:
        return login
    wanted = request.mount + request.target.decode("latin-1")
    return f"{login}?next={quote(wanted, safe='/')}"
