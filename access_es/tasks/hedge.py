"""Hedging: a search without an answer after a while is sent a second time, as a task. The faster answer wins."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator

from access_es.errors import AccessEsError
from access_es.tasks.service import TaskState
from access_es.tasks.tickets import Ticket

_LATEST_START = 0.85  # of the time there is: to start a task takes a second, when the function is cold
_CHECK_SECONDS = 1.0  # how often to see whether the task was faster
log = logging.getLogger("access_es.tasks")


class HandedOver(Exception):
    """The task answered first, or the client must be redirected now. The connection to the domain is closed."""


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
            if self.ticket and time.monotonic() < self.until and self._is_answered(self.ticket):
                break
        raise HandedOver

    def _is_answered(self, ticket: Ticket) -> bool:
        try:
            state = self._state(ticket)
        except AccessEsError:
            return False  # it can be looked at later, too
        if state == "failed":
            self._continue_without_task("its task has failed")
        return state == "answered"

    def _continue_without_task(self, why: str) -> None:
        log.warning("A search continues without a task: %s", why)
        self.ticket = None
        self.until = self._answer_by
