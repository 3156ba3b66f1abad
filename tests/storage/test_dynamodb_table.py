"""What can go wrong between one table and us, and does not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from access_es.aws import AwsService, make_client
from access_es.errors import AwsFailure
from access_es.storage.dynamodb_errors import StoreBusy
from access_es.storage.dynamodb_table import Table
from access_es.users.dynamodb_schema import failures_key
from access_es.users.dynamodb_stores import open_dynamodb_stores
from access_es.users.stores import Stores
from access_es.users.user import disabled, enabled
from tests.moto_server import REGION
from tests.scripted_server import Play, scripted_server
from tests.server_process import read_answer
from tests.storage.dynamodb_tables import Counted
from tests.users.store_contract import NOW, token, user

MOST_TRIES = 5


class TestAnswersThatGetLost:
    """DynamoDB does what was asked, the connection breaks, and botocore asks again."""

    def test_a_user_is_added_all_the_same(self, stores: Stores, moto_url: str, accounts_table: str) -> None:
        put = user()
        with losing_the_first_answer(moto_url, accounts_table) as losing:
            assert losing.users.add(put)
        assert stores.users.find("ann") == put

    def test_a_name_that_was_taken_is_still_refused(self, stores: Stores, moto_url: str, accounts_table: str) -> None:
        first = user()
        stores.users.add(first)
        with losing_the_first_answer(moto_url, accounts_table) as losing:
            assert not losing.users.add(user())
        assert stores.users.find("ann") == first

    def test_a_user_is_changed_all_the_same(self, stores: Stores, moto_url: str, accounts_table: str) -> None:
        old = user()
        stores.users.add(old)
        new = disabled(old)
        with losing_the_first_answer(moto_url, accounts_table) as losing:
            assert losing.users.replace(old, new)
        assert stores.users.find("ann") == new

    def test_a_change_that_came_too_late_is_still_refused(
        self, stores: Stores, moto_url: str, accounts_table: str
    ) -> None:
        old = user()
        stores.users.add(old)
        stores.users.replace(old, disabled(old))
        with losing_the_first_answer(moto_url, accounts_table) as losing:
            assert not losing.users.replace(old, enabled(old))

    def test_a_user_is_removed_all_the_same(self, stores: Stores, moto_url: str, accounts_table: str) -> None:
        stores.users.add(user())
        with losing_the_first_answer(moto_url, accounts_table) as losing:
            assert losing.users.remove("ann")
        assert stores.users.find("ann") is None

    def test_a_token_is_added_under_one_request_token(self, moto_url: str, accounts_table: str) -> None:
        """By which DynamoDB knows the second as the first; moto does not, so what is sent counts."""
        with scripted_server([hang_up_after(moto_url), refused("AccessDeniedException")]) as server:
            call = connected(server.url)
            with pytest.raises(AwsFailure):
                call("transact_write_items", TransactItems=[{"Put": {"TableName": accounts_table, "Item": {}}}])
        first, second = (request.partition(b"ClientRequestToken")[2][:50] for request in server.requests)
        assert first == second != b""


class TestThrottling:
    def test_what_was_not_answered_is_asked_for_again(self, dynamodb: Counted, accounts_table: str) -> None:
        table = Table(accounts_table, one_at_a_time(dynamodb))
        for name in "abc":
            pk, sk = failures_key(name)
            table.put({"pk": pk, "sk": sk, "count": 1})
        assert len(table.batch_get([failures_key(name) for name in "abcx"])) == 3
        assert dynamodb.taken().count("batch_get_item") == 4

    def test_it_ends_some_time(self) -> None:
        asked: list[str] = []

        def call(operation: str, **parameters: Any) -> dict[str, Any]:
            asked.append(operation)
            return {"Responses": {}, "UnprocessedKeys": parameters["RequestItems"]}

        with pytest.raises(StoreBusy):
            Table("accounts", call).batch_get([failures_key("a")])
        assert len(asked) == MOST_TRIES

    def test_nothing_is_asked_for_nothing(self) -> None:
        def call(operation: str, **parameters: Any) -> dict[str, Any]:
            raise AssertionError(operation)

        assert Table("accounts", call).batch_get([]) == []


class TestTransactionsThatCollide:
    def test_they_are_tried_again(self, dynamodb: Counted, accounts_table: str) -> None:
        stores = open_dynamodb_stores(accounts_table, cancelling(dynamodb, 2, "TransactionConflict"))
        put = token()
        assert stores.tokens.add(put)
        assert stores.tokens.find(put.id) == put

    def test_it_ends_some_time(self, dynamodb: Counted, accounts_table: str) -> None:
        stores = open_dynamodb_stores(accounts_table, cancelling(dynamodb, MOST_TRIES, "TransactionConflict"))
        with pytest.raises(StoreBusy, match="Try again"):
            stores.tokens.add(token())

    def test_a_reason_that_does_not_pass_is_reported(self, dynamodb: Counted, accounts_table: str) -> None:
        stores = open_dynamodb_stores(accounts_table, cancelling(dynamodb, 1, "ItemCollectionSizeLimitExceeded"))
        with pytest.raises(Exception) as caught:
            stores.tokens.add(token())
        assert "TransactionCanceledException" in getattr(caught.value, "detail", "")

    def test_a_token_whose_label_is_another_ones_by_now_is_not_removed(self, stores: Stores) -> None:
        """Two revoke the same label, and one has put a new token there already."""
        old, new = token(), token()
        stores.tokens.add(old)
        stores.tokens.remove("ann", "ci")
        stores.tokens.add(new)
        assert not stores.tokens._remove(old)  # type: ignore[attr-defined]
        assert stores.tokens.of("ann") == [new]


@pytest.fixture
def stores(dynamodb: Counted, accounts_table: str) -> Stores:
    return open_dynamodb_stores(accounts_table, dynamodb, clock=lambda: NOW)


@contextmanager
def losing_the_first_answer(moto_url: str, table: str) -> Iterator[Stores]:
    with scripted_server([hang_up_after(moto_url), *[passing_on(moto_url)] * 4]) as server:
        yield open_dynamodb_stores(table, connected(server.url), clock=lambda: NOW)
        assert len(server.requests) >= 2


def connected(url: str) -> Any:
    """A way to call DynamoDB at this address, with the keys of the environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        client = make_client("dynamodb", REGION)
    return AwsService(lambda: client).call


