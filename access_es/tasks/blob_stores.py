"""Blob stores in the cloud for larger bodies: a bucket, or without one the table of tasks itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from access_es.errors import AccessEsError, AwsFailure
from access_es.tasks.dynamodb_schema import MAX_PIECES, PIECE_BYTES, piece_key
from access_es.tasks.dynamodb_store import Call, DynamoTable
from access_es.tasks.failures import ResultLost, TasksUnusable
from access_es.tasks.stored_body import even_pieces

# Below the prefix of all that the bucket's lifecycle removes. Its names cannot be guessed: they hold a task's id.
PREFIX = "overflow/tasks/"
_PART_BYTES = 8 * 1024 * 1024  # S3 wants 5 MiB or more, but for the last
_READ_BYTES = 256 * 1024


class TableBlobStore:
    """Stores bodies of up to 18 MB, as items."""

    def __init__(self, table: DynamoTable, lifetime_seconds: float, clock: Callable[[], float] = time.time) -> None:
        self._table = table
        self._lifetime_seconds = lifetime_seconds
        self._clock = clock

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        expires = {"N": str(int(self._clock() + self._lifetime_seconds))}
        for number, piece in enumerate(even_pieces(pieces, PIECE_BYTES)):
            if number >= MAX_PIECES:
                raise TasksUnusable("It is too large to be stored without a bucket: OVERFLOW_BUCKET is not set.")
            self._table.put({**piece_key(name, number), "data": {"B": piece}, "expires": expires})

    def get(self, name: str) -> Iterator[bytes]:
        for number in range(MAX_PIECES):
            found = self._table.get(piece_key(name, number))
            if found is None:
                return
            yield found["data"]["B"]


class S3BlobStore:
    """Stores bodies of any size, as objects."""

    def __init__(self, bucket: str, call: Call) -> None:
        self._bucket = bucket
        self._call = call

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        place = {"Bucket": self._bucket, "Key": PREFIX + name}
        parts = even_pieces(pieces, _PART_BYTES)
        first = next(parts, b"")
        if len(first) < _PART_BYTES:
            self._ask("put_object", **place, Body=first)
            return
        upload = {**place, "UploadId": self._ask("create_multipart_upload", **place)["UploadId"]}
        try:
            done = [self._put_part(upload, 1, first)]
            done += [self._put_part(upload, number, part) for number, part in enumerate(parts, 2)]
            self._ask("complete_multipart_upload", **upload, MultipartUpload={"Parts": done})
        except BaseException:
            with suppress(AccessEsError):  # the bucket's lifecycle removes what stays
                self._ask("abort_multipart_upload", **upload)
            raise

    def get(self, name: str) -> Iterator[bytes]:
        body = self._ask("get_object", Bucket=self._bucket, Key=PREFIX + name)["Body"]
        try:
            while piece := body.read(_READ_BYTES):
                yield piece
        except GeneratorExit:
            raise
        except Exception as fault:  # botocore's and urllib3's: all mean that the rest does not come
            raise ResultLost(detail=f"S3: {type(fault).__name__}: {fault}") from fault
        finally:
            body.close()

    def _put_part(self, upload: dict[str, Any], number: int, part: bytes) -> dict[str, Any]:
        answer = self._ask("upload_part", **upload, PartNumber=number, Body=part)
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            return self._call(operation, **parameters)
        except AwsFailure as failure:
            raise TasksUnusable(detail=f"S3 {operation}: {failure.reason}: {failure.aws_message}") from failure
