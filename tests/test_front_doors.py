"""Which door an event came through, and what the table says of it."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from access_es.front_doors import (
    ALB_MULTI,
    ALB_SINGLE,
    DOORS,
    HTTP,
    LOCAL,
    REST,
    STREAM_VARIABLE,
    URL,
    FrontDoor,
    detect_door,
    streaming_rest,
    with_limits_of,
)
from access_es.settings.parsers import FRONT_DOORS

EVENTS = Path(__file__).parent / "vectors" / "events"


def recorded(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}-request.json").read_text())
    return event


@pytest.mark.parametrize(
    ("name", "door"), [("apigwv1", REST), ("apigwv2", HTTP), ("functionurl", URL), ("alb", ALB_MULTI)]
)
def test_recorded_events_show_their_door(name: str, door: FrontDoor) -> None:
    assert detect_door(recorded(name)) is door


def test_a_function_url_that_wants_iam_is_known_by_its_host() -> None:
    event = recorded("functionurl")
    event["requestContext"]["accountId"] = "123456789012"
    assert detect_door(event) is URL


def test_a_balancer_without_multi_value_headers_is_known_by_their_absence() -> None:
    event = recorded("alb")
    event["headers"] = {name: values[-1] for name, values in event.pop("multiValueHeaders").items()}
    assert detect_door(event) is ALB_SINGLE


@pytest.mark.parametrize(
    "event",
    [
        None,
        "text",
        [],
        {},
        {"raw_command": "import os"},
        {"httpMethod": "GET", "path": "/"},
        {"requestContext": None, "httpMethod": "GET"},
        {"requestContext": {}, "httpMethod": None},
        {"requestContext": {}, "httpMethod": 7},
        {"version": "2.0", "requestContext": {"stage": "dev"}},
        {"version": "2.0", "requestContext": {"http": "GET"}, "httpMethod": "GET"},
        {"requestContext": {"eventType": "CONNECT", "routeKey": "$connect"}},
        {"detail-type": "Scheduled Event", "resources": ["arn:aws:events:x:1:rule/y"]},
        {"Records": [{"eventSource": "aws:s3"}]},
    ],
)
def test_anything_else_is_no_http_event(event: Any) -> None:
    assert detect_door(event) is None


def test_the_table_has_every_door_that_can_be_set_and_its_facts_do_not_change() -> None:
    assert {door.name for door in DOORS} == set(FRONT_DOORS)
    with pytest.raises(FrozenInstanceError):
        REST.seconds = 60  # type: ignore[misc]


def test_no_lambda_door_carries_more_than_lambda_itself() -> None:
    for door in DOORS:
        if door is not LOCAL:
            assert door.answer_bytes is not None and door.answer_bytes <= 6_291_556
            assert door.event_bytes is not None and door.event_bytes <= 6_291_456


def test_the_setting_changes_the_limits_and_not_the_form() -> None:
    door = with_limits_of(REST, "http")
    assert (door.seconds, door.answer_header_bytes) == (30, 10_240)
    assert (door.name, door.answer_form, door.path) == ("rest", "multi", "raw")
    assert with_limits_of(REST, None) is REST
    assert with_limits_of(REST, "local") is REST  # nothing lifts Lambda's own limits


@pytest.mark.parametrize(
    ("variables", "idle"),
    [
        ({STREAM_VARIABLE: "300"}, 300),
        ({STREAM_VARIABLE: "30", "other": "x"}, 30),
        ({STREAM_VARIABLE: "0"}, None),
        ({STREAM_VARIABLE: 300}, None),
        ({STREAM_VARIABLE: "³"}, None),
        ({}, None),
        (None, None),
        ("300", None),
    ],
)
def test_a_rest_api_says_in_its_stage_variables_that_it_streams(variables: Any, idle: int | None) -> None:
    door = detect_door({**recorded("apigwv1"), "stageVariables": variables})
    assert door is not None
    assert door.idle_seconds == idle
    assert (door.seconds, door.answer_header_bytes) == ((900, 16_000) if idle else (29, 20_480))


def test_the_limits_of_a_door_that_streams_are_its_own() -> None:
    streaming = streaming_rest(300)
    assert with_limits_of(streaming, "rest:60") == streaming