def passing_on(url: str) -> Play:
    def play(connection: socket.socket, request: bytes) -> None:
        connection.sendall(answer_of(url, request))

    return play


def hang_up_after(url: str) -> Play:
    def play(connection: socket.socket, request: bytes) -> None:
        answer_of(url, request)
        raise ConnectionError

    return play


def refused(code: str) -> Play:
    body = b'{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":"no"}' % code.encode()
    head = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n"

    def play(connection: socket.socket, request: bytes) -> None:
        connection.sendall(head % len(body) + body)

    return play


def answer_of(url: str, request: bytes) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as moto:
        moto.sendall(request)
        head, body = read_answer(moto)
    return head + b"\r\n\r\n" + body


def one_at_a_time(call: Counted) -> Any:
    """DynamoDB that answers only a part of what is asked for at once, as when it is throttled."""

    def part(operation: str, **parameters: Any) -> dict[str, Any]:
        if operation != "batch_get_item":
            return call(operation, **parameters)
        ((table, asked),) = parameters["RequestItems"].items()
        first, *rest = asked["Keys"]
        answer = call(operation, RequestItems={table: {**asked, "Keys": [first]}})
        return {**answer, "UnprocessedKeys": {table: {**asked, "Keys": rest}} if rest else {}}

    return part


def cancelling(call: Counted, times: int, code: str) -> Any:
    """DynamoDB that cancels the first transactions."""
    left = [code] * times

    def cancel(operation: str, **parameters: Any) -> dict[str, Any]:
        if operation == "transact_write_items" and left:
            reasons = [{"Code": "None"}, {"Code": left.pop()}]
            raise AwsFailure(operation, "TransactionCanceledException", "cancelled", {"CancellationReasons": reasons})
        return call(operation, **parameters)

    return cancel
