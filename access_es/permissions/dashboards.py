"""Kibana and Dashboards: what each of their routes needs, and the engine requests that some of them carry inside.

`view` reads saved objects and refreshes field lists, without which Kibana 5 does not open; `edit` saves. Data need
the same rights as on the engine's own paths. Every other route is for those who may administer and edit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote_to_bytes

from access_es.permissions import dashboards_bodies as bodies
from access_es.permissions.bodies import Body
from access_es.permissions.call import Sent
from access_es.permissions.carried import Carried, console, legacy
from access_es.permissions.cursors import Cursors
from access_es.permissions.engine import UNKNOWN
from access_es.permissions.roles import Action, Rights
from access_es.permissions.target import decode
from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import Need

PREFIXES = (("_plugin", "kibana"), ("_dashboards",))
_SPACES = ("s", "w")  # /s/<space> of Kibana, /w/<workspace> of Dashboards
# Their router decodes what need not be escaped before it looks for a route.
_NEEDLESS_ESCAPE = re.compile(r"%(?:2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE]|5[cC])")
_DATA_SOURCE = re.compile(rb"datasource(id|=|mdsid)", re.IGNORECASE)

Read = Callable[[Carried, re.Match[str]], Iterable[Need]]


def split_prefix(segments: tuple[str, ...]) -> tuple[str, ...] | None:
    """The segments behind Kibana's or Dashboards' prefix; None for any other path."""
    for prefix in PREFIXES:
        if segments[: len(prefix)] == prefix:
            return segments[len(prefix) :]
    return None


def dashboards_needs(
    rights: Rights, method: str, segments: tuple[str, ...], query: bytes, body: Body, cursors: Cursors, sent: Sent
) -> Iterator[Need]:
    """What a request to Kibana or Dashboards needs, one after the other."""
    yield Need("view")
    if len(segments) > 1 and segments[0] in _SPACES:
        segments = segments[2:]
    path = "/".join(segments)
    if _NEEDLESS_ESCAPE.search(path) or _is_elsewhere(path, query):
        yield from _for_administrators("it may reach another data source, or is escaped without need")
        return
    for methods, pattern, read in _ROUTES:
        match = pattern.fullmatch(path) if ("GET" if method == "HEAD" else method) in methods else None
        if match:
            try:
                yield from read(Carried(rights, method, segments, query, body, cursors, sent), match)
            except Unjudgeable as fault:
                action: Action = "read" if read in _ONLY_READING else "manage"
                yield Need(action, "*", fault.line, fault.why)
            return
    yield from _for_administrators(UNKNOWN)


def _for_administrators(why: str) -> Iterator[Need]:
    yield Need("manage", "*", unsure=why)
    yield Need("edit")


def _is_elsewhere(path: str, query: bytes) -> bool:
    """Whether a request names a data source, which is another cluster with credentials of its own."""
    text = unquote_to_bytes(query)
    return "datasourcemdsid" in path.lower() or any(
        _DATA_SOURCE.match(part) and part.partition(b"=")[2] for part in text.split(b"&")
    )


def _view(carried: Carried, match: re.Match[str]) -> Iterable[Need]:
    return ()


def _edit(carried: Carried, match: re.Match[str]) -> Iterable[Need]:
    return (Need("edit"),)


def _shorten(carried: Carried, match: re.Match[str]) -> Iterable[Need]:
    return () if carried.rights.may_shorten else (Need("edit"),)


def _sample_data(carried: Carried, match: re.Match[str]) -> Iterable[Need]:
    """Sample data are saved objects and an index."""
    name = decode(match["name"])
    yield Need("edit")
    yield from (Need("manage", f"{kind}_sample_data_{name}") for kind in ("kibana", "opensearch_dashboards"))


def _of_pattern(carried: Carried, match: re.Match[str]) -> Iterable[Need]:
    """The index stands in the path, and a query may stand in the body."""
    yield Need("read", decode(match["index"] or match["index2"]))
    yield from bodies.filters(carried)


def _of_parameter(carried: Carried, match: re.Match[str]) -> Iterable[Need]:
    yield Need("read", carried.parameter("pattern" if match["by"] == "_fields_for_wildcard" else "index"))


def _everything(carried: Carried, match: re.Match[str]) -> Iterable[Need]:
    """What reads by a text, a saved object or a stored query, and so may read anything."""
    return (Need("read", "*"),)


def _query_text(carried: Carried, match: re.Match[str]) -> Iterable[Need]:
    """SQL and PPL read anything; where it is switched on, SQL deletes."""
    text = carried.body.read().lower()
    return (Need("write" if b"delete" in text or b"\\" in text else "read", "*"),)


_KIBANA = r"api/(?:kibana|opensearch-dashboards)"
_ROWS: tuple[tuple[str, str, Read], ...] = (
    ("GET", r"|(?:app|bundles|\d+/bundles|built_assets|ui|plugins|node_modules|translations)(?:/.*)?", _view),
    ("GET", r"bootstrap[a-z-]*\.js|startup\.js|status|api/status|goto/.+", _view),
    ("GET POST PUT DELETE", r"(?:elasticsearch|es_admin)/(?P<rest>.+)", legacy),
    ("GET", r"elasticsearch|es_admin", _view),
    ("GET POST PUT DELETE", r"api/console/proxy", console),
    ("GET", r"api/console/api_server", _view),
    ("GET", rf"{_KIBANA}/(?:settings|scripts/languages|home/tutorials)|{_KIBANA}/management/saved_objects/.*", _view),
    ("POST", rf"{_KIBANA}/management/saved_objects/scroll/counts|api/core/capabilities|api/workspaces/_list", _view),
    ("GET", r"api/saved_objects/.+|api/v1/auth/dashboardsinfo|api/v1/multitenancy/tenant", _view),
    ("POST", r"api/saved_objects/(?:_bulk_get|_export)", _view),
    ("GET", r"api/(?:timelion|timeline)/functions", _view),
    ("GET POST", r"api/(?:timelion|timeline)/run", bodies.timelion),
    ("GET", r"api/(?:timelion|timeline)/.+", _everything),
    ("POST", r"api/metrics/vis/data(?:-raw)?", bodies.metrics),
    ("GET", r"api/index_patterns/(?P<by>_fields_for_wildcard)|api/metrics/(?P<index>fields)", _of_parameter),
    ("GET", r"api/index_patterns/_fields_for_time_pattern", _everything),
    ("GET", rf"{_KIBANA}/(?P<index>[^/]+)/field_capabilities(?P<index2>)", _of_pattern),
    ("POST", rf"{_KIBANA}/(?P<index>[^/]+)/_count|{_KIBANA}/suggestions/values/(?P<index2>[^/]+)", _of_pattern),
    ("GET", r"internal/index-pattern-management/resolve_index/(?P<index>[^/]+)(?P<index2>)", _of_pattern),
    ("POST", r"internal/index-pattern-management/preview_scripted_field|api/home/hits_status", bodies.with_index),
    ("POST", r"internal/search/(?:es|opensearch|opensearch-with-long-numerals)", bodies.search_strategy),
    ("POST", r"internal/_msearch", bodies.searches),
    ("GET POST DELETE", r"internal/search/.+", _query_text),
    ("POST", r"api/(?:sql_console|ppl|sql|dsl|enhancements/search)/.+", _query_text),
    ("POST", r"api/reporting/generateReport.*", _everything),
    ("PUT", r"api/saved_objects/index-pattern/[^/]+", bodies.field_list),
    ("POST PUT DELETE", r"api/saved_objects/.+|internal/saved_objects/(?:_migrate|_bulk_apply|_diff)", _edit),
    ("POST DELETE", rf"{_KIBANA}/settings(?:/[^/]+)?", _edit),
    ("GET POST", rf"{_KIBANA}/dashboards/(?:import|export)", _edit),
    ("POST", r"shorten|api/shorten_url", _shorten),
    ("POST DELETE", r"api/sample_data/(?P<name>[^/]+)", _sample_data),
    ("POST PUT DELETE", r"api/(?:workspaces|appconfig|telemetry|ui_metric)/.+", _edit),
)
# What these do is known, whatever their bodies say; the others carry requests that may write.
_ONLY_READING = (_of_pattern, _of_parameter, bodies.with_index, bodies.metrics, bodies.timelion, bodies.searches)
_ROUTES = tuple((methods.split(), re.compile(pattern), read) for methods, pattern, read in _ROWS)
