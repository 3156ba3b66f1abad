"""The routes of the engines, Elasticsearch 5 to 7.10 and OpenSearch 1 to 3: what is not listed is refused.

Each row: the action that suffices on `*`, the function that finds out what else would do, methods, and templates:
`{i}` index expression, `{t}` type, `{T}` type or `_doc`, `{id}` and others one segment, `[…]` may be absent, `/**`
anything below. The rows are those of the REST API specifications of Elasticsearch 5.6, 7.10, OpenSearch 2.19 and 3.0;
paths that mean different things to two of them (`POST /logs/_doc/_search` searches, or writes a document; so does
`POST /logs/type/_percolate`) have no row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from access_es.lazy_dataclass import dataclass
from access_es.permissions import cursor_readers as cursor
from access_es.permissions import readers as read
from access_es.permissions.call import Call
from access_es.permissions.roles import Action
from access_es.permissions.verdict import Need

Read = Callable[[Call], Iterable[Need]]
_Row = tuple[Action, Read, str, str]


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of request: `action` on `*` always suffices; `read` tells what less does."""

    action: Action
    read: Read


_SEARCHES: tuple[_Row, ...] = (
    ("read", read.search, "GET POST", "[/{i}[/{t}]]/_search [/{i}[/{t}]]/_count [/{i}[/{t}]]/_validate/query"),
    ("read", read.search, "GET POST", "[/{i}]/_search_shards [/{i}]/_field_caps [/{i}]/_rank_eval"),
    ("read", read.search, "GET POST", "[/{i}]/_field_stats /{i}/{T}/{id}/_percolate[/count]"),
    ("read", read.search, "GET", "[/{i}]/_suggest /{i}/{t}/_search_shards /{i}/{t}/_percolate[/count]"),
    ("read", read.search, "GET POST", "/{i}/{T}/{id}/_explain /{i}/_explain/{id}"),
    ("read", read.everything, "GET POST", "[/{i}[/{t}]]/_mpercolate"),
    ("read", read.document, "GET", "/{i}/{t}/{id} /{i}/{T}/{id}/_source /{i}/_doc/{id} /{i}/_source/{id}"),
    ("read", read.msearch, "GET POST", "[/{i}[/{t}]]/_msearch"),
    ("read", read.multi_documents, "GET POST", "[/{i}[/{t}]]/_mget [/{i}[/{t}]]/_mtermvectors"),
    ("read", read.term_vectors, "GET POST", "/{i}/_termvectors[/{id}] /{i}/{t}/_termvectors"),
    ("read", read.term_vectors, "GET", "/{i}/{t}/_termvector"),
    ("read", read.term_vectors, "GET POST", "/{i}/{T}/{id}/(_termvectors,_termvector)"),
    ("read", read.analyze, "GET POST", "[/{i}]/_analyze"),
    ("read", read.everything, "GET POST", "[/{i}[/{t}]]/_search/template [/{i}[/{t}]]/_msearch/template"),
    ("read", read.everything, "GET POST", "/_render/template[/{id}] /views/{id}/_search"),
    ("write", read.query_text, "GET POST", "/(_plugins,_opendistro)/(_sql,_ppl)[/**]"),
    ("read", read.everything, "GET POST DELETE", "/(_plugins,_opendistro)/_asynchronous_search[/**]"),
)
_CURSORS: tuple[_Row, ...] = (
    ("read", cursor.scroll, "GET POST DELETE", "/_search/scroll[/{c}]"),
    ("read", read.pit_open, "POST", "/{i}/_search/point_in_time"),
    ("read", cursor.pit_close, "DELETE", "/_search/point_in_time"),
    ("read", read.everything, "GET DELETE", "/_search/point_in_time/_all"),
    ("read", cursor.task, "GET", "/_tasks/{c}"),
    ("manage", cursor.task, "POST", "/_tasks/{c}/_cancel"),
    ("write", cursor.task, "POST", "/(_reindex,_update_by_query,_delete_by_query)/{c}/_rethrottle"),
)
_METADATA: tuple[_Row, ...] = (
    ("read", read.free, "GET", "/"),
    ("read", read.health, "GET", "/_cluster/health"),
    ("read", read.names, "GET", "/_cluster/health/{i} /{i} /{i}/{feature} /{i}/{t}/_mapping"),
    ("read", read.names, "GET", "[/{i}]/(_mapping,_mappings)[/{T}] [/{i}]/_mapping/field/{f}"),
    ("read", read.names, "GET", "[/{i}]/_mapping/{T}/field/{f} /{i}/{t}/_mapping/field/{f}"),
    ("read", read.names, "GET", "[/{i}]/_settings[/{id}] /{i}/_setting/{id} [/{i}]/_stats[/{id}]"),
    ("read", read.names, "GET", "[/{i}]/(_segments,_recovery,_shard_stores,_upgrade) /{i}/ingestion/_state"),
    ("read", read.alias_names, "GET", "[/{i}]/_alias[/{n}] [/{i}]/_aliases[/{n}] /_cat/aliases[/{n}]"),
    ("read", read.names, "GET", "/_cat/(indices,count,shards,segments,recovery,segment_replication)[/{i}]"),
    ("read", read.names, "GET", "/_list[/(indices,shards)[/{i}]] /_resolve/index/{i} /_data_stream[/{i}[/_stats]]"),
    ("read", read.names, "GET", "/_data_stream/_stats /_remotestore/stats/{i}[/{id}]"),
    ("read", read.everything, "GET", "/_cluster/state[/**] /_cluster/stats[/**] /_cluster/(settings,pending_tasks)"),
    ("read", read.everything, "GET POST", "/_cluster/allocation/explain"),
    ("read", read.everything, "GET", "/_cluster/(nodes,decommission,routing)/** /_nodes[/**] /_cat[/**] /_tasks"),
    ("read", read.everything, "GET", "/_remote/info /(_script_context,_script_language) /_ingest/processor/grok"),
    ("read", read.everything, "GET", "/_dangling /_wlm/** /_insights/**"),
    ("read", read.everything, "GET", "/(_template,_index_template,_component_template)[/**]"),
)
_WRITES: tuple[_Row, ...] = (
    (
        "write",
        read.write_document,
        "POST PUT",
        "/{i}/{t}[/{id}] /{i}/{T}/{id}/_create /{i}/_doc/{id} /{i}/_create/{id}",
    ),
    ("write", read.write_document, "POST", "/{i}/_doc /{i}/{T}/{id}/_update /{i}/_update/{id}"),
    ("write", read.write_document, "DELETE", "/{i}/{t}/{id} /{i}/_doc/{id}"),
    ("write", read.bulk, "POST PUT", "[/{i}[/{t}]]/_bulk"),
    ("write", read.by_query, "POST", "/{i}[/{t}]/_update_by_query /{i}[/{t}]/_delete_by_query"),
    ("manage", read.reindex, "POST", "/_reindex"),
)
_ADMINISTRATION: tuple[_Row, ...] = (
    ("manage", read.create, "PUT", "/{i}"),
    ("manage", read.manage, "DELETE", "/{i} /"),
    ("manage", read.manage, "POST", "[/{i}]/(_open,_close) [/{i}]/(_forcemerge,_optimize,_upgrade) /{i}/_scale"),
    ("manage", read.manage, "GET POST", "[/{i}]/(_refresh,_flush) [/{i}]/_flush/synced [/{i}]/_cache/clear"),
    ("manage", read.manage, "PUT", "[/{i}]/_settings /{i}/_block/{id}"),
    ("manage", read.put_mapping, "PUT POST", "[/{i}[/{t}]]/(_mapping,_mappings) [/{i}]/(_mapping,_mappings)/{T}"),
    ("manage", read.manage, "POST", "/{i}/ingestion/(_pause,_resume)"),
    ("manage", read.manage, "PUT DELETE", "/_data_stream/{i}"),
    ("manage", read.alias_actions, "POST", "/_aliases"),
    ("manage", read.put_alias, "PUT POST", "[/{i}]/(_alias,_aliases)/{n} /{i}/(_alias,_aliases)"),
    ("manage", read.delete_alias, "DELETE", "/{i}/(_alias,_aliases)/{n}"),
    ("manage", read.create, "POST", "/{i}/_rollover[/{target}]"),
    ("manage", read.create, "PUT POST", "/{i}/(_shrink,_split,_clone)/{target}"),
)  # fmt: skip


