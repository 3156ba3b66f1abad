"""The end of a streaming door's wait, where no task can be started.

The stage's variable says how long the door bears silence: here 4 s, so the function begins an answer within 3.2.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from access_es.demo.cloud.doors.messages import ApiSettings
from access_es.demo.cloud.doors.rest_api import RestApi
from access_es.demo.cloud.doors.rest_streaming import StreamingRestApi
from access_es.front_doors import STREAM_VARIABLE
from tests.streaming.running import OpenDoor, StreamingFunction


@pytest.fixture
def short_wait(function: StreamingFunction) -> Iterator[OpenDoor]:
    door = StreamingRestApi(RestApi(ApiSettings(variables={STREAM_VARIABLE: "4"})), idle_seconds=4)
    with function.behind(door) as opened:
        yield opened


def test_silence_ends_with_our_own_504_before_the_doors(short_wait: OpenDoor) -> None:
    began = time.monotonic()
    reply = short_wait.ask("POST", "/_demo/slow?delay=9", body=b"{}")
    assert (reply.status, reply.json()["error"]["code"]) == (504, "gateway_timeout")
    assert 3 < time.monotonic() - began < 4


def test_an_answer_that_has_begun_may_take_longer(short_wait: OpenDoor) -> None:
    """Five seconds of body, through a door that bears four of silence."""
    began = time.monotonic()
    reply = short_wait.ask("GET", "/_demo/giant?size=5000000&rate=1000000")
    assert (reply.status, len(reply.body)) == (200, 5_000_000)
    assert time.monotonic() - began > 4
