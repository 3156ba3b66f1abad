"""Too-large answers in S3: uploaded in parts while they arrive, linked by a presigned URL.

S3 wants parts of 5 MiB or more, but for the last, 10,000 at most (docs.aws.amazon.com/AmazonS3, qfacts). Two are under
way while the next one fills, so that neither the domain nor S3 waits for the other.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Any

from access_es.delivery.overflow import Writer, no_deadline
from access_es.errors import OverflowFailed, OverflowTimeout
from access_es.messages import Headers

PART_BYTES = 8 * 1024 * 1024  # what is no larger takes one call, instead of four
CONCURRENT_PARTS = 2
_ABORT_SECONDS, _LATE_ABORT_SECONDS = 5.0, 0.25  # for tidying up: with time left, and when the door is about to go
# Header: its name among the options of PutObject and CreateMultipartUpload (S3 API reference).
_OBJECT_OPTIONS = {
    "content-type": "ContentType",
    "content-encoding": "ContentEncoding",
    "content-language": "ContentLanguage",
    "content-disposition": "ContentDisposition",
}
log = logging.getLogger("access_es.delivery")


class S3Overflow:
    """One bucket. `make_client` gives botocore's S3 client, regional and with SigV4, when it is first needed."""

    def __init__(self, make_client: Callable[[], Any], bucket: str, url_seconds: int) -> None:
        self._make_client = make_client
        self._bucket = bucket
        self._url_seconds = url_seconds
        self._lock = threading.Lock()
        self._client: Any = None
        self._buffer = _SpareBuffer()

    def open(self, headers: Headers, seconds_left: Callable[[], float] = no_deadline) -> Writer:
        with self._lock:
            if self._client is None:
                self._client = self._make_client()
        # Nobody can guess the name; the day in front is for people who look into the bucket.
        key = f"overflow/{datetime.now(UTC):%Y-%m-%d}/{secrets.token_urlsafe(24)}"
        place = {"Bucket": self._bucket, "Key": key}
        return _S3Writer(self._client, self._buffer, place, _object_headers(headers), self._url_seconds, seconds_left)


def _object_headers(headers: Headers) -> dict[str, str]:
    """The headers that S3 sends with the object."""
    # ASCII: of all else botocore signs the UTF-8, and sends the latin-1.
    given = {name.lower(): value for name, value in headers if value and value.isascii()}
    kept = {option: given[name] for name, option in _OBJECT_OPTIONS.items() if name in given}
    return {"CacheControl": "no-store", "ContentType": "application/octet-stream", **kept}


class _SpareBuffer:
    """One buffer, kept for the next answer: fresh memory takes the system as long as filling it takes us."""

    def __init__(self) -> None:
        self._buffers: list[bytearray] = []

    def take(self) -> bytearray:
        try:
            return self._buffers.pop()
        except IndexError:
            return bytearray(PART_BYTES)

    def keep(self, buffer: bytearray) -> None:
        if not self._buffers:
            self._buffers.append(buffer)