class _Node:
    """A place in the tree of templates."""

    __slots__ = ("below", "literals", "parameters", "routes")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.parameters: dict[str, _Node] = {}
        self.routes: dict[str, Route] = {}
        self.below: dict[str, Route] = {}  # for `/**`


def _plan() -> _Node:
    root = _Node()
    for action, reader, methods, templates in (*_SEARCHES, *_CURSORS, *_METADATA, *_WRITES, *_ADMINISTRATION):
        route = Route(action, reader)
        for template in templates.split():
            for segments in _expand(template):
                _add(root, segments, methods.split(), route)
    return root


def _expand(template: str) -> Iterator[tuple[str, ...]]:
    """The templates without `[…]` and `(…)` that one with them stands for."""
    choice = re.search(r"\[[^\[\]]*\]|\([^()]*\)", template)
    if choice is None:
        yield tuple(segment for segment in template.split("/") if segment)
        return
    inner = choice[0][1:-1]
    for option in ("", inner) if choice[0][0] == "[" else inner.split(","):
        yield from _expand(template[: choice.start()] + option + template[choice.end() :])


def _add(root: _Node, segments: tuple[str, ...], methods: list[str], route: Route) -> None:
    node = root
    for segment in segments:
        if segment == "**":
            node.below.update(dict.fromkeys(methods, route))
            return
        if segment.startswith("{"):
            node = node.parameters.setdefault(segment[1:-1], _Node())
        else:
            node = node.literals.setdefault(segment, _Node())
    for method in methods:
        node.routes.setdefault(method, route)


