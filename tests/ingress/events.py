"""Events for tests: recorded ones to change, and those that the emulated doors build for a request."""

from __future__ import annotations

import copy
from typing import Any

from access_es.demo.cloud.doors.messages import Arrived, Moment
from access_es.demo.cloud.doors.registry import open_door
from tests.test_front_doors import recorded

Pairs = tuple[tuple[bytes, bytes], ...]


def changed(name: str, **fields: Any) -> dict[str, Any]:
    """A recorded event with other fields; `context` changes those of its request context."""
    event = copy.deepcopy(recorded(name))
    event["requestContext"].update(fields.pop("context", {}))
    event.update(fields)
    return event


def arrived(method: str, target: bytes, headers: Pairs = (), body: bytes = b"") -> Arrived:
    """One request on its way to a door."""
    length = ((b"content-length", str(len(body)).encode()),) if body else ()
    return Arrived(method, target, ((b"host", b"es.example.org"), *headers, *length), body, "192.0.2.7", Moment.now())


def emulated(door: str, request: Arrived) -> dict[str, Any]:
    """The event that an emulated door hands to Lambda; no code of ours has part in it."""
    opened = open_door(door)
    assert opened.refuse(request) is None
    event: dict[str, Any] = opened.build_event(request)
    return event
