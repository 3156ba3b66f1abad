"""The task service: starts tasks, waits for them, and detects those that stopped."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Literal, Protocol

from access_es.errors import AccessEsError
from access_es.messages import Headers, ProxyRequest
from access_es.tasks.failures import NotStarted, TasksUnusable
from access_es.tasks.heartbeat import DEAD_SECONDS
from access_es.tasks.store import LIFETIME_SECONDS, Progress, Result, Store, TaskRequest
from access_es.tasks.stored_body import BlobStore, StoredBody, is_plain, store_body
from access_es.tasks.tickets import Ticket, Tickets
from access_es.upload import CHUNK_BYTES, Upload

START_SECONDS = 60.0  # an event waits in Lambda's queue when the account's concurrency is used up; no longer than this
# Each check costs a read. So they become rarer at first, and then see the end at most 200 ms late.
_FIRST_PAUSE_SECONDS, _LAST_PAUSE_SECONDS, _GROWTH = 0.02, 0.2, 1.3
_RESULT_PAUSE_SECONDS = 1.0
TaskStatus = Literal["running", "done", "lost", "withdrawn", "unknown"]
TaskState = Literal["open", "running", "answered", "failed"]
log = logging.getLogger("access_es.tasks")


class Starter(Protocol):
    """Starts a task elsewhere: in another invocation or thread."""

    def start(self, id: str) -> None:
        """Raises any exception if it is not certain that the task started."""
        ...


class TaskService:
    """`clean` removes the headers that must not be stored, such as the user's token."""

    def __init__(
        self,
        store: Store,
        blobs: BlobStore,
        starter: Starter,
        tickets: Tickets,
        clean: Callable[[Headers], list[tuple[str, str]]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.blobs = blobs
        self.tickets = tickets
        self._starter = starter
        self._clean = clean
        self._clock = clock

    def start(self, user: str, request: ProxyRequest, upload: Upload, *, is_search: bool) -> Ticket:
        """Start a new task. Raises NotStarted or TasksUnusable if it is certain that it never starts."""
        ticket = self.tickets.issue(user, self._clock())
        headers = tuple(self._clean(request.headers))
        body = self._store_body(upload, ticket.id, headers)
        asked = TaskRequest(request.method, request.target, headers, body, is_search, request.grant, request.sign_as)
        self.store.create(ticket.id, asked, ticket.begun + LIFETIME_SECONDS)
        try:
            self._starter.start(ticket.id)
        except Exception as fault:  # botocore's, Zappa's, or a thread that cannot be had
            log.warning("A task could not be started: %s: %s", type(fault).__name__, fault)
            # Its answer may be lost, not the call: then the task is claimed, or can be withdrawn, never both.
            if self._is_withdrawn(ticket):
                raise NotStarted from fault
        return ticket

    def _is_withdrawn(self, ticket: Ticket) -> bool:
        """Whether the task is certainly withdrawn. If not, the holder of the ticket learns the outcome later."""
        try:
            return self.store.withdraw(ticket.id)
        except AccessEsError as error:
            log.warning("A task could not be withdrawn: %s: %s", error.code, error.detail)
            return False

    def open(self, text: str, user: str) -> Ticket | None:
        return self.tickets.open(text, user, self._clock())

    def elapsed(self, ticket: Ticket) -> float:
        return max(0.0, self._clock() - ticket.begun)

    def wait_for_end(self, ticket: Ticket, until: float) -> TaskStatus:
        """The status of the task when it has ended, or at the latest at `until` on time.monotonic().

        Raises TasksUnusable where no time is left and the store does not answer; one that is throttled may do so soon.
        """
        pause = _FIRST_PAUSE_SECONDS
        status = self._read_status(ticket, until > time.monotonic())
        while status == "running" and (left := until - time.monotonic()) > 0:
            self.store.pause(min(pause, left))
            pause = min(pause * _GROWTH, _LAST_PAUSE_SECONDS)
            # No check at the last moment: a slow store would make us miss the deadline of the front door.
            if time.monotonic() < until:
                status = self._read_status(ticket, may_wait=True)
        return status

    def state(self, ticket: Ticket) -> TaskState:
        """How far the task is: "open" before a runner has it. Raises TasksUnusable, ResultLost."""
        progress = self.store.read_progress(ticket.id)
        status = self._status(ticket, progress)
        if status == "running":
            return "running" if progress is not None and progress.state == "claimed" else "open"
        return "answered" if status == "done" and self.store.result(ticket.id).failure is None else "failed"

    def abandon(self, ticket: Ticket) -> None:
        """Record that nobody waits for it any more. If that fails, the task runs to its end."""
        try:
            self.store.abandon(ticket.id)
        except AccessEsError as error:
            log.warning("A task could not be cancelled: %s: %s", error.code, error.detail)

    def result(self, ticket: Ticket) -> Result:
        try:
            return self.store.result(ticket.id)
        except TasksUnusable:  # a moment later it may be there again; a client that read an error would not come back
            self.store.pause(_RESULT_PAUSE_SECONDS)
            return self.store.result(ticket.id)

    def _read_status(self, ticket: Ticket, may_wait: bool) -> TaskStatus:
        try:
            progress = self.store.read_progress(ticket.id)
        except TasksUnusable:
            if may_wait:
                return "running"
            raise
        return self._status(ticket, progress)

    def _status(self, ticket: Ticket, progress: Progress | None) -> TaskStatus:
        if progress is None:
            return "unknown"
        match progress.state:
            case "done" | "withdrawn":
                return progress.state
            case "claimed":
                return "lost" if self._clock() - progress.beat > DEAD_SECONDS else "running"
        if self._clock() - progress.beat > START_SECONDS and self.store.withdraw(ticket.id):
            return "withdrawn"
        return "running"

    def _store_body(self, upload: Upload, id: str, headers: Headers) -> StoredBody:
        return store_body(_pieces(upload), f"{id}/request", self.blobs, compress=is_plain(headers))


def _pieces(upload: Upload) -> Iterator[bytes]:
    content = upload.content()
    if isinstance(content, bytes):
        yield content
    elif content is not None:
        while piece := content.read(CHUNK_BYTES):
            yield piece