class _S3Writer:
    """Writes one object. Threads call S3, so that we can stop waiting at the deadline of the front door."""

    def __init__(
        self,
        client: Any,
        buffer: _SpareBuffer,
        place: dict[str, str],
        described: dict[str, str],
        url_seconds: int,
        seconds_left: Callable[[], float],
    ) -> None:
        self._client = client
        self._place = place
        self._object_headers = described
        self._url_seconds = url_seconds
        self._seconds_left = seconds_left
        self._buffer = buffer
        # Freed and taken anew for each part, these would leave the heap full of holes after a gigabyte.
        self._spare: list[bytearray] = []
        self._filling = buffer.take()
        self._filled = 0
        self._upload_id: str | None = None
        self._is_aborted = False
        self._threads = ThreadPoolExecutor(CONCURRENT_PARTS, "spill")
        self._part_slots = threading.Semaphore(CONCURRENT_PARTS)
        self._parts: list[Future[dict[str, Any]]] = []

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            taken = rest[: PART_BYTES - self._filled]
            self._filling[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            rest = rest[len(taken) :]
            if self._filled == PART_BYTES:
                self._send_part(self._filling)
                self._filling, self._filled = self._spare.pop() if self._spare else bytearray(PART_BYTES), 0

    def finish(self) -> str:
        rest = bytes(memoryview(self._filling)[: self._filled])
        self._buffer.keep(self._filling)
        if self._upload_id is None:
            self._await(self._threads.submit(self._call, "put_object", Body=rest, **self._object_headers))
        else:
            if rest:
                self._send_part(rest)
            parts = {"Parts": [self._await(part) for part in self._parts]}
            completing = {"UploadId": self._upload_id, "MultipartUpload": parts}
            self._await(self._threads.submit(self._call, "complete_multipart_upload", **completing))
        self._threads.shutdown()
        link: str = self._client.generate_presigned_url("get_object", Params=self._place, ExpiresIn=self._url_seconds)
        return link

    def abort(self) -> None:
        """Wait for running calls, as long as there is time, and abort the upload."""
        self._is_aborted = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        wait(self._parts, self._abort_timeout())
        aborting = threading.Thread(target=self._abort_upload, name="spill-abort", daemon=True)
        aborting.start()
        aborting.join(self._abort_timeout())

    def _abort_timeout(self) -> float:
        """The timeout of each of the two steps of an abort."""
        return max(_LATE_ABORT_SECONDS, min(self._seconds_left() / 2, _ABORT_SECONDS))

    def _send_part(self, data: bytearray | bytes) -> None:
        if self._upload_id is None:
            creating = self._threads.submit(self._call, "create_multipart_upload", **self._object_headers)
            self._upload_id = self._await(creating)["UploadId"]
        self._raise_if_failed()
        if not self._part_slots.acquire(timeout=_bounded(self._seconds_left())):
            raise OverflowTimeout(detail="S3 takes the parts more slowly than the answer arrives")
        self._parts.append(self._threads.submit(self._upload_part, len(self._parts) + 1, data))

    def _upload_part(self, number: int, data: bytearray | bytes) -> dict[str, Any]:
        try:
            done = self._call("upload_part", UploadId=self._upload_id, PartNumber=number, Body=data)
            return {"PartNumber": number, "ETag": done["ETag"]}
        finally:
            if isinstance(data, bytearray):
                self._spare.append(data)
            self._part_slots.release()
            if self._is_aborted:
                # "part uploads in progress might or might not succeed. As a result, it might be necessary to abort a
                # given multipart upload multiple times" (S3 API reference, AbortMultipartUpload).
                self._abort_upload()

    def _raise_if_failed(self) -> None:
        for part in self._parts:
            if part.done() and part.exception():
                part.result()

    def _abort_upload(self) -> None:
        if self._upload_id is None:
            return
        try:
            self._call("abort_multipart_upload", UploadId=self._upload_id)
        except OverflowFailed as error:
            if "NoSuchUpload" not in error.detail:
                log.warning("An unfinished upload stays until the bucket's lifecycle removes it: %s", error.detail)

    def _await(self, done: Future[dict[str, Any]]) -> dict[str, Any]:
        try:
            return done.result(_bounded(self._seconds_left()))
        except TimeoutError:
            raise OverflowTimeout(detail="S3 did not answer in time") from None

    def _call(self, action: str, **options: Any) -> Any:
        try:
            return getattr(self._client, action)(**self._place, **options)
        except Exception as fault:  # botocore makes its exceptions at run time; none of them is an answer for a user
            raise OverflowFailed(detail=f"S3 {action}: {type(fault).__name__}: {fault}") from fault


def _bounded(seconds: float) -> float | None:
    """As the waiting functions of Python want it: none for ever, and nothing below zero."""
    return None if seconds == float("inf") else max(0.0, seconds)
