"""One HTTP event of a door that streams: streamed as far as this runtime can be made to."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from access_es.delivery.lambda_answer import build_answer
from access_es.delivery.prelude import build_prelude
from access_es.errors import AccessEsError
from access_es.front_doors import LAMBDA_ANSWER_BYTES, FrontDoor
from access_es.ingress.lambda_event import placeholder_request, read_event
from access_es.messages import ProxyRequest, ProxyResponse
from access_es.proxy import Proxy
from access_es.streaming.answer import StreamedAnswer, WholeAnswer
from access_es.streaming.runtime_override import Ability, override_runtime


@cache
def prepare_runtime(address: str) -> Ability:
    """Once per process, at its start where the settings want streaming. `address` is the Runtime API's."""
    return override_runtime(address)


def answer_streaming(
    proxy: Proxy, door: FrontDoor, event: Any, context: Any, address: str
) -> StreamedAnswer | WholeAnswer | dict[str, Any]:
    """What the handler returns. The door takes the first two; the last it answers with 500, which the log explains."""
    ability = prepare_runtime(address)
    if ability == "stream":
        request, response = _respond(proxy, door, event, context)
        return StreamedAnswer(build_prelude(door, response, request.method), response.body, request.answer_by)
    whole = replace(door, answer_bytes=LAMBDA_ANSWER_BYTES, idle_seconds=None)
    request, response = _respond(proxy, whole, event, context, door)
    body = b"".join(response.body)
    if ability == "whole":
        return WholeAnswer(build_prelude(door, response, request.method) + body)
    return build_answer(whole, response.status, response.headers, body, method=request.method, reason=response.reason)


def _respond(
    proxy: Proxy, door: FrontDoor, event: Any, context: Any, waiting: FrontDoor | None = None
) -> tuple[ProxyRequest, ProxyResponse]:
    """`waiting` is the door that waits for the answer, where `door` is what it may be."""
    try:
        request = read_event(event, context, waiting or door)
    except AccessEsError as error:
        request = placeholder_request()
        return request, proxy.refuse(error, request)
    if door.idle_seconds is not None:
        return request, proxy.stream(request, door)
    request = replace(request, answer_by=request.due, begin_by=None)
    return request, proxy.reply(request, door)
