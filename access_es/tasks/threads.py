"""Runs tasks as threads of this process, on a server of your own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from access_es.tasks.store import LIFETIME_SECONDS

MAX_THREADS = 256
# A dropped connection may never report an error. The task must end, with an error, before its ticket expires.
LONGEST_SECONDS = LIFETIME_SECONDS - 60.0


class TooManyTasks(Exception):
    """This process carries out as many tasks as it can."""


class ThreadStarter:
    """`run` carries out a task within so many seconds."""

    def __init__(self, run: Callable[[str, float], None], max_threads: int = MAX_THREADS) -> None:
        self._run = run
        self._slots = threading.BoundedSemaphore(max_threads)

    def start(self, id: str) -> None:
        if not self._slots.acquire(blocking=False):
            raise TooManyTasks("too many tasks at once")
        # A daemon: a server that stops does not wait for them, and their pollers learn that they died.
        thread = threading.Thread(target=self._run_and_release, args=(id,), name="task", daemon=True)
        try:
            thread.start()
        except BaseException:
            self._slots.release()
            raise

    def _run_and_release(self, id: str) -> None:
        try:
            self._run(id, LONGEST_SECONDS)
        finally:
            self._slots.release()
