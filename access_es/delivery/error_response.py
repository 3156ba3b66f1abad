"""Renders every error of our own: a page for people, JSON for programs, with the same facts.

The JSON has the shape of Elasticsearch's own errors, so that its clients show the reason: `error.type`, `error.reason`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from access_es.errors import AccessEsError, NotSignedIn, WrongCredentials
from access_es.messages import OWN_PREFIX, ProxyRequest, ProxyResponse
from access_es.page_headers import page_headers

RenderPage = Callable[[dict[str, Any]], str]
LOGIN_PATH = OWN_PREFIX.decode() + "login"
_MAX_NEXT_CHARACTERS = 4096  # a longer deep link would not fit the address bar of every browser and gateway


def render_failure(error: AccessEsError, request: ProxyRequest, render_page: RenderPage) -> ProxyResponse:
    """The response to an error: a redirect to sign in, a page, or JSON."""
    if isinstance(error, NotSignedIn) and not isinstance(error, WrongCredentials) and request.is_navigation:
        return redirect(_login_address(request))
    facts = {**describe(error, request.id), "base_path": request.mount}
    if request.wants_page:
        data = render_page(facts).encode()
        headers = (("Content-Type", "text/html; charset=utf-8"), *page_headers())
    else:
        data = (json.dumps(facts_as_json(facts)) + "\n").encode()
        headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
    body = b"" if request.method == "HEAD" else data
    return ProxyResponse.held(error.status, (*headers, *error.extra_headers), body)


def redirect(address: str) -> ProxyResponse:
    """A 303 that must not be cached."""
    return ProxyResponse.held(303, (("Location", address), ("Cache-Control", "no-store")), b"")


def describe(error: AccessEsError, request_id: str) -> dict[str, Any]:
    """The facts of a failure, as the page template names them."""
    return {
        "status": error.status,
        "title": HTTPStatus(error.status).phrase,
        "message": error.message,
        "code": error.code,
        "layer": error.layer,
        "request_id": request_id,
        "retry_after": dict(error.extra_headers).get("Retry-After"),
    }


def facts_as_json(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "error": {
            "type": facts["code"],
            "reason": facts["message"],
            "code": facts["code"],
            "layer": facts["layer"],
            "request_id": facts["request_id"],
        },
        "status": facts["status"],
    }


def _login_address(request: ProxyRequest) -> str:
    login = request.mount + LOGIN_PATH
    if request.target == b"/" or len(request.target) > _MAX_NEXT_CHARACTERS:
        return login
    wanted = request.mount + request.target.decode("latin-1")
    return f"{login}?next={quote(wanted, safe='/')}"
