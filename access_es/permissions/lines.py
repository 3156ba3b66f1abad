"""Bodies of lines: `_bulk` and `_msearch`, where the name in a line overrides the one in the path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from access_es.permissions.bodies import parse_object
from access_es.permissions.queries import needs_of_search
from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import Need

_ACTIONS = ("index", "create", "update", "delete")
_MOST_ACTION_BYTES = 64 * 1024
_MOST_REMEMBERED = 10_000
# The form in which clients send nearly all action lines, without escapes; `_index` once, in any place.
_TEXT = rb'"[^"\\\x00-\x1f\x7f-\xff]*+"'
_NUMBER = rb"-?[0-9]++"
_FIELD = rb'"(?:_id|_type|_routing|routing|_version|version|version_type|retry_on_conflict|op_type)" ?: ?'
_OTHERS = rb"(?: ?%b(?:%b|%b) ?,?)*+" % (_FIELD, _TEXT, _NUMBER)
_USUAL_ACTION = re.compile(
    rb'\{ ?"(index|create|update|delete)" ?: ?\{%b(?: ?"_index" ?: ?"([^"\\\x00-\x20\x7f-\xff]++)" ?,?%b)? ?\} ?\}\r?'
    % (_OTHERS, _OTHERS)
)
_OTHER = re.compile(rb"(%b)(?:(%b)|%b)" % (_FIELD, _TEXT, _NUMBER))
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


def needs_of_bulk(pieces: Iterable[bytes], default: str | None) -> Iterator[Need]:
    """One need for each name that is written to, at the line where it first stands. Documents are not looked at."""
    scan = _Scan(default)
    for piece in pieces:
        yield from scan.take(piece)
    yield from scan.take(b"\n")  # what ends without a line break is read as if it had one


class _Scan:
    """Where a bulk has been read to: the bytes that wait for the rest of their line, and the number of that line."""

    def __init__(self, default: str | None) -> None:
        self._default = default
        self._known: set[bytes | str | None] = set()
        self._waiting = b""
        self._line = 1
        self._in_document = False
        self._vain = 0  # how often in a row no run of like actions followed

    def take(self, piece: bytes) -> Iterator[Need]:
        data, at = self._waiting + piece, 0
        while (end := data.find(b"\n", at)) >= 0:
            line, number = data[at:end], self._line
            at, self._line = end + 1, number + 1
            if self._in_document:
                self._in_document = False
            elif line:  # empty lines before an action are skipped
                match = _USUAL_ACTION.fullmatch(line)
                is_delete, name = (match[1] == b"delete", match[2]) if match else _read_action(line, number)
                self._in_document = not is_delete
                if name not in self._known:
                    yield self._need(name, number)
                elif match and not is_delete:
                    at = self._pass_over(line, data, at)
        # A document may be of any size; nothing of it is needed.
        self._waiting = b"" if self._in_document else data[at:]
        if len(self._waiting) > _MOST_ACTION_BYTES:
            raise Unjudgeable("an action line of its body is too long to be read", self._line)

    def _need(self, name: bytes | str | None, number: int) -> Need:
        if len(self._known) > _MOST_REMEMBERED:
            self._known.clear()  # they are told again then; memory stays flat
        self._known.add(name)
        return Need("write", _named(name, self._default, number), number)

    def _pass_over(self, line: bytes, data: bytes, at: int) -> int:
        """Behind this line's document, and all that follows of actions like it with their documents.

        Most bulks have one kind of action on one index: they pass as one run, by a pattern.
        """
        if self._vain > 8 and self._line % 128 > 1:
            return at
        match = _run_of(line).match(data, at)
        if match is None:
            return at
        self._vain = 0 if match[1] else self._vain + 1
        self._line += data.count(b"\n", at, match.end())
        self._in_document = False
        return match.end()


def _run_of(line: bytes) -> re.Pattern[bytes]:
    """The end of a document, then whole actions that differ from this one in their ids and the like alone."""
    parts, at = [], 0
    for field in _OTHER.finditer(line):
        parts += [re.escape(line[at : field.end(1)]), _TEXT if field[2] else _NUMBER]
        at = field.end()
    return _compiled(b"".join((*parts, re.escape(line[at:]))))


@lru_cache(maxsize=64)
def _compiled(action: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"[^\n]*+\n((?:%b\n[^\n]*+\n)*+)" % action)


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
