"""The emulated Runtime API and the emulated door, as AWS documents them: what they take, refuse, slow down and cut off."""

from __future__ import annotations

import http.client
import time
from dataclasses import replace

import pytest

from access_es.demo.cloud.doors.rest_api import RestApi
from access_es.demo.cloud.doors.rest_streaming import StreamingRestApi
from access_es.demo.cloud.event_loop import EventLoop
from access_es.demo.cloud.invocation import MAX_RESPONSE_BYTES
from access_es.demo.cloud.response_stream import BURST_BYTES, MAX_STREAM_BYTES, ResponseStream, StreamTooLarge
from tests.eventually import eventually
from tests.streaming.scripted_runtime import END, STREAMING, Script, chunk, prelude, scripted

DOOR = StreamingRestApi(RestApi())
BROKEN = (http.client.IncompleteRead, http.client.RemoteDisconnected, ConnectionError)
TRAILERS = b"0\r\nLambda-Runtime-Function-Error-Type: Function.Broke\r\n\r\n"
MB = 1024 * 1024


def test_chunks_arrive_as_they_were_posted() -> None:
    script = Script(
        chunk(prelude('{"statusCode":201,"multiValueHeaders":{"X-A":["1","2"]}}') + b"ab") + chunk(b"c") + END
    )
    with scripted(DOOR, script) as running:
        reply = running.ask()
        eventually(lambda: script.taken == [202])
    assert (reply.status, reply.body) == (201, b"abc")
    assert [value for name, value in reply.headers if name == "X-A"] == ["1", "2"]


def test_a_connection_that_breaks_cuts_the_answer_off() -> None:
    script = Script(chunk(prelude() + b"ab"))
    with scripted(DOOR, script) as running:
        with pytest.raises(BROKEN):
            running.ask()
        eventually(lambda: bool(running.invocations))
    assert b"TruncatedResponse" in running.invocations[0].payload


@pytest.mark.parametrize("is_cut", [False, True])
def test_error_trailers_end_it_in_one_of_two_ways(is_cut: bool) -> None:
    """Which of them is AWS's, nobody has recorded. Lambda counts it as a success either way."""
    with scripted(replace(DOOR, trailers_cut=is_cut), Script(chunk(prelude() + b"ab") + TRAILERS)) as running:
        if is_cut:
            with pytest.raises(BROKEN):
                running.ask()
        else:
            assert running.ask().body == b"ab"
        eventually(lambda: [done.error for done in running.invocations] == [None])


def test_no_error_can_be_posted_once_a_response_has_begun() -> None:
    script = Script(chunk(prelude() + b"ab"), then_error=True)
    with scripted(DOOR, script) as running, pytest.raises(BROKEN):
        running.ask()
    assert script.taken[0] == 403


@pytest.mark.parametrize(
    "headers",
    [("Lambda-Runtime-Function-Response-Mode: other",), (*STREAMING, "Lambda-Runtime-Invocation-Id: another")],
    ids=["another mode", "another invocation"],
)
def test_what_the_runtime_api_refuses(headers: tuple[str, ...]) -> None:
    script = Script(chunk(prelude()) + END, headers)
    with scripted(replace(DOOR, idle_seconds=30), script) as running:
        assert running.ask().status in (502, 504)
    assert script.taken == [400]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (chunk(b"x" * 16_384), STREAMING),
        (chunk(prelude("no json")), STREAMING),
        (chunk(prelude('{"statusCode":200,"body":"x"}')), STREAMING),
        (chunk(b'{"statusCode":200}'), STREAMING),
        (chunk(prelude()), ("Lambda-Runtime-Function-Response-Mode: streaming", "Content-Type: application/json")),
    ],
    ids=["no end within 16 KB", "not JSON", "another key", "no separator", "another type"],
)
def test_another_form_is_a_500(body: bytes, headers: tuple[str, ...]) -> None:
    with scripted(DOOR, Script(body + END, headers)) as running:
        assert running.ask().status == 500


def test_invoke_gets_it_in_one_piece_up_to_6_megabytes() -> None:
    payload = prelude() + b"x"
    with scripted(DOOR, Script(chunk(payload) + END)) as running:
        assert running.invoke().payload == payload
    script = Script(chunk(bytes(MAX_RESPONSE_BYTES + 1)) + END)
    with scripted(DOOR, script) as running:
        assert running.invoke().error == "Unhandled"
        eventually(lambda: script.taken == [413])


def test_silence_before_and_within_an_answer() -> None:
    """A scale of 0.01 makes 30 seconds 0.3."""
    edge = replace(DOOR, idle_seconds=30)
    with scripted(edge, Script(b"", stays_open=True)) as running:
        assert running.ask().status == 504
    began = time.monotonic()
    with scripted(edge, Script(chunk(prelude() + b"ab"), stays_open=True)) as running, pytest.raises(BROKEN):
        running.ask()
    assert 0.3 <= time.monotonic() - began < 3


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_what_has_no_body_ends_with_its_head(method: str, status: int) -> None:
    script = Script(chunk(prelude(f'{{"statusCode":{status}}}')), stays_open=True)
    with scripted(DOOR, script) as running:
        assert running.ask(method).status == status


def test_6_megabytes_are_free_and_the_rest_comes_slowly() -> None:
    async def send(stream: ResponseStream, size: int) -> float:
        began = time.monotonic()
        await stream.put(bytes(size))
        return time.monotonic() - began

    async def both() -> tuple[float, float]:
        stream = ResponseStream(time_scale=0.2)
        return await send(stream, BURST_BYTES), await send(stream, 2 * MB)

    with EventLoop() as loop:
        first, second = loop.run(both())
    assert first < 0.1 and 0.2 <= second < 0.6  # 2 MB at 2 MB/s, five times as fast


def test_200_megabytes_and_no_more() -> None:
    async def fill() -> int:
        stream = ResponseStream(time_scale=0)
        stream.abandon()  # nobody reads, nothing waits
        for _ in range(MAX_STREAM_BYTES // MB):
            await stream.put(piece)
        with pytest.raises(StreamTooLarge):
            await stream.put(b"x")
        return stream.sent_bytes

    piece = bytes(MB)
    with EventLoop() as loop:
        assert loop.run(fill()) == MAX_STREAM_BYTES + 1