_ROOT = _plan()
_FEATURES = re.compile(r"_(?:settings|mappings?|alias(?:es)?)(?:,_(?:settings|mappings?|alias(?:es)?))*")


def find_route(method: str, segments: tuple[str, ...]) -> tuple[Route, Mapping[str, str]] | None:
    """The route of a request and its raw parameters. HEAD is GET; other unusual methods have no route."""
    return _find(_ROOT, "GET" if method == "HEAD" else method, segments, 0, {})


def _find(
    node: _Node, method: str, segments: tuple[str, ...], at: int, parameters: dict[str, str]
) -> tuple[Route, Mapping[str, str]] | None:
    if at == len(segments):
        route = node.routes.get(method) or node.below.get(method)
        return (route, parameters) if route else None
    segment = segments[at]
    literal = node.literals.get(segment)
    if literal is not None:
        found = _find(literal, method, segments, at + 1, parameters)
        if found or at == 0:
            return found  # no index is called `views` or begins with an underscore
    for kind, below in node.parameters.items():
        if _fits(kind, segment):
            found = _find(below, method, segments, at + 1, {**parameters, kind: segment})
            if found:
                return found
    route = node.below.get(method)
    return (route, parameters) if route else None


def _fits(kind: str, segment: str) -> bool:
    """Whether a raw segment may be a parameter: with an underscore first, two versions read it differently."""
    if segment[0] != "_":
        return kind not in ("t", "T") or segment[:3].lower() != "%5f"
    match kind:
        case "i":
            return segment == "_all"
        case "T":
            return segment == "_doc"
        case "feature":
            return _FEATURES.fullmatch(segment) is not None
    return kind == "f"
