"""A world in which everything about a task goes wrong at some time, chosen by a seed."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from access_es.errors import DomainDisconnected
from access_es.messages import Headers, ProxyResponse, SignAs
from access_es.tasks.failures import TasksUnusable
from access_es.tasks.runner import Runner
from access_es.tasks.store import Store
from access_es.upload import Upload


class Killed(BaseException):
    """The process of a task is gone: nothing that it would do afterwards happens."""


@dataclass
class Domain:
    """Counts what it executes. `fault` is what happens to the one connection to it."""

    fault: str
    executed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(
        self,
        method: str,
        raw_target: bytes,
        headers: Headers,
        upload: Upload,
        *,
        answer_by: float | None = None,
        waits: Iterator[float] | None = None,
        sign_as: SignAs | None = None,
    ) -> ProxyResponse:
        if self.fault == "reset before":
            raise DomainDisconnected
        with self.lock:
            self.executed += 1
        if self.fault == "reset after":
            raise DomainDisconnected
        if self.fault == "exception":
            raise RuntimeError("unforeseen")
        return ProxyResponse.held(200, (), b'{"updated":1}')


DOMAIN_FAULTS = ("", "", "", "reset before", "reset after", "killed before", "killed after", "exception")


class Faulty:
    """A store whose calls fail before or after they are done; of a killed process none is done any more."""

    def __init__(self, store: Store, source: random.Random, rate: float, dies_at: int | None = None) -> None:
        self._store = store
        self._source = source
        self._rate = rate
        self._calls_left = dies_at
        self.is_dead = False

    def pause(self, seconds: float) -> None:
        """Time passes by the test's own clock."""

    def __getattr__(self, name: str) -> Any:
        done = getattr(self._store, name)

        def call(*args: Any) -> Any:
            self._count_down()
            chance = self._source.random()
            if chance < self._rate / 2:
                raise TasksUnusable(detail="throttled")
            answer = done(*args)
            if chance < self._rate:
                raise TasksUnusable(detail="the answer got lost")
            return answer

        return call

    def _count_down(self) -> None:
        if self._calls_left is not None:
            self.is_dead = self.is_dead or self._calls_left <= 0
            self._calls_left -= 1
        if self.is_dead:
            raise Killed


@dataclass
class Deliveries:
    """Lambda's queue: an event comes not at all, once, or more often, at once or one after the other."""

    store: Store
    blobs: Any
    domain: Domain
    source: random.Random
    fault: str

    def start(self, id: str) -> None:
        if self.fault == "refused":
            raise ConnectionError("throttled")
        times = {"dropped": 0, "twice": 2, "at once": 3}.get(self.fault, 1)
        runs = [threading.Thread(target=self.deliver, args=(id,)) for _ in range(times)]
        for run in runs:
            run.start()
            if self.fault != "at once":
                run.join()
        for run in runs:
            run.join()
        if self.fault == "answer lost":
            raise ConnectionError("timed out")

    def deliver(self, id: str) -> None:
        dies_at = self.source.choice((None, None, 0, 1, 2, 3))
        store = Faulty(self.store, self.source, self.source.choice((0, 0, 0.5)), dies_at)
        try:
            Runner(
                lambda *args, **kwargs: self._send(store, *args, **kwargs),
                store,
                self.blobs,
                beat_seconds=1000,
                sleep=lambda _: None,
            ).run(id)
        except Killed:
            return

    def _send(self, store: Faulty, *args: Any, **kwargs: Any) -> ProxyResponse:
        """Around the sending, too, the process may die."""
        store.is_dead = self.domain.fault == "killed before"
        if store.is_dead:
            raise Killed
        answer = self.domain.send(*args, **kwargs)
        store.is_dead = self.domain.fault == "killed after"
        return answer


DELIVERY_FAULTS = ("", "", "twice", "at once", "dropped", "refused", "answer lost")
