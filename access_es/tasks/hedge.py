"""Hedging: a search without an answer after a while is sent a second time, as a task.

The first attempt is dropped as soon as a runner has the task, so that the domain does the work of one of them: what
is done twice is at most the time before that. An answer that comes earlier is taken, and the task withdrawn.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator

from access_es.errors import AccessEsError
from access_es.tasks.service import TaskState
from access_es.tasks.tickets import Ticket

_LATEST_START = 0.85  # of the time there is: to start a task takes a second, when the function is cold
_CHECK_SECONDS = 0.2  # how often to see whether a runner has the task
log = logging.getLogger("access_es.tasks")


class HandedOver(Exception):
    """The task has begun, or the client must be redirected now. The connection to the domain is closed."""


class Hedge:
    """`start` makes the task after `after` seconds. At `until`, on time.monotonic(), the client must be redirected.

    Where no task can be started, or the task fails, it waits until `answer_by`.
    """

    def __init__(
        self,
        start: Callable[[], Ticket],
        state: Callable[[Ticket], TaskState],
        after: float,
        until: float,
        answer_by: float,
    ) -> None:
        self._start = start
        self._state = state
        self._begun = time.monotonic()
        self._start_at = self._begun + min(after, (until - self._begun) * _LATEST_START)
        self.until = until
        self._answer_by = answer_by
        self.ticket: Ticket | None = None

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._begun

    def waits(self) -> Generator[float, None, None]:
        """How long to wait for the domain before we are asked again; see `Domain.send`. Raises HandedOver."""
        while (left := self._start_at - time.monotonic()) > 0:
            yield left
        try:
            self.ticket = self._start()
        except AccessEsError as error:
            self._continue_without_task(f"{error.code}: {error.detail}")
        while (left := self.until - time.monotonic()) > 0:
            yield min(_CHECK_SECONDS, left) if self.ticket else left
            if self.ticket and time.monotonic() < self.until and self._has_begun(self.ticket):
                break
        raise HandedOver

    def _has_begun(self, ticket: Ticket) -> bool:
        try:
            state = self._state(ticket)
        except AccessEsError:
            return False  # it can be looked at later, too
        if state == "failed":
            self._continue_without_task("its task has failed")
        return state in ("running", "answered")

    def _continue_without_task(self, why: str) -> None:
        log.warning("A search continues without a task: %s", why)
        self.ticket = None
        self.until = self._answer_by
