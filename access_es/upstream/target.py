"""The request target as it goes on the wire, and as SigV4 reads it. Both come from the same raw bytes.

The wire form keeps every byte that RFC 3986 allows and every valid escape. It escapes only what servers read
differently: a lone `%`, illegal bytes, `+` in a query (a blank to Elasticsearch, a plus to some signers).
The canonical form follows docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, with the
path escaped once more as every service but S3 wants it.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

from access_es.lazy_dataclass import dataclass

# RFC 3986: pchar and "/" in a path, "?" too in a query. The third alternative is a "+", which only a query replaces.
_PATH_TO_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~!$&'()*+,;=:@/]")
_QUERY_TO_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~!$&'()*,;=:@/?]")
_UNRESERVED = "-_.~"
_PLAIN_PATH = re.compile(r"[A-Za-z0-9\-._~/]*")


@dataclass(frozen=True, slots=True)
class WireTarget:
    """What is written on the request line: a path, and a query where there was a `?`."""

    path: str
    query: str | None

    def __str__(self) -> str:
        return self.path if self.query is None else f"{self.path}?{self.query}"


def build_target(raw: bytes) -> WireTarget:
    """The wire form of a target in origin form (it begins with `/`)."""
    path, mark, query = raw.partition(b"?")
    return WireTarget(
        _PATH_TO_ESCAPE.sub(_escape, path).decode("ascii"),
        _QUERY_TO_ESCAPE.sub(_escape, query).decode("ascii") if mark else None,
    )


def _escape(match: re.Match[bytes]) -> bytes:
    found = match[0]
    if len(found) == 3:
        return found.upper()
    return b"%20" if found == b"+" else b"%%%02X" % found[0]


def canonical_path(path: str) -> str:
    """The path as SigV4 reads it: empty and dot segments gone, a trailing slash kept, escapes escaped again."""
    if "//" in path or "/." in path:
        path = _without_dots(path)
    return path if _PLAIN_PATH.fullmatch(path) else quote(path, safe="/" + _UNRESERVED)


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    slash = "/" if kept and path.endswith("/") else ""  # not after a last dot segment, where RFC 3986, 5.2.4 has one
    return f"/{'/'.join(kept)}{slash}"


def canonical_query(query: str | None) -> str:
    """The query as SigV4 reads it: decoded, encoded strictly, sorted, `name=value` always, nameless parts skipped."""
    if not query:
        return ""
    pairs = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name:
            pairs.append((_percent_encoded(name), _percent_encoded(value)))
    return "&".join([f"{name}={value}" for name, value in sorted(pairs)])


def _percent_encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe=_UNRESERVED)
