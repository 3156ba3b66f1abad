"""Tasks as threads of this process: so many at once, and no fewer later."""

from __future__ import annotations

import queue
import threading

import pytest

from access_es.tasks.store import LIFETIME_SECONDS
from access_es.tasks.threads import ThreadStarter, TooManyTasks


def test_it_takes_as_many_as_its_capacity() -> None:
    over, begun = threading.Event(), threading.Semaphore(0)

    def run(id: str, seconds: float) -> None:
        begun.release()
        over.wait(10)

    starter = ThreadStarter(run, max_threads=2)
    for _ in range(2):
        starter.start("t1")
        assert begun.acquire(timeout=10)
    with pytest.raises(TooManyTasks):
        starter.start("t3")
    over.set()


def test_a_thread_that_cannot_start_takes_no_capacity(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    starter = ThreadStarter(lambda id, seconds: done.set(), max_threads=1)

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as short_of_memory:
        short_of_memory.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            starter.start("t1")
    starter.start("t2")
    assert done.wait(10)


def test_a_domain_that_never_answers_holds_no_thread_for_ever() -> None:
    """And its client reads why, while the ticket still counts."""
    told: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()
    ThreadStarter(lambda *given: told.put(given)).start("t1")
    id, seconds = told.get(timeout=10)
    assert id == "t1" and LIFETIME_SECONDS - 120 < seconds < LIFETIME_SECONDS
