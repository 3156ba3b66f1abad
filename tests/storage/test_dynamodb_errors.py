"""Why DynamoDB did not serve us, told to the operator."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from access_es.aws import AwsService, AwsSession, make_client
from access_es.errors import AwsFailure
from access_es.storage.errors import StoreUnusable
from access_es.users.dynamodb_stores import open_dynamodb_stores
from access_es.users.stores import Stores
from access_es.users.user import User
from tests.moto_server import REGION
from tests.scripted_server import Scripted, say, scripted_server
from tests.storage.dynamodb_tables import Counted
from tests.users.store_contract import token

DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/proxy/fn is not authorized to perform: dynamodb:DeleteItem on "
    "resource: arn:aws:dynamodb:us-east-1:123456789012:table/accounts because no identity-based policy allows the "
    "dynamodb:DeleteItem action"
)


def test_a_missing_table_is_named_with_what_makes_it(dynamodb: Counted) -> None:
    with pytest.raises(StoreUnusable) as caught:
        open_dynamodb_stores("no-such-table", dynamodb).users.find("ann")
    assert caught.value.detail == (
        "The accounts table 'no-such-table' cannot be used: it does not exist in this region; "
        "run: python -m access_es provision, or fix USERS or ES_REGION"
    )
    assert (caught.value.status, caught.value.code) == (503, "accounts_unavailable")
    assert "no-such-table" not in caught.value.message


def test_a_missing_table_is_reported_for_transactions_and_lists_too(dynamodb: Counted) -> None:
    stores = open_dynamodb_stores("no-such-table", dynamodb)
    for act in (stores.users.all, lambda: stores.tokens.add(token()), lambda: stores.failures.read("a")):
        with pytest.raises(StoreUnusable, match="cannot be read") as caught:
            act()
        assert "it does not exist in this region" in caught.value.detail


def test_a_denied_action_is_named_with_the_table(dynamodb: Counted) -> None:
    with refusing("AccessDeniedException", DENIED) as (stores, _server), pytest.raises(StoreUnusable) as caught:
        stores.users.remove("ann")
    assert "'accounts' cannot be used: AWS does not allow dynamodb:DeleteItem on it" in caught.value.detail
    assert "123456789012" not in caught.value.message


def test_a_denied_action_that_aws_does_not_name_is_the_one_that_was_asked_for(dynamodb: Counted) -> None:
    with refusing("AccessDeniedException", "") as (stores, _server), pytest.raises(StoreUnusable) as caught:
        stores.users.find("ann")
    assert "AWS does not allow dynamodb:GetItem on it" in caught.value.detail


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_throttling_is_waited_out_for_a_short_time(dynamodb: Counted, code: str) -> None:
    with refusing(code, "Rate exceeded") as (stores, server), pytest.raises(StoreUnusable) as caught:
        stores.users.find("ann")
    assert len(server.requests) == 3
    assert (caught.value.status, caught.value.code) == (503, "accounts_busy")
    assert caught.value.extra_headers == (("Retry-After", "2"),)
    assert "'accounts' is busy" in caught.value.detail


def test_an_address_where_nothing_listens_is_reported(dynamodb: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreUnusable) as caught:
        stores_from_the_environment().users.find("ann")
    assert "EndpointConnectionError" in caught.value.detail


def test_missing_credentials_are_reported(dynamodb: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(StoreUnusable) as caught:
        stores_from_the_environment().users.find("ann")
    assert "there are no AWS credentials for it" in caught.value.detail


def test_an_unknown_region_is_reported(dynamodb: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    call = AwsService(lambda: make_client("dynamodb", "")).call
    with pytest.raises(StoreUnusable) as caught:
        open_dynamodb_stores("accounts", call).users.find("ann")
    assert "set ES_REGION" in caught.value.detail


def test_a_profile_that_does_not_exist_is_reported(dynamodb: Counted) -> None:
    call = AwsService(lambda: make_client("dynamodb", REGION, AwsSession("no-such-profile"))).call
    with pytest.raises(StoreUnusable) as caught:
        open_dynamodb_stores("accounts", call).users.find("ann")
    assert "no-such-profile" in caught.value.detail


def test_a_client_that_cannot_be_prepared_is_reported_by_the_first_call(dynamodb: Counted) -> None:
    service = AwsService(lambda: make_client("dynamodb", "no region"))
    service.prepare()
    with pytest.raises(StoreUnusable) as caught:
        open_dynamodb_stores("accounts", service.call).users.find("ann")
    assert "InvalidRegionError" in caught.value.detail


def test_items_are_never_logged(
    dynamodb: Counted, accounts_table: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where Zappa's default level, DEBUG, has stayed."""
    monkeypatch.setattr(logging.getLogger("botocore"), "level", logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    stores = stores_from_the_environment(accounts_table)
    stores.users.add(User("ann", "scrypt$secret", 1))
    assert stores.users.find("ann")
    assert stores.users.add(User("ann", "scrypt$secret", 1)) is False
    assert "secret" not in caplog.text


def test_a_call_that_is_wrong_is_reported_without_its_values(dynamodb: Counted) -> None:
    with pytest.raises(AwsFailure) as caught:
        dynamodb("put_item", TableName="accounts", Item={"pk": "secret"})
    assert "secret" not in caught.value.detail
    assert caught.value.__suppress_context__


def stores_from_the_environment(table: str = "accounts") -> Stores:
    return open_dynamodb_stores(table, AwsService(lambda: make_client("dynamodb", REGION)).call)


@contextmanager
def refusing(code: str, said: str) -> Iterator[tuple[Stores, Scripted]]:
    """The table `accounts` at a DynamoDB that refuses everything."""
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": said}).encode()
    head = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: "
    with scripted_server([say(f"{head}{len(body)}\r\n\r\n".encode() + body)] * 3) as server:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", server.url)
            client = make_client("dynamodb", REGION)
        yield open_dynamodb_stores("accounts", AwsService(lambda: client).call), server
