"""Bodies of Kibana's and Dashboards' own routes that name indices, or hold queries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from access_es.permissions.bodies import parse_object
from access_es.permissions.carried import FIELD_LIST_KEYS, Carried
from access_es.permissions.lines import header_needs
from access_es.permissions.queries import needs_of_query
from access_es.permissions.timelion import needs_of_expression
from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import Need

# The search route passes every parameter to the engine's client, where `type` and `method` can turn it into a write.
_SEARCH_KEYS = frozenset(
    (
        "index", "body", "preference", "ignore_unavailable", "ignoreUnavailable", "track_total_hits", "trackTotalHits",
        "timeout", "size", "from", "sort", "rest_total_hits_as_int", "restTotalHitsAsInt", "batched_reduce_size",
        "batchedReduceSize", "max_concurrent_shard_requests", "maxConcurrentShardRequests", "ignore_throttled",
        "ignoreThrottled",
    )
)  # fmt: skip
_ENVELOPE_KEYS = frozenset(("params", "serverStrategy", "indexType", "rawParameters"))


def _json(carried: Carried) -> dict[str, Any]:
    body = parse_object(carried.body.read()) if not carried.body.is_empty() else {}
    if body.get("dataSourceId") or body.get("dataSource"):
        raise Unjudgeable("it names another data source")
    return body


def filters(carried: Carried) -> Iterator[Need]:
    """A body that only narrows what is read of an index named elsewhere."""
    yield from needs_of_query(_json(carried))


def with_index(carried: Carried, match: re.Match[str]) -> Iterator[Need]:
    """A body with the name of an index beside a query."""
    body = _json(carried)
    yield Need("read", _index(body.get("index")))
    yield from needs_of_query({key: value for key, value in body.items() if key != "index"})


def search_strategy(carried: Carried, match: re.Match[str]) -> Iterator[Need]:
    """`{"params": {"index": …, "body": …}}`; without an index every one is searched."""
    body = _json(carried)
    parameters = body.get("params")
    if not body.keys() <= _ENVELOPE_KEYS or not isinstance(parameters, dict) or not parameters.keys() <= _SEARCH_KEYS:
        raise Unjudgeable("its body has keys that are not known")
    yield Need("read", _index(parameters.get("index")))
    yield from needs_of_query(parameters.get("body"))


def searches(carried: Carried, match: re.Match[str]) -> Iterator[Need]:
    """`{"searches": [{"header": {…}, "body": {…}}]}`"""
    listed = _json(carried).get("searches")
    if not isinstance(listed, list) or not listed:
        raise Unjudgeable("its body has no list of searches")
    for number, search in enumerate(listed, 1):
        header = search.get("header") if isinstance(search, dict) else None
        if not isinstance(header, dict):
            raise Unjudgeable("a search in its body has no header", number)
        yield from header_needs(header, "*", number)
        yield from needs_of_query(search.get("body"), number)


def metrics(carried: Carried, match: re.Match[str]) -> Iterator[Need]:
    """The visual builder: each panel, annotation and overriding series has its own pattern; none means a default."""
    body = _json(carried)
    panels = body.get("panels")
    if not isinstance(panels, list) or not panels:
        raise Unjudgeable("its body has no panels")
    for panel in panels:
        yield from _of_panel(panel if isinstance(panel, dict) else {})
    yield from needs_of_query(body)


def _of_panel(panel: dict[str, Any]) -> Iterator[Need]:
    yield Need("read", _index(panel.get("index_pattern")))
    for annotation in _dicts(panel.get("annotations")):
        yield Need("read", _index(annotation.get("index_pattern")))
    for series in _dicts(panel.get("series")):
        if series.get("override_index_pattern") or series.get("series_index_pattern"):
            yield Need("read", _index(series.get("series_index_pattern")))


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    yield from (item for item in (value if isinstance(value, list) else ()) if isinstance(item, dict))


def timelion(carried: Carried, match: re.Match[str]) -> Iterator[Need]:
    """The expressions of a sheet, and the filters that its sources apply."""
    if carried.method != "POST":
        yield from needs_of_expression(carried.parameter("expression"))
        return
    body = _json(carried)
    sheet = body.get("sheet")
    if not isinstance(sheet, list) or not sheet:
        raise Unjudgeable("its body has no sheet")
    for expression in sheet:
        yield from needs_of_expression(expression)
    yield from needs_of_query(body.get("extended"))


def field_list(carried: Carried, match: re.Match[str]) -> Iterator[Need]:
    """The field list of an index pattern may be refreshed by a viewer; it opens no data. Anything else is saving."""
    body = _json(carried)
    attributes = body.get("attributes")
    is_refresh = body.keys() <= {"attributes", "version", "references"} and isinstance(attributes, dict)
    if not is_refresh or not attributes.keys() <= FIELD_LIST_KEYS:  # type: ignore[union-attr]
        yield Need("edit")


def _index(value: Any) -> str:
    """The expression in a body: text, or a list of it. Without one, another is read than the client can know."""
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, str) and item for item in items):
        raise Unjudgeable("it names no index, which means a default one or all")
    return ",".join(items)
