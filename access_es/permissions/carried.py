"""Engine requests inside those of Kibana and Dashboards: the old proxy paths, and the Console."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from access_es.permissions.bodies import Body, parse_object
from access_es.permissions.call import Sent
from access_es.permissions.cursors import Cursors
from access_es.permissions.engine import engine_needs
from access_es.permissions.names import first_outside
from access_es.permissions.roles import Patterns, Rights
from access_es.permissions.target import decode, read_path
from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import Need

SAVED_OBJECTS = Patterns((".kibana*", ".opensearch_dashboards*"))
FIELD_LIST_KEYS = frozenset(
    ("title", "timeFieldName", "fields", "fieldFormatMap", "sourceFilters", "intervalName", "notExpandable", "type",
     "typeMeta")
)  # fmt: skip
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
_DOCUMENT = re.compile(r"\.(?:kibana|opensearch_dashboards)[^/*,]*/[^_/][^/]*(?:/[^_/][^/]*(?:/_(?:create|update))?)?")
_UPKEEP = re.compile(r"\.(?:kibana|opensearch_dashboards)[^/*,]*/(?:_refresh|_mapping/[^_/][^/]*)")
# The first who opens one of Kibana 5's applications declares what it stores, which may be somebody who only views.
_TYPE_MAPPING = re.compile(
    r"\.kibana[^/*,]*/_mapping/(?P<type>index-pattern|visualization|search|dashboard|timelion-sheet|config|url)"
)
_MOST_FIELDS = 32
_PATTERN_DOCUMENT = re.compile(r"\.kibana[^/*,]*/index-pattern/(?P<id>[^_/][^/]*)")


class Carried:
    """A request to Kibana or Dashboards, and what an engine request inside it is judged with."""

    def __init__(
        self,
        rights: Rights,
        method: str,
        segments: tuple[str, ...],
        query: bytes,
        body: Body,
        cursors: Cursors,
        sent: Sent,
    ) -> None:
        self.rights, self.method, self.segments, self.query, self.body = rights, method, segments, query, body
        self.cursors, self.sent = cursors, sent

    def parameters(self) -> dict[str, list[str]]:
        """The query string as Node reads it: split at `&` alone, every value of a repeated name."""
        found: dict[str, list[str]] = {}
        for part in self.query.split(b"&"):
            key, _, value = part.partition(b"=")
            found.setdefault(_text(key), []).append(_text(value))
        return found

    def parameter(self, name: str) -> str:
        """A parameter that must be there, once."""
        values = self.parameters().get(name, [])
        if len(values) != 1:
            raise Unjudgeable(f"the parameter {name} is missing or repeated")
        return values[0]

    def engine(self, method: str, path: bytes, query: bytes) -> Iterator[Need]:
        """What an engine request needs that is carried with the same body."""
        return engine_needs(self.rights, method, read_path(path), query, self.body, self.cursors, self.sent)


def legacy(carried: Carried, match: re.Match[str]) -> Iterator[Need]:
    """The engine's own request behind `/elasticsearch/`; there saved objects are what `view` and `edit` are about."""
    rest, method = match["rest"], carried.method
    # The parameter `_` keeps browsers from their caches, and is taken out before the engine is asked.
    query = b"&".join(part for part in carried.query.split(b"&") if not part.startswith(b"_=") and part != b"_")
    if _is_field_list(carried, rest, query) or _is_type_mapping(carried, rest, query):
        return
    writes = method in ("POST", "PUT", "DELETE") and _DOCUMENT.fullmatch(rest)
    keeps = method in ("POST", "PUT") and _UPKEEP.fullmatch(rest)
    for need in carried.engine(method, b"/" + rest.encode("ascii"), query):
        yield _of_saved_objects(need, bool(writes or keeps))


def _of_saved_objects(need: Need, is_edit: bool) -> Need:
    if need.action not in ("read", "write", "manage") or first_outside(SAVED_OBJECTS, need.name) is not None:
        return need
    if need.action == "read":
        return Need("view")
    return Need("edit") if is_edit else need


def _is_field_list(carried: Carried, rest: str, query: bytes) -> bool:
    """Whether this only stores the field list of an index pattern, without which nothing in Kibana 5 opens."""
    match = _PATTERN_DOCUMENT.fullmatch(rest)
    if carried.method != "POST" or not match or query not in (b"", b"refresh=wait_for", b"refresh=true"):
        return False
    body = parse_object(carried.body.read())
    return body.keys() <= FIELD_LIST_KEYS and body.get("title") == decode(match["id"])


def _is_type_mapping(carried: Carried, rest: str, query: bytes) -> bool:
    """Whether this only declares the fields of a type of saved objects, without which Kibana 5 does not search them."""
    match = _TYPE_MAPPING.fullmatch(rest)
    if carried.method != "PUT" or not match or query:
        return False
    body = parse_object(carried.body.read())
    return body.keys() == {match["type"]} and _declares_fields(body[match["type"]], depth=2)


def _declares_fields(mapping: object, depth: int) -> bool:
    """Only names of fields and their types; `mapping` may be a field that has fields of its own."""
    if not (isinstance(mapping, dict) and depth and mapping.get("type", "object") == "object"):
        return False
    fields = mapping.get("properties")
    return (
        isinstance(fields, dict)
        and mapping.keys() <= {"properties", "type"}
        and len(fields) <= _MOST_FIELDS
        and all(_is_plain_field(field) or _declares_fields(field, depth - 1) for field in fields.values())
    )


def _is_plain_field(field: object) -> bool:
    return isinstance(field, dict) and field.keys() == {"type"} and isinstance(field["type"], str)


def console(carried: Carried, match: re.Match[str]) -> Iterator[Need]:
    """The request that somebody typed into Console: `?uri=` with its own method, from 6 on `?path=&method=`."""
    parameters = {key: values for key, values in carried.parameters().items() if key not in ("_", "dataSourceId")}
    if parameters.keys() == {"path", "method"} and carried.method == "POST":
        inner, method = carried.parameter("path"), carried.parameter("method")
    elif parameters.keys() == {"uri"}:
        inner, method = carried.parameter("uri"), carried.method
    else:
        raise Unjudgeable("it is not in the form that Console sends")
    if method not in _METHODS or "://" in inner:
        raise Unjudgeable("it is not in the form that Console sends")
    try:
        target = b"/" + inner.removeprefix("/").encode("ascii")
    except UnicodeEncodeError:
        raise Unjudgeable("its inner path is not ASCII") from None
    path, _, query = target.partition(b"?")
    yield from carried.engine(method, path, query)


def _text(part: bytes) -> str:
    try:
        return unquote_to_bytes(part.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise Unjudgeable("its query string is not UTF-8") from None
