"""The heartbeat of a running task: a thread that updates the store, and learns from it that nobody waits any more."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from access_es.errors import AccessEsError
from access_es.tasks.failures import TaskTooLong
from access_es.tasks.store import Store

BEAT_SECONDS = 1.0  # also how soon it learns that nobody waits, so that the engine can stop searching
DEAD_SECONDS = 20.0  # a task without a heartbeat for so long counts as lost
_CHECK_SECONDS = 0.25  # how soon a silent call to the domain is cancelled
log = logging.getLogger("access_es.tasks")


class Abandoned(BaseException):
    """Nobody waits for this task any more. Not an Exception: no handler may take it for a failure of the domain."""


class Heartbeat:
    """Sends heartbeats while its block runs. Call `check` often: it raises when the task must end."""

    def __init__(self, store: Store, id: str, runner: str, end_by: float | None, beat_seconds: float) -> None:
        self._store = store
        self._id = id
        self._runner = runner
        self._began = time.monotonic()
        self._end_by = end_by
        self._beat_seconds = beat_seconds
        self._stopped = threading.Event()
        self._is_abandoned = False
        self._thread = threading.Thread(target=self._beat, name="task-heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()  # a thread of a Lambda sandbox would wake up in the middle of another request

    def check(self) -> None:
        """Raises Abandoned, or TaskTooLong."""
        if self._is_abandoned:
            raise Abandoned
        if self._end_by is not None and time.monotonic() >= self._end_by:
            raise TaskTooLong(self._end_by - self._began)

    def waits(self) -> Iterator[float]:
        """How long to wait for the domain before we are asked again; see `Domain.send`."""
        while True:
            self.check()
            yield _CHECK_SECONDS

    def _beat(self) -> None:
        while not self._stopped.wait(self._beat_seconds):
            try:
                if not self._store.record_heartbeat(self._id, self._runner):
                    self._is_abandoned = True
                    return
            except AccessEsError as error:
                log.warning("The heartbeat of a task could not be stored: %s: %s", error.code, error.detail)
