"""The overflow bucket lets pages read from it, by the very rule that provisioning sets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from access_es.provision.bucket import DesiredBucket, plan_bucket
from tests.cloud.front_door import OVERFLOW_BUCKET, LambdaFrontDoor


@contextmanager
def readable_by_pages_of(door: LambdaFrontDoor) -> Iterator[None]:
    wanted = DesiredBucket(OVERFLOW_BUCKET, "us-east-1", "aws", "123456789012", (door.url,))
    step = next(step for step in plan_bucket(wanted, None).steps if step.operation == "put_bucket_cors")
    storage = door.client("s3")
    storage.put_bucket_cors(**step.parameters)
    try:
        yield
    finally:
        storage.delete_bucket_cors(Bucket=OVERFLOW_BUCKET)
