"""Whether another site made the browser send this request (cross-site request forgery)."""

from __future__ import annotations

from access_es.errors import Forbidden
from access_es.messages import Headers

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_TRUSTED_FETCH_SITES = frozenset({"same-origin", "none"})  # none: the person did it by hand, with no site in between
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def refuse_cross_site(method: str, headers: Headers, how: str) -> None:
    """Raises `Forbidden` for a request that could change something, made by another site in a signed-in browser.

    `how` is `Caller.how`: only a session cookie travels without the client's doing. Fetch Metadata decides where the
    browser sends it (w3.org/TR/fetch-metadata); over plain http it does not, and the Origin is compared with the Host.
    A client that sends neither is no browser of the last years, and SameSite=Lax kept the cookie from older ones.
    """
    if how == "session" and method.upper() not in _SAFE_METHODS and is_cross_site(headers):
        raise Forbidden("Another site made your browser send this request. It was not forwarded.")


def is_cross_site(headers: Headers) -> bool:
    """Whether the browser says that the request came from elsewhere. A neighbouring host name is elsewhere, too."""
    sites = _values(headers, "sec-fetch-site")
    if sites:
        return not _TRUSTED_FETCH_SITES.issuperset(site.strip().lower() for site in sites)
    hosts = _values(headers, "host")
    return any(not _is_origin_of(origin, hosts) for origin in _values(headers, "origin"))


def _is_origin_of(origin: str, hosts: list[str]) -> bool:
    scheme, _, host = origin.strip().lower().partition("://")  # "null" has no host and is nobody's
    port = _DEFAULT_PORTS.get(scheme, "")
    return bool(host) and len(hosts) == 1 and host.removesuffix(port) == hosts[0].strip().lower().removesuffix(port)


def _values(headers: Headers, name: str) -> list[str]:
    return [value for key, value in headers if key.lower() == name]
