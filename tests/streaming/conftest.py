"""The fixture `function`: our function with STREAMING, in front of a domain that verifies every signature."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from access_es.demo.running_gateway import RunningGateway
from tests.streaming.running import OpenDoor, StreamingFunction, streaming_function

TIME_SCALE = 0.05  # the door is twenty times faster, and bears 15 s of silence: a cold start on a busy machine


@pytest.fixture(scope="module")
def function(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StreamingFunction]:
    with streaming_function(gateway.url, tmp_path_factory.mktemp("streaming")) as running:
        yield running


@pytest.fixture(scope="module")
def door(function: StreamingFunction) -> Iterator[OpenDoor]:
    with function.behind("rest-streaming", time_scale=TIME_SCALE) as opened:
        yield opened
