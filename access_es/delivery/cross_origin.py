"""Answers that scripts of other origins may read: of those in the setting CORS_ORIGINS (fetch.spec.whatwg.org, 3.2).

A preflight carries no credentials, so it is answered before anybody is asked who they are. The domain may have its own
`http.cors`: of an answer that is shared here, its headers go, since browsers refuse two of a kind.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from access_es.messages import Headers, ProxyRequest, ProxyResponse

_REUSE_SECONDS = 3600  # browsers cap it: Chromium at two hours
_ALWAYS_EXPOSED = ("location", "retry-after", "x-redirect-reason")  # a redirect of ours may take the answer's place
_NEVER_EXPOSED = frozenset(("set-cookie", "vary", "connection", "keep-alive", "transfer-encoding"))


class CrossOrigin:
    """Pages of these exact origins, with their users' credentials."""

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins)

    def allows(self, request: ProxyRequest) -> bool:
        return self._origin(request) is not None

    def preflight(self, request: ProxyRequest) -> ProxyResponse | None:
        """The answer to a browser that asks whether a page may send a request; None for anything else."""
        method = request.header("access-control-request-method")
        origin = self._origin(request) if request.method == "OPTIONS" and method else None
        if origin is None or method is None:
            return None
        wanted = ", ".join(_values(request.headers, "access-control-request-headers"))
        headers = [
            *_granted(origin),
            ("Access-Control-Allow-Methods", method),
            *([("Access-Control-Allow-Headers", wanted)] if wanted else []),
            ("Access-Control-Max-Age", str(_REUSE_SECONDS)),
            ("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
        ]
        if request.header("access-control-request-private-network") == "true":  # a public page, this server at home
            headers.append(("Access-Control-Allow-Private-Network", "true"))
        return ProxyResponse.held(204, headers, b"")

    def share(self, response: ProxyResponse, request: ProxyRequest) -> ProxyResponse:
        """The response with what lets the page read it, and with nothing of that kind from the domain."""
        origin = self._origin(request)
        headers = response.headers
        if origin is not None:
            kept = tuple(pair for pair in headers if not pair[0].lower().startswith("access-control-"))
            headers = (*kept, *_granted(origin), ("Access-Control-Expose-Headers", _exposed(kept)))
        if "origin" not in _listed(response.headers, "vary"):
            headers = (*headers, ("Vary", "Origin"))  # also where nobody's Origin came: caches keep that answer
        return replace(response, headers=headers)

    def _origin(self, request: ProxyRequest) -> str | None:
        origins = _values(request.headers, "origin")
        return origins[0] if len(origins) == 1 and origins[0] in self._origins else None


def _granted(origin: str) -> Headers:
    """Never `*`: with credentials it means nothing (fetch.spec.whatwg.org, 3.2.5)."""
    return (("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true"))


def _exposed(headers: Headers) -> str:
    names = dict.fromkeys((*(name.lower() for name, _ in headers), *_ALWAYS_EXPOSED))
    return ", ".join(name for name in names if name not in _NEVER_EXPOSED)


def _values(headers: Iterable[tuple[str, str]], name: str) -> list[str]:
    return [value.strip() for key, value in headers if key.lower() == name]


def _listed(headers: Headers, name: str) -> set[str]:
    return {part.strip().lower() for value in _values(headers, name) for part in value.split(",")}
