"""The listener for plain http beside one with TLS: it sends everybody there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d+)?")


def redirect_to(port: int) -> Any:
    """A WSGI application that redirects to https on this port of the same host."""
    suffix = "" if port == 443 else f":{port}"

    def redirect(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        match = _HOST.fullmatch(environ.get("HTTP_HOST", ""))
        target = environ["access_es.target"]
        if match is None or not target.startswith("/"):
            start_response("400 Bad Request", [("Content-Length", "0")])
            return []
        # 308 keeps method and body (RFC 9110, 15.4.9): a program that follows it does what it meant to do.
        location = f"https://{match[1]}{suffix}{target}"
        start_response("308 Permanent Redirect", [("Location", location), ("Content-Length", "0")])
        return []

    return redirect
