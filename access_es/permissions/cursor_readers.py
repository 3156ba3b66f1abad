"""Requests that go on with, or end, what an earlier one opened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from access_es.permissions.bodies import parse_object
from access_es.permissions.call import Call
from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import CursorKind, Need


def scroll(call: Call) -> Iterator[Need]:
    """The next page of a scroll, or its end: the id stands in the path, in `?scroll_id=`, in JSON, or alone."""
    in_target = call.parameter("c") or call.query.get("scroll_id")
    if in_target is not None:
        if not call.body.is_empty() or ("c" in call.names and "scroll_id" in call.query):
            raise Unjudgeable("it has more than one place for its cursor")
        cursor = call.open_cursor("scroll", in_target)
        call.send_id_in_target(in_target, cursor)
        yield from cursor.needs
    else:
        yield from _cursors_in_body(call, "scroll", "scroll_id")
    if call.method != "DELETE":
        call.opens("scroll")


def pit_close(call: Call) -> Iterator[Need]:
    yield from _cursors_in_body(call, "pit", "pit_id")


def _cursors_in_body(call: Call, kind: CursorKind, key: str) -> Iterator[Need]:
    if "source" in call.query:
        raise Unjudgeable("its cursor is sent in the parameter source")
    data = b"".join(call.body.uncompressed()) if kind == "scroll" else call.data()
    alone = data.strip().decode("ascii", "replace")
    if kind == "scroll" and not alone.startswith("{"):  # Elasticsearch 5 takes the id as plain text
        cursor = call.open_cursor(kind, alone)
        yield from cursor.needs
        call.send_id_in_body(data, alone, cursor)
        return
    body = parse_object(call.data())
    if not body.keys() <= {key, "scroll", "keep_alive"}:
        raise Unjudgeable("its body has keys that are not known")
    ids: Any = body.get(key)
    listed = ids if isinstance(ids, list) else [ids]
    if not listed or (isinstance(ids, list) and call.method != "DELETE"):
        raise Unjudgeable("it names no cursor")
    opened = [call.open_cursor(kind, sealed) for sealed in listed]
    for cursor in opened:
        yield from cursor.needs
    own = [cursor.id for cursor in opened]
    call.sent.body = call.body.recode(json.dumps({**body, key: own if isinstance(ids, list) else own[0]}).encode())


def task(call: Call) -> Iterator[Need]:
    """A task that was not waited for: its progress, its end, its speed."""
    sealed = call.parameter("c")
    call.no_body()
    cursor = call.open_cursor("task", sealed)
    call.send_id_in_target(str(sealed), cursor)
    yield from cursor.needs
