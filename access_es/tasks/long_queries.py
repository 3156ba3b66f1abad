"""Sends requests to the domain for clients behind a front door with a time limit: directly, hedged, or as a task.

A fast request pays for a few comparisons. What a search waits for is the socket, with a timeout; only when that passes
is a task started beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator

from access_es.errors import DomainTimeout
from access_es.messages import ProxyRequest, ProxyResponse
from access_es.tasks.durations import BODY_BYTES, Durations, shape_of
from access_es.tasks.failures import NotStarted, OutOfTime, TaskFailed, TaskLost, TasksUnusable
from access_es.tasks.hedge import HandedOver, Hedge
from access_es.tasks.poll import outcome
from access_es.tasks.replies import OwnReply, accept, address_of, redirect_to
from access_es.tasks.rules import Rules, TaskAtOnce, TaskWhenSlow
from access_es.tasks.runner import Send
from access_es.tasks.searches import reads_only
from access_es.tasks.service import TaskService
from access_es.tasks.tickets import Ticket
from access_es.upload import Upload

Note = Callable[[str], object]
PAGE_SECONDS = 4.0  # a person looks at a blank tab no longer than this
_LATE_SECONDS = 0.05  # a timeout so close to the deadline is the front door's, not the domain's
_SLOW_SHARE = 0.9
_REPEAT_SECONDS = 3.0  # with less time left, one more attempt has little hope


class LongQueries:
    """`service` is None without a store for tasks: then requests end at the front door's time limit."""

    def __init__(self, send: Send, service: TaskService | None, rules: Rules, after_seconds: float) -> None:
        self._send = send
        self._service = service
        self._rules = rules
        self._after_seconds = after_seconds
        self._durations = Durations()

    def ask(
        self, request: ProxyRequest, user: str, upload: Upload, note: Note = lambda reason: None
    ) -> ProxyResponse | OwnReply:
        """The domain's answer, or a redirect to it. Raises an AccessEsError.

        `note` gets the reason when a task began: `at_once`, `slow` (as it was before), or `hedge`.
        """
        if self._service is None:
            return self._send_directly(request, upload)
        match self._rules.choose(request):
            case TaskAtOnce() as strategy:
                return self._as_task(self._service, request, user, upload, strategy, note)
            case TaskWhenSlow(early) if request.answer_by is not None:
                return self._read(self._service, request, user, upload, request.answer_by, early, note)
        return self._send_directly(request, upload)

    def _send_directly(self, request: ProxyRequest, upload: Upload) -> ProxyResponse:
        waits = None if request.begin_by is None else _waits_until(request.begin_by)
        is_read = request.client is not None and reads_only(request.method, request.target)
        try:
            answer = self._send(
                request.method, request.target, request.headers, upload,
                answer_by=request.answer_by, waits=waits, sign_as=request.sign_as,
                client=request.client if is_read else None, uploader=None if is_read else request.client,
            )  # fmt: skip
        except DomainTimeout as error:
            by = request.due
            if by is None or time.monotonic() < by - _LATE_SECONDS or _is_specific(error):
                raise
            raise OutOfTime(can_wait=self._service is not None, detail=error.detail) from error
        if waits is not None:
            waits.close()
        return answer

    def _as_task(
        self, service: TaskService, request: ProxyRequest, user: str, upload: Upload, strategy: TaskAtOnce, note: Note
    ) -> ProxyResponse | OwnReply:
        ticket = service.start(user, request, upload, is_search=strategy.is_search)
        note("at_once")
        if strategy.wait_seconds is None:
            return self._wait(service, request, ticket, _until(request))
        until = min(time.monotonic() + strategy.wait_seconds, _until(request))
        return _try_outcome(service, ticket, request, until) or accept(_address(service, ticket, request), request)

    def _wait(
        self, service: TaskService, request: ProxyRequest, ticket: Ticket, until: float
    ) -> ProxyResponse | OwnReply:
        """Its result, or at `until` a redirect to the address that waits for it."""
        found = _try_outcome(service, ticket, request, until) if time.monotonic() < until else None
        return found or redirect_to(_address(service, ticket, request), request)

    def _read(
        self, service: TaskService, request: ProxyRequest, user: str, upload: Upload, answer_by: float, early: bool,
        note: Note,
    ) -> ProxyResponse | OwnReply:  # fmt: skip
        """Something that may be sent twice. `early`: a search, which often turns out to be slow."""
        began = time.monotonic()
        until = _until(request)
        expected = self._durations.expect(_shape(request, upload)) if self._durations else None
        if expected is not None and expected > (until - began) * _SLOW_SHARE:
            ticket = service.start(user, request, upload, is_search=True)
            note("slow")
            found = self._wait(service, request, ticket, until)
            self._note(request, upload, max(time.monotonic() - began, expected if isinstance(found, OwnReply) else 0))
            return found

        def start() -> Ticket:
            ticket = service.start(user, request, upload, is_search=True)
            note("hedge")
            return ticket

        hedge = Hedge(
            start,
            service.state,
            self._task_after(request, expected) if early else float("inf"),
            until,
            answer_by if request.due is None else request.due,
        )
        found = self._hedged(service, hedge, request, upload, answer_by)
        if hedge.seconds >= self._after_seconds or expected is not None:
            self._note(request, upload, hedge.seconds)
        return found

    def _task_after(self, request: ProxyRequest, expected: float | None) -> float:
        """When a search without an answer starts as a task, in seconds."""
        if request.begin_by is not None and not request.is_navigation:
            return float("inf")  # the door waits for minutes: only shortly before it gives up
        # One that is known to answer in time is not asked twice before it takes twice as long.
        return max(self._after_seconds, 2 * (expected or 0))

    def _hedged(
        self, service: TaskService, hedge: Hedge, request: ProxyRequest, upload: Upload, answer_by: float
    ) -> ProxyResponse | OwnReply:
        waits = hedge.waits()
        try:
            answer = self._send(
                request.method, request.target, request.headers, upload,
                answer_by=answer_by, waits=waits, sign_as=request.sign_as,
            )  # fmt: skip
        except (HandedOver, DomainTimeout) as end:
            if hedge.ticket is None:
                raise (end if _is_specific(end) else OutOfTime(can_wait=True)) from end
            return self._wait_or_repeat(service, request, upload, hedge.ticket, hedge.until)
        except BaseException:
            if hedge.ticket:
                service.abandon(hedge.ticket)
            raise
        waits.close()  # the answer is here; its body is waited for as always
        if hedge.ticket:
            service.abandon(hedge.ticket)
        return answer

    def _wait_or_repeat(
        self, service: TaskService, request: ProxyRequest, upload: Upload, ticket: Ticket, until: float
    ) -> ProxyResponse | OwnReply:
        """The task's result; or, where the task fails while there is time left, that of one more attempt here: the
        sandbox of the task may be one that does not reach the domain."""
        try:
            return self._wait(service, request, ticket, until)
        except (TaskFailed, TaskLost, NotStarted):
            if time.monotonic() >= until - _REPEAT_SECONDS:
                raise
            return self._send_directly(request, upload)

    def _note(self, request: ProxyRequest, upload: Upload, seconds: float) -> None:
        shape = _shape(request, upload)
        if seconds >= self._after_seconds:
            self._durations.note(shape, seconds)
        else:
            self._durations.forget(shape)


