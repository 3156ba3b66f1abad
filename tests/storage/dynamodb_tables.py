"""Tables of accounts in moto, and calls to them that are counted."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from access_es.aws import AwsService, make_client
from access_es.users.dynamodb_schema import table_definition
from tests.moto_server import REGION, moto_environment


@dataclass
class Counted:
    """A call to DynamoDB that remembers which operations it was asked for."""

    service: AwsService
    operations: list[str] = field(default_factory=list)

    def __call__(self, operation: str, **parameters: Any) -> dict[str, Any]:
        self.operations.append(operation)
        return self.service.call(operation, **parameters)

    def taken(self) -> list[str]:
        """The operations since the last time."""
        taken, self.operations = self.operations, []
        return taken


@pytest.fixture(scope="session")
def moto_dynamodb(moto_url: str) -> AwsService:
    service = AwsService(lambda: make_client("dynamodb", REGION))
    with pytest.MonkeyPatch.context() as patch:
        set_environment(patch, moto_url)
        service.call("list_tables")  # makes the client, which keeps its address and keys
    return service


@pytest.fixture
def dynamodb(moto_dynamodb: AwsService, moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Calls to moto, to which the environment leads too."""
    set_environment(monkeypatch, moto_url)
    return Counted(moto_dynamodb)


@pytest.fixture
def accounts_table(dynamodb: Counted) -> Iterator[str]:
    """The name of an empty table."""
    name = make_table(dynamodb)
    yield name
    dynamodb("update_table", TableName=name, DeletionProtectionEnabled=False)
    dynamodb("delete_table", TableName=name)


def set_environment(patch: pytest.MonkeyPatch, url: str) -> None:
    for name, value in moto_environment(url).items():
        patch.setenv(name, value)


def make_table(call: Counted) -> str:
    name = f"accounts-{secrets.token_hex(4)}"
    for operation, parameters in table_definition(name).items():
        call(operation, **parameters)
    call.taken()
    return name
