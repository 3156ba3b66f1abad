"""The headers of an answer that name paths of the domain, as they are below a mount. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from access_es.messages import Headers
from access_es.mounting.interface import INTERFACES
from access_es.mounting.validators import marked

# What speaks of the very bytes of a body, and is no longer true of others (RFC 9110, 8.6 and 14.3; RFC 9530).
_OF_THE_BYTES = frozenset(
    ("content-length", "content-md5", "digest", "content-digest", "repr-digest", "accept-ranges")
)  # fmt: skip
_REFRESH = re.compile(r"""^(\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?["']?)(?=/(?!/))""", re.IGNORECASE)  # html, 4.2.5.3
_LINK = re.compile(r"(<\s*)(?=/(?!/))")  # RFC 8288, 3: targets stand in angle brackets
_COOKIE_PATH = re.compile(r"(;\s*path\s*=\s*)(?=/)", re.IGNORECASE)


def mount_headers(headers: Headers, mount: str) -> Headers:
    """The same headers, with `mount` put before the paths in them. Location has had its own already."""
    return tuple((name, _MOUNT[name.lower()](value, mount)) if name.lower() in _MOUNT else (name, value)
                 for name, value in headers)  # fmt: skip


def rewritten_headers(headers: Headers) -> Headers:
    """The headers of a document whose body is rewritten."""
    kept = (pair for pair in headers if pair[0].lower() not in _OF_THE_BYTES)
    return tuple((name, marked(value) if name.lower() == "etag" else value) for name, value in kept)


def _mount_refresh(value: str, mount: str) -> str:
    return _REFRESH.sub(lambda match: match[1] + mount, value)


def _mount_links(value: str, mount: str) -> str:
    return _LINK.sub(lambda match: match[1] + mount, value)


def _mount_cookie(value: str, mount: str) -> str:
    if value.lstrip().startswith("__Host-"):  # RFC 6265bis, 4.1.3.2: its path is `/`, or browsers drop it
        return value
    return _COOKIE_PATH.sub(lambda match: match[1] + mount, value)


def _mount_interface(value: str, mount: str) -> str:
    """Of policies, and of an address to come back to in a Location's query: `/login?nextUrl=%2F_dashboards%2Fapp`."""
    data = value.encode("latin-1")
    if not any(interface.rpartition(b"/")[2] in data for interface in INTERFACES):
        return value
    from access_es.mounting.rewriter import Rewriter, rewritten

    for interface in INTERFACES:
        if interface.rpartition(b"/")[2] in data:
            data = rewritten(data, Rewriter(interface, mount.encode("ascii")))
    return data.decode("latin-1")


_MOUNT: dict[str, Callable[[str, str], str]] = {
    "refresh": _mount_refresh, "link": _mount_links, "set-cookie": _mount_cookie, "location": _mount_interface,
    "content-security-policy": _mount_interface, "content-security-policy-report-only": _mount_interface,
    "reporting-endpoints": _mount_interface, "report-to": _mount_interface,
}  # fmt: skip