def _try_outcome(service: TaskService, ticket: Ticket, request: ProxyRequest, until: float) -> ProxyResponse | None:
    """The outcome of a task, or None. A store that does not answer is asked again at the polling address, where that is
    safe to repeat: a client that got an error here would send the whole request again."""
    try:
        return outcome(service, ticket, request, until)
    except TasksUnusable:
        return None


def _is_specific(end: Exception) -> bool:
    """Whether its message says more than ours, such as that nothing was sent."""
    return isinstance(end, DomainTimeout) and end.message != DomainTimeout.message


def _waits_until(begin_by: float) -> Generator[float, None, None]:
    """For `send`: waits for the answer's beginning until then; its body may take longer."""
    while (left := begin_by - time.monotonic()) > 0:
        yield left
    raise DomainTimeout


def _until(request: ProxyRequest) -> float:
    """When the client must have an answer, on time.monotonic()."""
    by = float("inf") if request.due is None else request.due
    return min(by, time.monotonic() + PAGE_SECONDS) if request.is_navigation else by


def _address(service: TaskService, ticket: Ticket, request: ProxyRequest) -> str:
    return address_of(service.tickets.seal(ticket), request)


def _shape(request: ProxyRequest, upload: Upload) -> bytes:
    content = upload.content()
    body = content if isinstance(content, bytes) else content.read(BODY_BYTES) if content else b""
    return shape_of(request.method, request.target, body)
