"""The largest answer that leaves in one piece, to the byte, by what the real runtime client POSTs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from access_es.delivery.lambda_answer import envelope_bytes
from access_es.demo.cloud.invocation import MAX_RESPONSE_BYTES
from access_es.front_doors import ALB_BYTES, ALB_MULTI, HTTP, REST, URL, FrontDoor
from access_es.messages import Headers
from tests.cloud.front_door import LambdaFrontDoor, OpenLambdaDoor
from tests.scripted_server import Scripted, say, scripted_server

pytestmark = pytest.mark.cloud

HEADERS: Headers = (("Content-Type", "application/json"),)
DOORS = {"rest": REST, "http": HTTP, "url": URL, "alb": ALB_MULTI}
UNITS = {
    "text": b"x",
    "quotes": b'"',
    "delete": b"\x7f",
    "greek": "λ".encode(),
    "emoji": "😀".encode(),
    "base64": b"\xff",
}

COMMON = ("text", "greek", "base64")


@dataclass
class Posted:
    """What a function answered to Lambda, last."""

    sizes: list[int] = field(default_factory=list)


@contextmanager
def watched(door: LambdaFrontDoor) -> Iterator[Posted]:
    """Notes the size of what every sandbox POSTs, which is what Lambda counts."""
    posted = Posted()
    function = door.function
    run = function._run

    async def noting(*given: Any) -> Any:
        invocation = await run(*given)
        posted.sizes.append(len(invocation.payload))
        return invocation

    function._run = noting  # type: ignore[method-assign, assignment]
    try:
        yield posted
    finally:
        del function._run


def largest(door: FrontDoor, unit: bytes) -> int:
    """How many of `unit` still fit, and `x` for what is left beside them."""
    low, high = 0, door.answer_bytes or 0
    while high - low > 1:
        middle = (low + high) // 2
        fits = envelope_bytes(door, 200, HEADERS, [unit * middle]) <= (door.answer_bytes or 0)
        low, high = (middle, high) if fits else (low, middle)
    return low


def filled(door: FrontDoor, unit: bytes) -> bytes:
    """The largest body of `unit`, with `x` for the bytes that one more of them would not fit into."""
    body = unit * largest(door, unit)
    while envelope_bytes(door, 200, HEADERS, [body + b"x"]) <= (door.answer_bytes or 0):
        body += b"x"
    return body


@contextmanager
def domain_with(body: bytes) -> Iterator[Scripted]:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    with scripted_server([say(head + body)] * 2) as domain:
        yield domain


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "unit"),
    [*(("rest", unit) for unit in UNITS), *((name, unit) for name in ("http", "url", "alb") for unit in COMMON)],
)
def test_the_largest_answer_leaves_inline_and_one_byte_more_does_not(
    lambda_door: OpenLambdaDoor, name: str, unit: str
) -> None:
    door = DOORS[name]
    body = filled(door, UNITS[unit])
    counted = envelope_bytes(door, 200, HEADERS, [body])
    with domain_with(body) as domain:
        opened = lambda_door(name, domain=domain.url, ES_SIGN="false")
        with watched(opened) as posted:
            answer = opened.ask("GET", "/x", opened.bearer)
    assert (answer.status, answer.body == body) == (200, True)
    assert posted.sizes[-1] == counted
    assert (door.answer_bytes or 0) - counted < 6  # base64 grows by four bytes, an escape by six
    with domain_with(body + b"x") as domain:
        opened = lambda_door(name, domain=domain.url, ES_SIGN="false")
        assert opened.ask("GET", "/x", opened.bearer).status == 303


def test_the_limits_are_those_that_lambda_enforces() -> None:
    assert {door.answer_bytes for door in (REST, HTTP, URL)} == {MAX_RESPONSE_BYTES}
    assert ALB_MULTI.answer_bytes == ALB_BYTES
