"""The polling address `/--access-es/responses/<ticket>`, which answers as soon as the task has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from access_es.errors import MethodNotAllowed, NotFound
from access_es.messages import Body, Held, ProxyRequest, ProxyResponse
from access_es.tasks.failures import NotStarted, SearchLost, TaskFailed, TaskLost
from access_es.tasks.replies import RESPONSES, OwnReply, RenderPage, address_of, redirect_to, show_waiting
from access_es.tasks.service import TaskService
from access_es.tasks.store import TaskRequest
from access_es.tasks.stored_body import StoredBody, load_body
from access_es.tasks.tickets import Ticket

PAGE_PAUSE_SECONDS = 1  # between two visits of the page, so that the browser shows it as loaded
PAGE_HOLD_SECONDS = 4.0  # the elapsed time on the page is so old at most
LARGE_SECONDS = 10.0  # what a large result may take from the blob store to the client or to another store
_FRESH_SECONDS = 2.0
_SMALL_BYTES = 1024 * 1024
UNLIMITED_HOLD_SECONDS = 300.0  # where no door hangs up: proxies in between may


def is_poll(request: ProxyRequest) -> bool:
    return request.target.startswith(RESPONSES)


def poll(
    service: TaskService | None,
    request: ProxyRequest,
    user: str,
    render_page: RenderPage,
    check: Callable[[TaskRequest], None] | None = None,
) -> ProxyResponse | OwnReply:
    """The result of the task, or a redirect back here. Raises NotFound unless it is this user's ticket.

    `check` raises an AccessEsError where the user may not have the result any more.
    """
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed
    text = request.path.removeprefix(RESPONSES).decode("latin-1")
    ticket = service.open(text, user) if service else None
    if service is None or ticket is None:
        raise NotFound
    if check is not None:
        check(service.store.request(ticket.id))
    found = outcome(service, ticket, request, _hold(request))
    if found is not None:
        return found
    if request.is_navigation:
        return show_waiting(render_page(_facts(service.elapsed(ticket), request)), request)
    return redirect_to(address_of(text, request), request)


def _facts(seconds: float, request: ProxyRequest) -> dict[str, Any]:
    """As the page shows them."""
    minutes, rest = divmod(int(seconds), 60)
    elapsed = f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
    return {"elapsed": elapsed, "seconds": int(seconds), "base_path": request.mount, "pause": PAGE_PAUSE_SECONDS}


def outcome(service: TaskService, ticket: Ticket, request: ProxyRequest, until: float) -> ProxyResponse | None:
    """The outcome of a task; None if there is none yet, or no time is left to send it: then the client polls again.

    Raises the failure that is its result.
    """
    began = time.monotonic()
    match service.wait_for_end(ticket, until):
        case "running":
            return None
        case "unknown":
            raise NotFound("This task no longer exists. Results are kept for an hour.")
        case "withdrawn":
            raise NotStarted
        case "lost":
            raise SearchLost if service.store.request(ticket.id).is_search else TaskLost
    result = service.result(ticket)
    failure = result.failure
    if failure is not None:
        raise TaskFailed(failure.status, failure.code, failure.layer, failure.message)
    if _is_small(result.body) or request.answer_by is None or _has_time(began, request.answer_by):
        body = _read_body(service, f"{ticket.id}/result", result.body, request)
        return ProxyResponse(result.status, result.headers, body, result.reason, result.body.length_bytes)
    return None


def _is_small(stored: StoredBody) -> bool:
    return stored.inline is not None and stored.length_bytes <= _SMALL_BYTES


def _has_time(began: float, answer_by: float) -> bool:
    """Whether enough time is left. A poll that has just begun has as much as any other."""
    now = time.monotonic()
    return now - began < _FRESH_SECONDS or answer_by - now > LARGE_SECONDS


def _read_body(service: TaskService, name: str, stored: StoredBody, request: ProxyRequest) -> Body:
    if request.method == "HEAD":
        return Held()
    return (
        Held(b"".join(load_body(stored, name, service.blobs)))
        if _is_small(stored)
        else _LoadedBody(service, name, stored)
    )


class _LoadedBody:
    """The body of a result, read when it is sent; its start at once, while an error can still be sent."""

    def __init__(self, service: TaskService, name: str, stored: StoredBody) -> None:
        self._pieces = load_body(stored, name, service.blobs)
        self._first = next(self._pieces, b"")

    def __iter__(self) -> Iterator[bytes]:
        yield self._first
        yield from self._pieces

    def close(self) -> None:
        self._pieces.close()


def _hold(request: ProxyRequest) -> float:
    by = request.due if request.due is not None else time.monotonic() + UNLIMITED_HOLD_SECONDS
    return min(by, time.monotonic() + PAGE_HOLD_SECONDS) if request.is_navigation else by
