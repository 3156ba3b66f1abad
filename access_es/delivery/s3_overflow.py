"""Too-large answers in S3: uploaded in parts while they arrive, linked by a presigned URL.

S3 wants parts of 5 MiB or more, but for the last, 10,000 at most (docs.aws.amazon.com/AmazonS3, qfacts). Two are under
way while the next one fills, so that neither the domain nor S3 waits for the other, and memory stays at three parts.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from access_es.delivery.overflow import Writer
from access_es.errors import OverflowFailed

PART_BYTES = 8 * 1024 * 1024
UNDER_WAY = 2
log = logging.getLogger("access_es.delivery")


class S3Overflow:
    """One bucket. `make_client` gives a boto3 S3 client, regional and signing with SigV4, when it is first needed."""

    def __init__(self, make_client: Callable[[], Any], bucket: str, url_seconds: int) -> None:
        self._make_client = make_client
        self._bucket = bucket
        self._url_seconds = url_seconds
        self._lock = threading.Lock()
        self._client: Any = None

    def open(self, content_type: str | None, content_encoding: str | None) -> Writer:
        with self._lock:
            if self._client is None:
                self._client = self._make_client()
        described = {"CacheControl": "no-store", "ContentType": content_type or "application/octet-stream"}
        if content_encoding:
            described["ContentEncoding"] = content_encoding
        # Nobody can guess the name; the day in front is for people who look into the bucket.
        key = f"overflow/{datetime.now(UTC):%Y-%m-%d}/{secrets.token_urlsafe(24)}"
        return _S3Writer(self._client, {"Bucket": self._bucket, "Key": key}, described, self._url_seconds)


class _S3Writer:
    def __init__(self, client: Any, place: dict[str, str], described: dict[str, str], url_seconds: int) -> None:
        self._client = client
        self._place = place
        self._described = described
        self._url_seconds = url_seconds
        self._filling = bytearray()
        self._upload_id: str | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._room = threading.Semaphore(UNDER_WAY)
        self._parts: list[Future[dict[str, Any]]] = []

    def write(self, data: bytes) -> None:
        self._filling += data
        if len(self._filling) >= PART_BYTES:
            self._send_part()

    def finish(self) -> str:
        try:
            if self._upload_id is None:
                self._call("put_object", Body=bytes(self._filling), **self._described)
            else:
                if self._filling:
                    self._send_part()
                parts = [part.result() for part in self._parts]
                self._call("complete_multipart_upload", UploadId=self._upload_id, MultipartUpload={"Parts": parts})
        except BaseException:
            self.abort()
            raise
        self._let_go()
        link: str = self._client.generate_presigned_url("get_object", Params=self._place, ExpiresIn=self._url_seconds)
        return link

    def abort(self) -> None:
        self._let_go()
        upload_id, self._upload_id = self._upload_id, None
        if upload_id is None:
            return
        try:
            self._call("abort_multipart_upload", UploadId=upload_id)
        except OverflowFailed as error:
            log.warning("An unfinished upload stays until the bucket's lifecycle removes it: %s", error.detail)

    def _send_part(self) -> None:
        if self._threads is None:
            self._upload_id = self._call("create_multipart_upload", **self._described)["UploadId"]
            self._threads = ThreadPoolExecutor(UNDER_WAY, "spill")
        self._raise_if_failed()
        data, self._filling = bytes(self._filling), bytearray()
        self._room.acquire()
        self._parts.append(self._threads.submit(self._upload_part, len(self._parts) + 1, data))

    def _upload_part(self, number: int, data: bytes) -> dict[str, Any]:
        try:
            done = self._call("upload_part", UploadId=self._upload_id, PartNumber=number, Body=data)
            return {"PartNumber": number, "ETag": done["ETag"]}
        finally:
            self._room.release()

    def _raise_if_failed(self) -> None:
        for part in self._parts:
            if part.done() and part.exception():
                part.result()

    def _let_go(self) -> None:
        """No thread of ours may outlive the answer: a frozen sandbox would wake up in the middle of it."""
        if self._threads:
            self._threads.shutdown(wait=True, cancel_futures=True)
            self._threads = None

    def _call(self, action: str, **options: Any) -> Any:
        try:
            return getattr(self._client, action)(**self._place, **options)
        except Exception as fault:  # botocore makes its exceptions at run time; none of them is an answer for a user
            raise OverflowFailed(detail=f"S3 {action}: {type(fault).__name__}: {fault}") from fault
