"""Complete answers for front doors that cannot stream: read to their end, and made to fit."""

from __future__ import annotations

import time

from access_es.audit import Entry
from access_es.delivery.fit import fit
from access_es.delivery.lambda_answer import DoorSizeLimit, header_bytes
from access_es.delivery.overflow import Overflow
from access_es.errors import AnswerHeadTooLarge
from access_es.front_doors import FrontDoor
from access_es.messages import Held, ProxyRequest, ProxyResponse

_SMALL_BYTES = 256 * 1024
_LARGE_RESERVE_SECONDS = 0.75  # to serialize an answer of megabytes, and for its way to the door
_ADDED_BYTES = 512  # what a door adds of its own: Date, request and trace ids


def buffer_answer(
    answer: ProxyResponse, request: ProxyRequest, entry: Entry, door: FrontDoor, overflow: Overflow | None
) -> ProxyResponse:
    """The domain's complete answer. Raises AnswerTooLarge, AnswerHeadTooLarge, or why its body ended too early."""
    limit = door.answer_header_bytes
    if limit is not None and header_bytes(answer.headers) > limit - _ADDED_BYTES:
        answer.body.close()
        raise AnswerHeadTooLarge(limit)
    fitted = fit(answer, request, DoorSizeLimit(door), overflow, lambda: _seconds_left(answer, request))
    entry.delivery = entry.delivery or fitted.how
    entry.spilled_bytes = fitted.stored_bytes
    return fitted.response


def _seconds_left(answer: ProxyResponse, request: ProxyRequest) -> float:
    """The time left to read the body: unlimited if it is in memory, else less what a large answer takes to be sent."""
    if request.answer_by is None or isinstance(answer.body, Held):
        return float("inf")
    length = answer.length_bytes
    reserve = 0 if length is not None and length <= _SMALL_BYTES else _LARGE_RESERVE_SECONDS
    return request.answer_by - time.monotonic() - reserve
