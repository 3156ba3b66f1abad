"""Runs a task: claims it before anything is sent, at most once ever, and stores the answer or error as its result."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from access_es.client_presence import ClientPresence
from access_es.errors import AccessEsError
from access_es.messages import Headers, ProxyResponse, SignAs
from access_es.tasks.failures import NotStarted, ResultNotStored, TaskCrashed, TasksUnusable
from access_es.tasks.heartbeat import BEAT_SECONDS, Abandoned, Heartbeat
from access_es.tasks.store import Failure, Result, Store, TaskRequest
from access_es.tasks.stored_body import BlobStore, StoredBody, is_plain, load_body, store_body
from access_es.upload import Upload, take_upload

_NO_BODY = StoredBody(0, False, b"")
_STORE_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)  # a throttled table has the result a little later
log = logging.getLogger("access_es.tasks")


class Send(Protocol):
    """Sends one request to the domain, signed as `sign_as` says; see `Domain.send`."""

    def __call__(
        self,
        method: str,
        raw_target: bytes,
        headers: Headers,
        upload: Upload,
        *,
        answer_by: float | None = None,
        waits: Iterator[float] | None = None,
        sign_as: SignAs | None = None,
        client: ClientPresence | None = None,
        uploader: ClientPresence | None = None,
    ) -> ProxyResponse: ...


class Runner:
    """Runs tasks, in their own Lambda invocation or a thread. Logs nothing of their requests and answers."""

    def __init__(
        self,
        send: Send,
        store: Store,
        blobs: BlobStore,
        *,
        beat_seconds: float = BEAT_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._send = send
        self._store = store
        self._blobs = blobs
        self._beat_seconds = beat_seconds
        self._sleep = sleep

    def run(self, id: str, seconds: float | None = None) -> None:
        """Run a task, unless another runner did or nobody waits. Never raises an Exception.

        `seconds` is how long this process may go on. An event that is delivered twice finds the task claimed.
        """
        end_by = None if seconds is None else time.monotonic() + seconds
        runner = secrets.token_hex(8)
        try:
            if not self._store.claim(id, runner):
                log.info("Ignored a task that was delivered twice or withdrawn.")
                return
        except AccessEsError as error:
            # Nothing is sent without a claim that is known to hold: whoever waits will say what is known.
            log.warning("A task could not be claimed: %s: %s", error.code, error.detail)
            return
        with Heartbeat(self._store, id, runner, end_by, self._beat_seconds) as heartbeat:
            try:
                self._store_result(id, runner, self._work(id, heartbeat))
            except Abandoned:
                log.info("A task was cancelled: nobody waits for it any more.")

    def _work(self, id: str, heartbeat: Heartbeat) -> Result:
        try:
            request, body = self._fetch(id)
            with body as upload:
                heartbeat.check()
                answer = self._send(
                    request.method, request.target, request.headers, upload,
                    waits=heartbeat.waits(), sign_as=request.sign_as,
                )  # fmt: skip
            return self._store_body(id, answer, heartbeat)
        except AccessEsError as error:
            log.warning("A task failed: %s: %s", error.code, error.detail)
            return _failed(error)
        except Abandoned:
            raise
        except BaseException as fault:  # an exit as well: nothing may stay in progress for ever
            log.error("A task failed: %s", type(fault).__name__)  # its text may hold what was asked
            return _failed(TaskCrashed())

    def _fetch(self, id: str) -> tuple[TaskRequest, Upload]:
        """The request and its body. Raises NotStarted: nothing was sent to the domain, nor will be."""
        try:
            request = self._store.request(id)
            return request, take_upload(_PieceReader(load_body(request.body, f"{id}/request", self._blobs)))
        except AccessEsError as error:
            raise NotStarted(detail=error.detail) from error

    def _store_body(self, id: str, answer: ProxyResponse, heartbeat: Heartbeat) -> Result:
        try:
            body = _InterruptibleBody(answer.body, heartbeat)
            stored = store_body(body, f"{id}/result", self._blobs, compress=is_plain(answer.headers))
        except TasksUnusable as error:
            raise ResultNotStored(answer.status, detail=error.detail or error.message) from error
        finally:
            answer.body.close()
        return Result(answer.status, answer.reason, answer.headers, stored)

    def _store_result(self, id: str, runner: str, result: Result) -> None:
        for pause in _STORE_RETRY_SECONDS:
            if self._finish(id, runner, result):
                return
            self._sleep(pause)
        if not self._finish(id, runner, result) and result.failure is None:
            # With its headers it may be more than an item takes. That there was an answer is small, and known.
            self._finish(id, runner, _failed(ResultNotStored(result.status)))

    def _finish(self, id: str, runner: str, result: Result) -> bool:
        try:
            self._store.finish(id, runner, result)
        except AccessEsError as error:
            log.warning("The result of a task could not be stored: %s: %s", error.code, error.detail)
            return False
        return True


class _InterruptibleBody:
    """A body that stops between two pieces when the task must end."""

    def __init__(self, pieces: Iterable[bytes], heartbeat: Heartbeat) -> None:
        self._pieces = pieces
        self._heartbeat = heartbeat

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._heartbeat.check()
            yield piece


class _PieceReader:
    """Reads pieces as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            return self._left + b"".join(self._pieces)
        if not self._left:
            self._left = next(self._pieces, b"")
        data, self._left = self._left[:size], self._left[size:]
        return data


def _failed(error: AccessEsError) -> Result:
    failure = Failure(error.status, error.code, error.layer, error.message)
    return Result(error.status, None, (), _NO_BODY, failure)
