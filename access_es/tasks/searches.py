"""Which requests are searches that are safe to send twice: they read, leave nothing behind, and move no cursor.

Also those that Kibana and Dashboards send under their own paths. When in doubt it is none: a write that is taken for
a search could be executed twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote_to_bytes

# Elasticsearch's REST API specification. Missing on purpose: _search/scroll and _sql move a cursor, _async_search and
# a point in time leave something behind.
_TYPE_SEARCHES = frozenset(
    ((b"_search",), (b"_msearch",), (b"_count",), (b"_search", b"template"), (b"_msearch", b"template"))
)  # fmt: skip
# Behind an index and a type, these are the name of a document up to Elasticsearch 7.
_INDEX_SEARCHES = frozenset(((b"_field_caps",), (b"_rank_eval",), (b"_terms_enum",), (b"_eql", b"search")))
# `scroll` opens a cursor; the others keep a result that nobody would ask for.
_STATEFUL_PARAMETERS = frozenset((b"scroll", b"keep_alive", b"keep_on_completion", b"wait_for_completion_timeout"))

# What Amazon puts before Kibana's and Dashboards' own paths. Without it the same path could be a document:
# POST /internal/search/es was "index this" up to Elasticsearch 7.
_PREFIXES: tuple[tuple[bytes, ...], ...] = ((b"_plugin", b"kibana"), (b"_dashboards",))
_SPACES = (b"s", b"w")  # /s/<space> of Kibana, /w/<workspace> of Dashboards
_UI_SEARCHES = (
    (b"internal", b"search"),  # /internal/search/es, /opensearch, /ese, …
    (b"internal", b"bsearch"),
    (b"internal", b"_msearch"),
    (b"api", b"metrics", b"vis", b"data"),
    (b"api", b"timelion", b"run"),
)
_CONSOLE = (b"api", b"console", b"proxy")
_CANDIDATE = re.compile(
    b"search|_count|_field_caps|_rank_eval|_terms_enum|metrics|timelion"
)  # one of these is in all of them

# Kibana reads addresses as browsers do (url.spec.whatwg.org, 4.4), also what Console asks for: dot segments go back, a
# backslash is a slash, control characters are not there, and the address ends at a "#".
_NOT_NORMALIZED = re.compile(rb"(?:^|/)(?:\.|%2e){1,2}(?:/|$)|[\\#\x00-\x1f]", re.IGNORECASE)


def is_search(method: str, target: bytes) -> bool:
    """Whether this only reads, so that sending it twice is safe."""
    path, _, query = target.partition(b"?")
    if method not in ("GET", "POST") or not _CANDIDATE.search(path) or not is_normalized(path):
        return False
    segments = split_path(path)
    inner = ui_segments(segments)
    if inner is None:
        return _is_engine_search(segments, query)
    if inner[:1] == (b"elasticsearch",):  # Kibana's legacy way to the engine
        return _is_engine_search(inner[1:], query)
    return method == "POST" and any(inner[: len(known)] == known for known in _UI_SEARCHES)


def reads_only(method: str, target: bytes) -> bool:
    """Whether this does nothing but read, so that nobody needs it any more once its client has gone."""
    return method in ("GET", "HEAD", "OPTIONS") or is_search(method, target)


def console_request(method: str, target: bytes) -> tuple[str, bytes] | None:
    """The request that Console sends to the engine: `…/api/console/proxy?path=…&method=…`; None for anything else."""
    if method != "POST" or b"console" not in target:
        return None
    path, _, query = target.partition(b"?")
    if ui_segments(split_path(path)) != _CONSOLE:
        return None
    asked = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1"))
    inner = asked.get("path", "").encode("latin-1", "replace")
    return asked.get("method", "").upper(), inner if inner.startswith(b"/") else b"/" + inner


def is_normalized(path: bytes) -> bool:
    """Whether browsers and servers read this path alike."""
    return not _NOT_NORMALIZED.search(path)


def names_stateful_parameter(query: bytes) -> bool:
    """Whether a query asks for something that stays at the engine."""
    return bool(query) and any(name in _STATEFUL_PARAMETERS for name in _parameters(query))


def split_path(path: bytes) -> tuple[bytes, ...]:
    """The segments as the engine reads them: decoded one by one, empty ones left out."""
    return tuple(unquote_to_bytes(segment) for segment in path.split(b"/") if segment)


def ui_segments(segments: tuple[bytes, ...]) -> tuple[bytes, ...] | None:
    """What follows Kibana's or Dashboards' prefix and space; None for a path of the engine."""
    for prefix in _PREFIXES:
        if segments[: len(prefix)] == prefix:
            inner = segments[len(prefix) :]
            return inner[2:] if len(inner) > 2 and inner[0] in _SPACES else inner
    return None


def _is_engine_search(segments: tuple[bytes, ...], query: bytes) -> bool:
    if names_stateful_parameter(query):
        return False
    for size in (2, 1):
        names, asked = segments[:-size], segments[-size:]
        if asked in _TYPE_SEARCHES or asked in _INDEX_SEARCHES:
            return len(names) <= (2 if asked in _TYPE_SEARCHES else 1) and _are_names(names)
    return False


def _parameters(query: bytes) -> Iterator[bytes]:
    """The names in a query as the engine reads them: a `;` ends one, too, and their characters may be escaped."""
    return (unquote_to_bytes(pair.partition(b"=")[0]) for pair in query.replace(b";", b"&").split(b"&"))


def _are_names(names: tuple[bytes, ...]) -> bool:
    """An index, perhaps a type: POST /index/_doc/_search would be a document of that name."""
    return all(not name.startswith(b"_") or name == b"_all" for name in names)
