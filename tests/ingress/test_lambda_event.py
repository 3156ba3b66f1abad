"""From an event to a request with a deadline, by the dispatcher that the proxy uses."""

from __future__ import annotations

import functools
import operator
import time
from collections.abc import Iterator
from typing import Any

import pytest

from access_es.errors import BadRequest
from access_es.front_doors import ALB_MULTI, HTTP, REST, STREAM_VARIABLE, URL
from access_es.ingress import read_request
from access_es.ingress.lambda_event import placeholder_request, read_event, seconds_left
from tests.ingress.events import changed

EPOCH = 1_783_711_144.836  # when the recorded REST request came


class Context:
    """What the runtime says of an invocation."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@pytest.mark.parametrize(
    ("door", "name", "function_seconds", "now", "left"),
    [
        (REST, "apigwv1", None, EPOCH, 28.75),
        (REST, "apigwv1", None, EPOCH + 3, 25.75),  # a cold start took three seconds
        (REST, "apigwv1", 10, EPOCH + 3, 9.75),
        (REST, "apigwv1", 900, EPOCH + 3, 25.75),
        (REST, "apigwv1", None, EPOCH + 28.5, 0.25),
        (REST, "apigwv1", None, EPOCH + 1000, 28.75),  # no door hands on what it gave up: its clock is another
        (REST, "apigwv1", None, EPOCH - 5, 28.75),
        (HTTP, "apigwv2", None, 1_783_711_145.766 + 2, 27.75),
        (URL, "functionurl", 60, EPOCH, 59.75),
        (URL, "functionurl", None, EPOCH, None),
        (ALB_MULTI, "alb", 30, EPOCH, 29.75),
    ],
)
def test_the_nearest_end_counts(
    door: Any, name: str, function_seconds: float | None, now: float, left: float | None
) -> None:
    milliseconds = None if function_seconds is None else function_seconds * 1000
    found = seconds_left(door, changed(name), milliseconds, now)
    assert found == (None if left is None else pytest.approx(left, abs=0.01))


def test_a_request_knows_when_its_answer_is_due() -> None:
    request = read_event(changed("functionurl"), Context(20))
    assert request.answer_by is not None and request.answer_by - time.monotonic() == pytest.approx(19.75, abs=0.5)
    assert read_event(changed("functionurl"), None).answer_by is None


@pytest.mark.parametrize("name", ["apigwv1", "apigwv2", "functionurl", "alb"])
def test_zappas_environ_is_read_by_its_event(name: str) -> None:
    """PATH_INFO is there too, and has lost what the event still tells."""
    environ = {"lambda.event": changed(name), "lambda.context": None, "PATH_INFO": "/wrong", "REQUEST_METHOD": "GET"}
    request = read_request(environ)
    assert request.method == "POST" and request.path == b"/capture/space%20value"


def test_an_event_of_no_door_is_a_bad_request_whose_refusal_can_be_rendered() -> None:
    with pytest.raises(BadRequest):
        read_request({"lambda.event": {"requestContext": {}}})
    assert placeholder_request().client_kind == "program"


ODD: tuple[Any, ...] = (None, True, 7, 1e300, "", "//", "\ud800", "é", [], [None], {}, {"a": None}, {"a": [[]]})


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every field, objects and lists themselves included."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(each, (*path, key))


@pytest.mark.parametrize("name", ["apigwv1", "apigwv2", "functionurl", "alb"])
def test_whatever_stands_in_a_field_an_event_is_read_or_refused(name: str) -> None:
    refused = 0
    for path in places(changed(name)):
        for odd in ODD:
            event: Any = changed(name)
            *outer, last = path
            functools.reduce(operator.getitem, outer, event)[last] = odd
            try:
                request = read_event(event, None)
            except BadRequest:
                refused += 1
            else:
                assert isinstance(request.target, bytes) and isinstance(request.client_address, str)
                assert all(value.encode("latin-1") is not None for pair in request.headers for value in pair)
    assert refused > 50


@pytest.mark.parametrize(("idle", "waited", "left"), [("300", 0, 240), ("300", 100, 140), ("30", 4, 20)])
def test_where_a_door_streams_only_the_beginning_is_soon_due(idle: str, waited: int, left: float) -> None:
    event = changed(
        "apigwv1",
        stageVariables={STREAM_VARIABLE: idle},
        context={"requestTimeEpoch": (time.time() - waited) * 1000},
    )
    request = read_event(event, Context(600))
    assert request.begin_by is not None and request.answer_by is not None
    assert request.begin_by - time.monotonic() == pytest.approx(left, abs=0.5) and request.due == request.begin_by
    assert request.answer_by - time.monotonic() == pytest.approx(600, abs=1)
