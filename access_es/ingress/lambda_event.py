"""Reads a Lambda event as a request, by the module of its front door, and sets the deadline of the answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from access_es.front_doors import RESPONSE_MARGIN_SECONDS, FrontDoor, detect_door
from access_es.ingress import alb, function_url, http_api, rest_api
from access_es.ingress.fields import Event, as_stream, read_id, unreadable
from access_es.messages import ProxyRequest

_READERS: dict[str, Callable[[Event], ProxyRequest]] = {
    "rest": rest_api.read_request,
    "http": http_api.read_request,
    "url": function_url.read_request,
    "alb": alb.read_request,
}


def read_event(event: Any, context: Any, limits: FrontDoor | None = None) -> ProxyRequest:
    """The request behind an event, with the moment by which it must be answered. Raises BadRequest.

    `limits` is the front door whose time limit counts, if not the one that the event shows.
    """
    door = detect_door(event)
    if door is None:
        raise unreadable("not of a known front door")
    limits, now = limits or door, time.time()
    seconds = seconds_left(limits, event, _milliseconds_left(context), now)
    request = replace(_READERS[door.name](event), answer_by=None if seconds is None else time.monotonic() + seconds)
    if limits.begin_seconds is None:
        return request
    return replace(request, begin_by=time.monotonic() + seconds_to_begin(limits.begin_seconds, event, seconds, now))


def placeholder_request() -> ProxyRequest:
    """A placeholder for a request that could not be read, to render its error."""
    return ProxyRequest(read_id({}), "GET", b"/", (), as_stream(b""), "https", "")


def seconds_left(door: FrontDoor, event: Event, function_milliseconds: float | None, now: float) -> float | None:
    """How long an answer may still take, at the epoch second `now`: what door and function leave, less a margin."""
    ends = []
    if door.seconds is not None:
        ends.append(door.seconds - _seconds_waited(event, now, door.seconds))
    if function_milliseconds is not None:
        ends.append(function_milliseconds / 1000)
    return max(0.0, min(ends) - RESPONSE_MARGIN_SECONDS) if ends else None


def seconds_to_begin(limit: float, event: Event, answer_seconds: float | None, now: float) -> float:
    """How long the first byte of a streamed answer may still take."""
    left = max(0.0, limit - _seconds_waited(event, now, limit))
    return left if answer_seconds is None else min(left, answer_seconds)


def _seconds_waited(event: Event, now: float, max_seconds: float) -> float:
    """The part of the front door's time that has passed, cold start included; 0 where the event has no timestamp."""
    asked = event["requestContext"]
    received = asked.get("requestTimeEpoch", asked.get("timeEpoch"))  # milliseconds; REST, HTTP API
    if not isinstance(received, int | float):
        return 0.0
    waited = now - received / 1000
    return waited if 0 < waited < max_seconds else 0.0  # no door hands on a request it gave up: the clocks differ


def _milliseconds_left(context: Any) -> float | None:
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return float(remaining()) if callable(remaining) else None
