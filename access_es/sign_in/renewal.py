"""Long sessions go through the provider again, unseen, at a page load: who was removed there is out here, too."""

from __future__ import annotations

from urllib.parse import quote

from access_es.messages import OWN_PREFIX, ProxyRequest
from access_es.sign_in.identity import Caller

_MAX_TARGET_BYTES = 1_500  # what an attempt can remember


def is_renewal_due(caller: Caller, request: ProxyRequest, now: float) -> bool:
    """Only where the whole window navigates: a provider refuses to be framed. Scripts never notice."""
    is_whole_window = request.header("sec-fetch-dest") in (None, "document")
    is_small = len(request.target) <= _MAX_TARGET_BYTES
    return now >= caller.renew_at and request.method == "GET" and is_whole_window and is_small


def renewal_path(request: ProxyRequest) -> str:
    """The way through the provider, and back to what was asked for."""
    next = request.mount + request.target.decode("latin-1")
    return f"{request.mount}{OWN_PREFIX.decode()}oidc/start?next={quote(next, safe='')}"
