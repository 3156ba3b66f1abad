"""The stores in a DynamoDB table."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from access_es.storage.dynamodb_items import Item, to_attributes
from access_es.storage.errors import StoreUnusable
from access_es.users.change_log import Change
from access_es.users.dynamodb_schema import ACTIONS, failures_key, user_key
from access_es.users.dynamodb_stores import open_dynamodb_stores
from access_es.users.last_use import Use
from access_es.users.stores import Failures, Stores
from access_es.users.user import User, disabled, with_groups
from tests.storage.dynamodb_tables import Counted
from tests.users.store_contract import NOW, StoreContract, record, token, user


@pytest.fixture
def stores(dynamodb: Counted, accounts_table: str) -> Stores:
    return open_dynamodb_stores(accounts_table, dynamodb, clock=lambda: NOW)


@pytest.fixture
def neighbour(dynamodb: Counted, accounts_table: str) -> Stores:
    """The same table as another process would see it."""
    return open_dynamodb_stores(accounts_table, dynamodb, clock=lambda: NOW)


class TestDynamodbStores(StoreContract):
    pass


EVERYTHING: dict[str, Callable[[Stores], object]] = {
    "a user is added": lambda stores: stores.users.add(user("bob")),
    "a user is changed": lambda stores: stores.users.replace(user_of(stores), disabled(user_of(stores))),
    "a user is removed": lambda stores: stores.users.remove("ann"),
    "a token is added": lambda stores: stores.tokens.add(token("other")),
    "a token is revoked": lambda stores: stores.tokens.remove("ann", "ci"),
    "all tokens are revoked": lambda stores: stores.tokens.remove_all("ann"),
    "a session is ended": lambda stores: stores.revocations.revoke("one", NOW + 60),
}
READS: dict[str, Callable[[Stores], object]] = {
    "a user": lambda stores: stores.users.find("ann"),
    "all users": lambda stores: stores.users.all(),
    "a token": lambda stores: stores.tokens.find("0123456789ab"),
    "a user's tokens": lambda stores: stores.tokens.of("ann"),
    "a user's sessions": lambda stores: stores.sessions.of("ann"),
    "everybody's tokens": lambda stores: stores.tokens.all(),
    "changes": lambda stores: stores.change_log.newest(5),
    "all sessions": lambda stores: stores.sessions.all(),
    "machines": lambda stores: stores.last_use.machines(),
    "a revocation": lambda stores: stores.revocations.is_revoked("one"),
}


def user_of(stores: Stores) -> User:
    found = stores.users.find("ann")
    assert found
    return found


@pytest.mark.parametrize("change", EVERYTHING.values(), ids=EVERYTHING)
def test_a_change_moves_the_revision_of_the_process_that_made_it(
    stores: Stores, neighbour: Stores, change: Callable[[Stores], object]
) -> None:
    """Others cannot know without asking; they look again after the recheck time."""
    stores.users.add(user())
    stores.tokens.add(token())
    before, of_neighbour = stores.changes.revision(), neighbour.changes.revision()
    change(stores)
    assert stores.changes.revision() != before
    assert neighbour.changes.revision() == of_neighbour


def test_failed_sign_ins_do_not_move_the_revision(stores: Stores) -> None:
    """A stranger who guesses must not make everybody else slow."""
    before = stores.changes.revision()
    stores.failures.record(("a",), NOW, 100)
    stores.failures.clear(("a",))
    assert stores.changes.revision() == before


@pytest.mark.parametrize("change", EVERYTHING.values(), ids=EVERYTHING)
def test_a_change_is_seen_by_all_at_the_next_read(
    stores: Stores, neighbour: Stores, change: Callable[[Stores], object]
) -> None:
    stores.users.add(user())
    stores.tokens.add(token())
    change(stores)
    for read in READS.values():
        assert read(neighbour) == read(stores)


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_reads_see_all_earlier_writes(dynamodb: Counted, accounts_table: str, read: Callable[[Stores], object]) -> None:
    """AWS promises that for consistent reads alone; moto is always consistent, so here what is asked for counts."""
    asked: list[object] = []

    def call(operation: str, **parameters: Any) -> dict[str, Any]:
        asked.append(parameters["ConsistentRead"])
        return dynamodb(operation, **parameters)

    read(open_dynamodb_stores(accounts_table, call))
    assert asked == [True]


def test_failures_are_read_consistently_and_in_one_call(dynamodb: Counted, accounts_table: str) -> None:
    def call(operation: str, **parameters: Any) -> dict[str, Any]:
        assert parameters["RequestItems"][accounts_table]["ConsistentRead"] is True
        return dynamodb(operation, **parameters)

    assert open_dynamodb_stores(accounts_table, call).failures.read("abcd") == {}
    assert dynamodb.taken() == ["batch_get_item"]


def test_the_actions_of_the_policy_are_those_that_are_used(stores: Stores, dynamodb: Counted) -> None:
    for act in (*EVERYTHING.values(), *READS.values()):
        stores.users.add(user())
        act(stores)
    stores.failures.record(("a",), NOW, 100)
    stores.failures.read(("a",))
    stores.sessions.put(record())
    stores.last_use.note(Use("ann", ("ann", "one"), token(), "nightly", is_sign_in=True), 1_000, 100)
    stores.sessions.remove_all("ann")
    used = {"dynamodb:" + operation.title().replace("_", "") for operation in dynamodb.taken()}
    assert used - {"dynamodb:TransactWriteItems"} == set(ACTIONS)  # of puts and deletes, which are in the list


class TestWhatDynamodbDeletesLate:
    def test_failures_that_are_over_count_no_more(self, dynamodb: Counted, accounts_table: str) -> None:
        now = NOW
        stores = open_dynamodb_stores(accounts_table, dynamodb, clock=lambda: now)
        stores.failures.record(("a", "b"), NOW, 100)
        now = NOW + 101
        assert stores.failures.read(("a", "b")) == {}
        stores.failures.record(("a",), now, 100)
        assert stores.failures.read(("a", "b")) == {"a": Failures(1, NOW + 101)}

    def test_a_revocation_that_is_over_still_revokes(self, dynamodb: Counted, accounts_table: str) -> None:
        """Its session is over too; a clock that is wrong must not open it again."""
        stores = open_dynamodb_stores(accounts_table, dynamodb, clock=lambda: NOW)
        stores.revocations.revoke("one", NOW - 1)
        assert stores.revocations.is_revoked("one")

    def test_what_may_go_says_when_in_whole_seconds(
        self, stores: Stores, dynamodb: Counted, accounts_table: str
    ) -> None:
        stores.revocations.revoke("one", NOW + 59.2)
        stores.failures.record(("a",), NOW + 0.5, 100)
        stores.sessions.put(record())
        stores.change_log.add(Change("1", NOW, "ann", "session", "user_enabled", "bob"))
        items = dynamodb("scan", TableName=accounts_table)["Items"]
        assert {item["pk"]["S"]: item["expires"] for item in items} == {
            "revocation#one": {"N": "1800000060"},
            "failures#a": {"N": "1800000101"},
            "session": {"N": "1800003600"},
            "changes": {"N": "1834560000"},
        }

    def test_users_and_tokens_stay(self, stores: Stores, dynamodb: Counted, accounts_table: str) -> None:
        stores.users.add(user())
        stores.tokens.add(token())
        items = dynamodb("scan", TableName=accounts_table)["Items"]
        assert len(items) == 3
        assert not [item for item in items if "expires" in item]


def test_an_invalid_item_is_named(stores: Stores, dynamodb: Counted, accounts_table: str) -> None:
    pk, sk = user_key("ann")
    item = {**to_attributes({"pk": pk, "sk": sk, "name": "ann", "password_hash": "hash"}), "created": {"NULL": True}}
    dynamodb("put_item", TableName=accounts_table, Item=item)
    with pytest.raises(StoreUnusable) as caught:
        stores.users.find("ann")
    assert caught.value.detail == "The item 'user' / 'ann' of the accounts table lacks 'created'"


def test_failures_without_an_end_are_counted(stores: Stores, dynamodb: Counted, accounts_table: str) -> None:
    pk, sk = failures_key("a")
    item: Item = {"pk": pk, "sk": sk, "count": 3, "last": NOW}
    dynamodb("put_item", TableName=accounts_table, Item=to_attributes(item))
    assert stores.failures.read(("a",)) == {"a": Failures(3, NOW)}


def test_users_are_listed_however_many_answers_it_takes(stores: Stores, dynamodb: Counted) -> None:
    """An answer of DynamoDB has 1 MB at most."""
    names = [f"user-{number:02}" for number in range(30)]
    for name in reversed(names):
        stores.users.add(User(name, "x" * 100_000, 1))
    dynamodb.taken()
    assert [found.name for found in stores.users.all()] == names
    assert len(dynamodb.taken()) >= 3


def test_an_item_of_an_earlier_version_is_in_no_group_and_can_be_changed(
    stores: Stores, dynamodb: Counted, accounts_table: str
) -> None:
    pk, sk = user_key("ann")
    item: Item = {
        "pk": pk, "sk": sk, "name": "ann", "password_hash": "x", "created": 1, "role": "full", "disabled": False,
        "epoch": "e",
    }  # fmt: skip
    dynamodb("put_item", TableName=accounts_table, Item=to_attributes(item))
    old = stores.users.find("ann")
    assert old == User("ann", "x", 1, (), False, "e")
    assert stores.users.replace(old, with_groups(old, ("ops",)))
    assert not stores.users.replace(old, with_groups(old, ("data",)))
    assert stores.users.find("ann") == User("ann", "x", 1, ("ops",), False, "e")


@pytest.mark.heavy
def test_several_processes_write_at_once(stores: Stores, accounts_table: str) -> None:
    """None loses a write, none fails, and of what is unique each thing is made once."""
    writer = textwrap.dedent("""
        import sys
        from access_es.users.dynamodb_stores import open_dynamodb_stores
        from access_es.users.tokens import issue
        from access_es.users.user import User
        from access_es.aws import AwsService, make_client

        call = AwsService(lambda: make_client("dynamodb")).call
        stores, me = open_dynamodb_stores(sys.argv[1], call), sys.argv[2]
        sys.stdin.readline()
        won = 0
        for number in range(15):
            won += stores.users.add(User(f"user-{number}", me, 1))
            won += stores.tokens.add(issue("ann", f"label-{number}", 1, 1.0)[0])
            stores.failures.record(("all",), 1_800_000_000.0, 100)
            old = stores.users.find("ann")
            while not stores.users.replace(old, User("ann", old.password_hash + me, 1)):
                old = stores.users.find("ann")
        print(won)
    """)
    stores.users.add(User("ann", "", 1))
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", writer, accounts_table, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in "abcd"
    ]  # fmt: skip
    answers = [process.communicate("\n", timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert sum(int(answer) for answer in answers) == 30
    assert len(stores.users.all()) == 16
    assert len(stores.tokens.of("ann")) == 15
    assert stores.failures.read(("all",))["all"].count == 60
    assert sorted(user_of(stores).password_hash) == sorted("abcd" * 15)
