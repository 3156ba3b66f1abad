"""The overflow store over an S3 API."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from access_es.delivery.s3_overflow import PART_BYTES, S3Overflow
from access_es.errors import OverflowFailed

BUCKET = "overflow-test"


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )  # fmt: skip
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()
    server.stop()


def store(client: Any, bucket: str = BUCKET) -> S3Overflow:
    return S3Overflow(lambda: client, bucket, 60)


def objects(client: Any) -> int:
    return int(client.list_objects_v2(Bucket=BUCKET)["KeyCount"])


@pytest.mark.parametrize("size", [0, 10, PART_BYTES - 1, PART_BYTES, PART_BYTES * 3 + 5])
def test_the_link_gives_the_same_bytes_with_type_and_coding(s3: Any, size: int) -> None:
    data = os.urandom(size)
    writer = store(s3).open((("content-type", "application/json"), ("Content-Encoding", "gzip")))
    for start in range(0, size, 1_000_000):
        writer.write(data[start : start + 1_000_000])
    with urllib.request.urlopen(writer.finish()) as answer:
        assert answer.read() == data
        assert (answer.headers["Content-Type"], answer.headers["Content-Encoding"]) == ("application/json", "gzip")
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_download_keeps_its_name_and_no_header_of_another_kind_leaves(s3: Any) -> None:
    named = "attachment; filename=\"sales.csv\"; filename*=UTF-8''sales.csv"
    headers = (("Content-Disposition", named), ("Content-Language", "en"), ("X-A", "b"), ("Cache-Control", "public"))
    writer = store(s3).open(headers)
    writer.write(b"a,b")
    with urllib.request.urlopen(writer.finish()) as answer:
        assert (answer.headers["Content-Disposition"], answer.headers["Content-Language"]) == (named, "en")
        assert (answer.headers["X-A"], answer.headers["Cache-Control"]) == (None, "no-store")
        assert answer.headers["Content-Type"] == "application/octet-stream"


def test_a_name_that_cannot_be_signed_is_left_out(s3: Any) -> None:
    writer = store(s3).open((("Content-Disposition", 'attachment; filename="caf\xc3\xa9.csv"'),))
    writer.write(b"a,b")
    with urllib.request.urlopen(writer.finish()) as answer:
        assert (answer.read(), answer.headers["Content-Disposition"]) == (b"a,b", None)


def test_an_aborted_answer_leaves_no_object_and_no_parts(s3: Any) -> None:
    before = objects(s3)
    writer = store(s3).open(())
    writer.write(os.urandom(PART_BYTES * 2))
    writer.abort()
    writer.abort()
    assert objects(s3) == before
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def test_no_client_is_made_before_an_answer_needs_it(s3: Any) -> None:
    made: list[Any] = []

    def make() -> Any:
        made.append(s3)
        return s3

    overflow = S3Overflow(make, BUCKET, 60)
    assert made == []
    overflow.open(())
    overflow.open(())
    assert len(made) == 1


@pytest.mark.parametrize("size", [10, PART_BYTES * 3])
def test_a_store_that_refuses_is_our_error(s3: Any, size: int) -> None:
    writer = store(s3, "no-such-bucket").open(())
    with pytest.raises(OverflowFailed):
        for _ in range(4):
            writer.write(os.urandom(size))
        writer.finish()
    writer.abort()
