"""Answers for a door that streams: planned while their status can still change, then passed on as they arrive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from access_es.audit import Entry
from access_es.delivery.compression import WORTHWHILE_SHARE, coded_headers, compressed_share, is_compressible
from access_es.delivery.compression import start_compressor as start
from access_es.delivery.overflow import Overflow
from access_es.delivery.pieces import accepted_coding, before_deadline, buffered, compressed_pieces, resumed
from access_es.delivery.prelude import build_prelude
from access_es.delivery.redirects import follows_redirects, may_come_from_elsewhere, may_redirect
from access_es.delivery.spilling import Fitted, spill
from access_es.delivery.stream_plan import (
    LIMITS,
    Collect,
    Compress,
    Known,
    Pass,
    Refuse,
    StreamLimits,
    StreamPlan,
    plan_stream,
)
from access_es.errors import AnswerHeadTooLarge, AnswerTooLarge
from access_es.front_doors import PRELUDE_BYTES, FrontDoor
from access_es.messages import Body, Held, ProxyRequest, ProxyResponse, has_no_body

# What takes longer than this to fill the door's free megabytes comes slower than the door's own rate anyway.
_COLLECT_SECONDS = 3.0
_START_BYTES = 16 * 1024
_REDIRECT_SECONDS = 1.0  # for a redirect, or the error in its place, to reach the client


def stream_answer(
    answer: ProxyResponse, request: ProxyRequest, entry: Entry, door: FrontDoor, overflow: Overflow | None,
    limits: StreamLimits = LIMITS,
) -> ProxyResponse:  # fmt: skip
    """The answer as it leaves. Raises AnswerTooLarge, AnswerHeadTooLarge, OverflowFailed, or why its body broke off."""
    head_bytes = door.answer_header_bytes or PRELUDE_BYTES
    try:
        fitted = _fit(answer, request, limits, overflow)
        if len(build_prelude(door, fitted.response, request.method)) > head_bytes:
            raise AnswerHeadTooLarge(head_bytes)
    except BaseException:
        answer.body.close()
        raise
    entry.delivery = entry.delivery or fitted.how
    entry.spilled_bytes = fitted.stored_bytes
    return fitted.response


def _fit(answer: ProxyResponse, request: ProxyRequest, limits: StreamLimits, overflow: Overflow | None) -> Fitted:
    if isinstance(answer.body, Held):  # so are most
        return Fitted(answer, "held")
    pieces = iter(answer.body)
    is_large = answer.length_bytes is not None and answer.length_bytes > limits.free_bytes
    first = _read_start(pieces, _START_BYTES if is_large else 1)
    coding, known = _judge(answer, request, first, limits, overflow)
    plan = plan_stream(known, limits)
    if isinstance(plan, Refuse):
        raise AnswerTooLarge(limits.answer_bytes)
    flow = resumed(first, pieces)
    if coding is None or isinstance(plan, Pass):
        return _leave(answer, request, flow, plan, limits, overflow, "streamed")
    coded = replace(answer, headers=coded_headers(answer.headers, coding), length_bytes=None)
    return _leave(
        coded, request, compressed_pieces(start(coding), flow), plan, limits, overflow, f"compressed {coding}"
    )


def _read_start(pieces: Iterator[bytes], enough_bytes: int) -> list[bytes]:
    """What the domain has sent first, and of a large body enough to see whether it can be compressed."""
    start, size = [], 0
    for piece in pieces:
        start.append(piece)
        size += len(piece)
        if size >= enough_bytes:
            break
    return start


def _judge(
    answer: ProxyResponse, request: ProxyRequest, first: list[bytes], limits: StreamLimits, overflow: Overflow | None
) -> tuple[str | None, Known]:
    """The coding that may be used, and what the plan depends on."""
    may_store = overflow is not None and may_come_from_elsewhere(request)
    coding, share = None, None
    if (answer.length_bytes is None or answer.length_bytes > limits.free_bytes) and is_compressible(answer.headers):
        coding = accepted_coding(request)
        share = compressed_share(first) if coding else 1.0
        coding, share = (coding, share) if share < WORTHWHILE_SHARE else (None, None)
    known = Known(
        has_body=not has_no_body(request.method, answer.status),
        length_bytes=answer.length_bytes,
        coded_share=share,
        may_redirect=may_store and may_redirect(answer) and follows_redirects(request),
        may_store=may_store,
    )
    return coding, known


def _leave(
    answer: ProxyResponse,
    request: ProxyRequest,
    flow: Iterator[bytes],
    plan: StreamPlan,
    limits: StreamLimits,
    overflow: Overflow | None,
    how: str,
) -> Fitted:
    """By its plan: at once, after a look at its first megabytes, or through the store."""
    if isinstance(plan, Collect):
        collected, is_whole, is_larger = _collect(flow, limits.free_bytes)
        if is_whole:
            answer.body.close()
            return Fitted(buffered(answer, collected), "held" if how == "streamed" else how)
        flow = resumed(collected, flow)
        plan = plan if is_larger else Pass()
    if isinstance(plan, Pass | Compress):
        most = limits.answer_bytes - PRELUDE_BYTES
        body = PipedBody(_at_most(most, flow, limits.answer_bytes), answer.body)
        return Fitted(replace(answer, body=body), how)
    left = _seconds_left(request)
    fitted = spill(answer, request, before_deadline(flow, left), overflow, limits.answer_bytes, left)
    answer.body.close()
    return fitted


def _collect(flow: Iterator[bytes], max_bytes: int) -> tuple[list[bytes], bool, bool]:
    """The first pieces; whether that was all, and whether it is more than `max_bytes`. It may just take too long."""
    until = time.monotonic() + _COLLECT_SECONDS
    collected, size = [], 0
    for piece in flow:
        collected.append(piece)
        size += len(piece)
        if size > max_bytes or time.monotonic() > until:
            return collected, False, size > max_bytes
    return collected, True, False


def _at_most(max_bytes: int, flow: Iterator[bytes], limit_bytes: int) -> Iterator[bytes]:
    """Breaks off beyond what the door takes, so that no client thinks that this was all."""
    for piece in flow:
        max_bytes -= len(piece)
        if max_bytes < 0:
            raise AnswerTooLarge(limit_bytes)
        yield piece


def _seconds_left(request: ProxyRequest) -> Callable[[], float]:
    due = request.due
    return lambda: float("inf") if due is None else due - time.monotonic() - _REDIRECT_SECONDS


class PipedBody:
    """What becomes of a body on its way. Closing it closes that."""

    __slots__ = ("_flow", "_source")

    def __init__(self, flow: Iterator[bytes], source: Body) -> None:
        self._flow = flow
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        return self._flow

    def close(self) -> None:
        self._source.close()
