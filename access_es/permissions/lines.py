"""Bodies of lines: `_bulk` and `_msearch`, where the name in a line overrides the one in the path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from access_es.permissions.bodies import parse_object
from access_es.permissions.queries import needs_of_search
from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import Need

_ACTIONS = ("index", "create", "update", "delete")
_MOST_ACTION_BYTES = 64 * 1024
_MOST_REMEMBERED = 10_000
# The form in which clients send nearly all action lines, without escapes; `_index` once, in any place.
_VALUE = rb'(?:"[^"\\\x00-\x1f\x7f-\xff]*"|-?[0-9]+|true|false|null)'
_OTHER = (
    rb'(?: ?"(?:_id|_type|_routing|routing|_version|version|version_type|retry_on_conflict|op_type)" ?: ?%b ?,?)'
    % (_VALUE)
)
_USUAL_ACTION = re.compile(
    rb'\{ ?"(index|create|update|delete)" ?: ?\{%b*(?: ?"_index" ?: ?"([^"\\\x00-\x20\x7f-\xff]+)" ?,?%b*)? ?\} ?\}\r?'
    % (_OTHER, _OTHER)
)
_ACTION_KEYS = frozenset(
    (
        "_index", "_type", "_id", "_routing", "routing", "_parent", "parent", "_version", "version", "_version_type",
        "version_type", "_retry_on_conflict", "retry_on_conflict", "if_seq_no", "if_primary_term", "pipeline",
        "require_alias", "op_type", "_timestamp", "_ttl", "_source", "fields",
    )
)  # fmt: skip
_HEADER_KEYS = frozenset(
    (
        "index", "indices", "type", "types", "search_type", "preference", "routing", "ignore_unavailable",
        "allow_no_indices", "expand_wildcards", "request_cache", "ignore_throttled", "ccs_minimize_roundtrips",
        "allow_partial_search_results", "cancel_after_time_interval", "batched_reduce_size",
        "max_concurrent_shard_requests", "pre_filter_shard_size", "rest_total_hits_as_int",
    )
)  # fmt: skip


def needs_of_bulk(lines: Iterable[bytes], default: str | None) -> Iterator[Need]:
    """One need for each name that is written to, at the line where it first stands."""
    known: set[bytes | str | None] = set()
    rows = enumerate(lines, 1)
    usual = _USUAL_ACTION.fullmatch
    for number, line in rows:
        if not line:
            continue  # empty lines before an action are skipped
        match = usual(line)
        if match:
            action, name = match.groups()
            is_delete = action == b"delete"
        else:
            is_delete, name = _read_action(line, number)
        if name not in known:
            if len(known) > _MOST_REMEMBERED:
                known.clear()  # they are told again then; memory stays flat
            known.add(name)
            yield Need("write", _named(name, default, number), number)
        if not is_delete:
            next(rows, None)  # the document


def _read_action(line: bytes, number: int) -> tuple[bool, str | None]:
    if len(line) > _MOST_ACTION_BYTES:
        raise Unjudgeable("an action line of its body is too long to be read", number)
    action = parse_object(line, number)
    entries = [entry for name, entry in action.items() if name in _ACTIONS and isinstance(entry, dict)]
    if len(action) != 1 or not entries or not entries[0].keys() <= _ACTION_KEYS:
        raise Unjudgeable("a line of its body is not one of the bulk actions", number)
    name = entries[0].get("_index")
    if name is not None and (not isinstance(name, str) or not name):
        raise Unjudgeable("the name of an index in its body is not text", number)
    return "delete" in action, name


def _named(name: bytes | str | None, default: str | None, number: int) -> str:
    if name is None:
        if default is None:
            raise Unjudgeable("a bulk action names no index", number)
        return default
    return name if isinstance(name, str) else name.decode("ascii")


def needs_of_msearch(lines: Iterable[bytes], default: str) -> Iterator[Need]:
    """What each search of an `_msearch` reads; a header without a name takes the path's."""
    rows = enumerate(lines, 1)
    for number, header in rows:
        yield from header_needs(_read_header(header, number), default, number)
        body = next(rows, None)
        if body is not None:
            yield from needs_of_search(body[1], body[0])


def _read_header(line: bytes, number: int) -> dict[str, Any]:
    if not line.strip(b"\r"):
        raise Unjudgeable("an empty line between searches means every index", number)
    return parse_object(line, number)


def header_needs(header: dict[str, Any], default: str, number: int | None = None) -> Iterator[Need]:
    """The names in one header. `[]` and `""` would mean every index, even under a path that names one."""
    if not header.keys() <= _HEADER_KEYS or ("index" in header and "indices" in header):
        raise Unjudgeable("the header of a search has keys that are not known", number)
    value = header.get("index", header.get("indices", default))
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise Unjudgeable("the header of a search names no index, which means every index", number)
    yield Need("read", ",".join(names), number)
