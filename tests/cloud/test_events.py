"""The events that our doors build, beside those that AWS's own sent for the same request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from access_es.demo.cloud.doors.alb import LoadBalancer
from access_es.demo.cloud.doors.function_url import FunctionUrl
from access_es.demo.cloud.doors.http_api import HttpApi
from access_es.demo.cloud.doors.messages import ApiSettings, Arrived, Door, Moment
from access_es.demo.cloud.doors.registry import NAMES, open_door
from access_es.demo.cloud.doors.rest_api import RestApi

VECTORS = Path(__file__).parent.parent / "vectors" / "events"
TARGET = (
    b"/capture/space%20value?repeat=one&repeat=two&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb"
    b"&literalPlus=a+b&encodedPlus=a%2Bb&empty="
)
BODY = '{"message":"hello from the public internet","unicode":"lambda-λ"}'.encode()
# What belongs to the account that recorded them, and what `*/*` as a binary media type changes.
OTHERS = {"accountId", "apiId", "domainPrefix", "resourceId", "targetGroupArn"}
BINARY = {"body", "isBase64Encoded"}
RECORDED: dict[str, tuple[Door, set[str]]] = {
    "apigwv1": (RestApi(ApiSettings("live", own_domain=False)), OTHERS | BINARY),
    "apigwv2": (HttpApi(), OTHERS),
    "functionurl": (FunctionUrl(), OTHERS - {"accountId"}),
    "alb": (LoadBalancer(multi_value=True), OTHERS),
}


def recorded(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((VECTORS / f"{name}-request.json").read_text())
    return event


def as_it_was_sent(event: dict[str, Any], target: bytes = TARGET) -> Arrived:
    """The curl request behind a recorded event; over HTTP/2, names are in lower case."""
    context = event["requestContext"]
    single = event["headers"] or {name: values[-1] for name, values in event["multiValueHeaders"].items()}
    lower = {name.lower(): value for name, value in single.items()}
    headers = [
        ("host", lower["host"]), ("user-agent", "curl/8.7.1"), ("accept", "*/*"), ("content-type", "application/json"),
        ("cookie", "session=abc123; theme=dark"), ("x-voker-probe", "first"), ("x-voker-probe", "second"),
        ("content-length", str(len(BODY))), ("x-amzn-trace-id", lower["x-amzn-trace-id"]),
    ]  # fmt: skip
    epoch = context.get("requestTimeEpoch") or context.get("timeEpoch") or 0
    moment = Moment(
        datetime.fromtimestamp(epoch / 1000, UTC),
        context.get("requestId", ""),
        context.get("extendedRequestId") or context.get("requestId", ""),
        "",
    )
    return Arrived(
        method="POST",
        target=target,
        headers=tuple((name.encode(), value.encode()) for name, value in headers),
        body=BODY,
        client="68.8.83.18",
        moment=moment,
        scheme=lower["x-forwarded-proto"],
        port=int(lower["x-forwarded-port"]),
    )


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that says something, by its path. Empty ones say nothing: the recorder's types wrote those."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    elif value not in (None, "", []) or (value == "" and path[0] == "queryStringParameters"):
        yield path, value


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_request_becomes_the_recorded_event(name: str) -> None:
    door, others = RECORDED[name]
    event = recorded(name)
    target = b"/live" + TARGET if name == "apigwv1" else TARGET
    built = door.build_event(as_it_was_sent(event, target))
    ours = {path: value for path, value in leaves(built) if path[-1] not in others}
    assert ours == {path: value for path, value in leaves(event) if path[-1] not in others}


def test_behind_a_rest_api_every_body_is_base64() -> None:
    built = RestApi().build_event(as_it_was_sent(recorded("apigwv1")))
    assert built["isBase64Encoded"] is True and built["body"].startswith("eyJtZXNzYWdlIjoi")


@pytest.mark.parametrize(
    "case", json.loads((VECTORS / "ingress-paths.json").read_text()), ids=lambda case: case["sentPath"]
)
def test_only_the_http_api_touches_the_path(case: dict[str, Any]) -> None:
    arrived = replace(as_it_was_sent(recorded("alb")), target=case["sentPath"].encode())
    assert (HttpApi().refuse(arrived) is not None) == case.get("httpAPIRejected", False)
    if not case.get("httpAPIRejected"):
        assert HttpApi().build_event(arrived)["rawPath"] == case["httpAPIPath"]
    for door, field in ((RestApi(), "path"), (FunctionUrl(), "rawPath"), (LoadBalancer(), "path")):
        assert door.refuse(arrived) is None
        assert door.build_event(arrived)[field] == case["sentPath"]


def test_a_leading_double_slash_and_the_stage_at_a_rest_api() -> None:
    arrived = replace(as_it_was_sent(recorded("apigwv1")), target=b"/dev//a//b/?x")
    door = open_door("rest-stage")
    built = door.build_event(arrived)
    assert (built["path"], built["requestContext"]["path"]) == ("/a//b/", "/dev//a//b/")
    assert built["pathParameters"] == {"proxy": "a//b"}
    assert built["multiValueQueryStringParameters"] == {"x": [""]}
    devices = door.refuse(replace(arrived, target=b"/devices/x"))
    assert devices is not None and devices.status == 403


def test_a_stage_of_an_http_api_stays_in_the_path() -> None:
    arrived = replace(as_it_was_sent(recorded("apigwv2")), target=b"/dev/a%2Fb")
    assert open_door("http-stage").build_event(arrived)["rawPath"] == "/dev/a/b"


def test_a_balancer_without_multi_value_headers_keeps_the_last_of_each() -> None:
    built = open_door("alb-single").build_event(as_it_was_sent(recorded("alb")))
    assert built["headers"]["x-voker-probe"] == "second"
    assert built["queryStringParameters"]["repeat"] == "two"
    assert not built.keys() & {"multiValueHeaders", "multiValueQueryStringParameters"}


@pytest.mark.parametrize("name", NAMES)
def test_the_client_cannot_choose_its_address(name: str) -> None:
    arrived = as_it_was_sent(recorded("alb"))
    arrived = replace(arrived, target=b"/dev/x", headers=(*arrived.headers, (b"X-Forwarded-For", b"6.6.6.6")))
    event = open_door(name).build_event(arrived)
    text = json.dumps(event)
    assert '"6.6.6.6, 68.8.83.18"' in text or '["6.6.6.6, 68.8.83.18"]' in text
    assert '"sourceIp": "6.6.6.6"' not in text


@pytest.mark.parametrize(
    ("content_type", "encoding", "in_base64"),
    [
        ("application/json", "", False),
        ("text/csv; charset=latin-1", "", False),
        ("application/x-ndjson", "", True),
        ("application/vnd.elasticsearch+json", "", True),
        ("application/json", "gzip", True),
        ("", "", True),
    ],
)
def test_what_a_balancer_takes_for_text(content_type: str, encoding: str, in_base64: bool) -> None:
    headers = [(b"Host", b"x"), (b"Content-Type", content_type.encode())]
    headers += [(b"Content-Encoding", encoding.encode())] if encoding else []
    arrived = replace(as_it_was_sent(recorded("alb")), headers=tuple(headers))
    assert LoadBalancer().build_event(arrived)["isBase64Encoded"] is in_base64
