"""The start of a streamed answer, as the emulated door and AWS's documents read it."""

from __future__ import annotations

import json

import pytest

from access_es.delivery.prelude import SEPARATOR, build_prelude
from access_es.front_doors import streaming_rest
from access_es.messages import Headers, Held, ProxyResponse

DOOR = streaming_rest(300)
TYPE = ("Content-Type", "application/json")


def prelude(
    status: int = 200, headers: Headers = (TYPE,), length: int | None = None, method: str = "GET"
) -> dict[str, object]:
    built = build_prelude(DOOR, ProxyResponse(status, headers, Held(), length_bytes=length), method)
    head, separator, rest = built.partition(SEPARATOR)
    assert separator and not rest and b"\0" not in head
    found: dict[str, object] = json.loads(head)
    return found


def test_repeated_headers_and_a_known_length() -> None:
    headers = (TYPE, ("Set-Cookie", "a=1"), ("set-cookie", "b=\x00é"))
    assert prelude(201, headers, 7) == {
        "statusCode": 201,
        "multiValueHeaders": {
            "Content-Type": ["application/json"], "Set-Cookie": ["a=1", "b=\x00é"], "Content-Length": ["7"],
        },
    }  # fmt: skip


def test_without_a_length_the_door_finds_its_own_framing() -> None:
    assert prelude() == {"statusCode": 200, "multiValueHeaders": {"Content-Type": ["application/json"]}}


@pytest.mark.parametrize(
    ("method", "status", "length"), [("HEAD", 200, None), ("GET", 204, None), ("GET", 304, 5), ("GET", 303, 0)]
)
def test_an_answer_without_a_body_says_so(method: str, status: int, length: int | None) -> None:
    """Whatever its own headers announce: a gateway that waits for a body would hang."""
    found = prelude(status, (TYPE, ("Content-Length", "12345")), length, method)
    assert found["multiValueHeaders"] == {"Content-Type": ["application/json"], "Content-Length": ["0"]}


def test_a_body_without_a_type_is_not_called_json() -> None:
    assert prelude(headers=(), length=3)["multiValueHeaders"] == {
        "Content-Type": ["application/octet-stream"], "Content-Length": ["3"],
    }  # fmt: skip
