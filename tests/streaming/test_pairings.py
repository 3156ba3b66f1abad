"""What a client sees where function, integration and runtime do not belong together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from access_es.demo.cloud.doors.messages import ApiSettings
from access_es.demo.cloud.doors.rest_api import RestApi
from access_es.demo.cloud.doors.rest_streaming import StreamingRestApi
from access_es.demo.running_gateway import RunningGateway
from access_es.front_doors import STREAM_VARIABLE
from tests.streaming.conftest import TIME_SCALE
from tests.streaming.running import OpenDoor, StreamingFunction, streaming_function

SAYS_SO = ApiSettings(variables={STREAM_VARIABLE: "300"})
OTHER_METHOD = """
import awslambdaric.lambda_runtime_client as client
class Own(client.LambdaRuntimeClient):
    def post_invocation_result(self, *given): super().post_invocation_result(*given)
from access_es.lambda_handler import lambda_handler
"""
OTHER_NAMES = """
import awslambdaric.lambda_runtime_client as client
del client.BaseLambdaRuntimeClient, client.LambdaRuntimeClient
from access_es.lambda_handler import lambda_handler
"""


@pytest.mark.parametrize("value", ["0", "", "no", "-1", "3.5", "٣"])
def test_a_stage_that_does_not_say_that_it_streams_is_answered_as_before(
    function: StreamingFunction, value: str
) -> None:
    """Also while STREAMING is set: a deployment that was made before, or one that goes back."""
    with function.behind(RestApi(ApiSettings(variables={STREAM_VARIABLE: value}))) as door:
        reply = door.ask("GET", "/_demo/giant?kind=text&size=100000")
    assert (reply.status, len(reply.body)) == (200, 100_000)


def test_requests_on_their_way_while_the_api_is_published_anew(function: StreamingFunction) -> None:
    """There and back: each is answered in the form of the deployment that it came through."""
    whole = RestApi(ApiSettings(variables={STREAM_VARIABLE: "0"}))
    doors = (whole, StreamingRestApi(RestApi(SAYS_SO)), whole, StreamingRestApi(RestApi(SAYS_SO)))
    with function.behind(whole) as opened, ThreadPoolExecutor(2 * len(doors)) as pool:
        waiting = []
        for published in doors:
            opened.front.door = published
            waiting += [pool.submit(opened.ask, "GET", f"/demo-slow/_search?delay={delay}") for delay in (0.05, 0.4)]
            waiting[-2].result()
        assert [reply.result().status for reply in waiting] == [200] * 2 * len(doors)
        assert [reply.result().json()["delay"] for reply in waiting] == [0.05, 0.4] * len(doors)


def test_streaming_may_be_switched_off_in_the_function_first(gateway: RunningGateway, tmp_path: Path) -> None:
    """Its new code is live before the integration is switched back: the stage says what is true."""
    with streaming_function(gateway.url, tmp_path, STREAMING="false") as function:
        with function.behind("rest-streaming", time_scale=TIME_SCALE) as door:
            assert len(door.ask("GET", "/_demo/giant?size=9000000").body) == 9_000_000
        with function.behind("rest") as door:
            assert len(door.ask("GET", "/_demo/giant?kind=text&size=90000").body) == 90_000


def test_an_integration_that_streams_and_a_stage_that_does_not_say_so_is_a_500(function: StreamingFunction) -> None:
    """Provisioning makes no such pair; `doctor --door` names it."""
    with function.behind(StreamingRestApi(RestApi())) as door:
        assert door.ask("GET", "/--access-es/health").status == 500


def test_tasks_and_pings_are_answered_as_before(function: StreamingFunction, door: OpenDoor) -> None:
    ping = b'{"detail-type": "Scheduled Event", "resources": ["arn:aws:events:us-east-1:1:rule/x-handler.keep_warm_callback"]}'
    assert function.loop.run(function.function.invoke(ping)).payload == b"null"
    assert b"refused" in function.loop.run(function.function.invoke(b"{}")).payload


def test_a_runtime_that_posts_in_another_way_still_gives_whole_answers(gateway: RunningGateway, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(OTHER_METHOD)
    with (
        streaming_function(gateway.url, tmp_path, function={"handler": "other.lambda_handler"}) as function,
        function.behind("rest-streaming", time_scale=TIME_SCALE) as door,
    ):
        reply = door.ask("GET", "/_demo/giant?kind=random&size=4000000")
        assert (reply.status, len(reply.body)) == (200, 4_000_000)
        assert door.ask("HEAD", "/_demo/echo").status == 200
        large = door.ask("GET", "/_demo/giant?kind=random&size=7000000")
        assert (large.status, large.json()["error"]["code"]) == (502, "answer_too_large")
        assert function.function.log().count("answers are sent whole") == 1


def test_a_runtime_of_other_names_is_an_error_that_the_log_explains(gateway: RunningGateway, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(OTHER_NAMES)
    with (
        streaming_function(gateway.url, tmp_path, function={"handler": "other.lambda_handler"}) as function,
        function.behind("rest-streaming", time_scale=TIME_SCALE) as door,
    ):
        assert door.ask("GET", "/--access-es/health").status == 500
        assert function.function.log().count("not one that can stream") == 1
        with function.behind("rest") as buffering:  # the way out that the log names
            assert buffering.ask("GET", "/--access-es/health").status == 200


def test_a_streamed_answer_through_an_integration_that_does_not_stream_has_no_body(function: StreamingFunction) -> None:
    """AWS's documents say so: the reason why the stage's variable is set by the call that publishes the integration."""
    with function.behind(RestApi(SAYS_SO)) as door:
        reply = door.ask("GET", "/--access-es/health")
        assert (reply.status, reply.body) == (200, b"")
