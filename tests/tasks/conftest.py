"""Every store and blobs, real: a file, and moto's DynamoDB and S3."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from access_es.aws import AwsService, make_client, make_s3_client
from access_es.errors import AwsFailure
from access_es.tasks.blob_stores import S3BlobStore, TableBlobStore
from access_es.tasks.dynamodb_schema import table_definition
from access_es.tasks.dynamodb_store import Call, DynamoStore, DynamoTable
from access_es.tasks.sqlite_store import SqliteBlobStore, SqliteStore, TaskFile
from access_es.tasks.store import LIFETIME_SECONDS, Store
from access_es.tasks.stored_body import BlobStore
from tests.browser.fixture import browser
from tests.moto_server import REGION, moto_environment

__all__ = ["browser"]


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class StoreFixture:
    """One store with its blobs. `fail` makes the calls to AWS fail, where there are any."""

    store: Store
    blobs: BlobStore
    clock: Clock
    name: str
    fail: Callable[[Callable[[str], None]], None] | None = None
    calls: list[str] = field(default_factory=list)


@pytest.fixture
def aws(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in moto_environment(moto_url).items():
        monkeypatch.setenv(name, value)
    yield


@pytest.fixture(params=["file", "table", "table and bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> StoreFixture:
    clock = Clock()
    if request.param == "file":
        file = TaskFile(tmp_path / "state" / "tasks.db")
        blobs = SqliteBlobStore(file, LIFETIME_SECONDS, clock)
        return StoreFixture(SqliteStore(file, clock), blobs, clock, request.param)
    request.getfixturevalue("aws")
    return cloud_place(clock, request.param)


def cloud_place(clock: Clock, name: str = "table") -> StoreFixture:
    """A new table, and perhaps a bucket."""
    database = make_client("dynamodb", REGION)
    table_name = f"tasks-{secrets.token_hex(4)}"
    for operation, parameters in table_definition(table_name).items():
        getattr(database, operation)(**parameters)
    failing: list[Callable[[str], None]] = []
    calls: list[str] = []
    table = DynamoTable(table_name, watched(AwsService(lambda: database).call, failing, calls))
    blobs: BlobStore = TableBlobStore(table, LIFETIME_SECONDS, clock)
    if name != "table":
        storage = make_s3_client(REGION)
        storage.create_bucket(Bucket=table_name)
        blobs = S3BlobStore(table_name, AwsService(lambda: storage).call)
    return StoreFixture(DynamoStore(table, clock), blobs, clock, name, failing.append, calls)


def watched(call: Call, failing: list[Callable[[str], None]], calls: list[str]) -> Call:
    def ask(operation: str, **parameters: Any) -> dict[str, Any]:
        calls.append(operation)
        for fail in failing:
            fail(operation)
        return call(operation, **parameters)

    return ask


def throttled(operation: str) -> AwsFailure:
    return AwsFailure(operation, "ProvisionedThroughputExceededException", "too fast")
