"""One DynamoDB table: consistent reads and conditional writes."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from access_es.errors import AwsFailure
from access_es.storage.dynamodb_errors import BUSY, StoreBusy, explain
from access_es.storage.dynamodb_items import Item, Value, from_attributes, to_attributes
from access_es.storage.dynamodb_key import Key, is_valid_key

Call = Callable[..., dict[str, Any]]
"""Calls DynamoDB: an operation's Python name and its parameters to its answer. Raises `AwsFailure`."""

_CONDITION_FAILED = ("ConditionalCheckFailedException", "TransactionCanceledException")
_PAUSES_SECONDS = (0.05, 0.1, 0.2, 0.4)  # between attempts of our own, each at random up to this


class Table:
    """Items by their keys, pk and sk. Whatever fails is `StoreUnusable`.

    An expression names attributes as `#name` and values, given by keyword, as `:name`.
    """

    def __init__(self, name: str, call: Call) -> None:
        self._name = name
        self._call = call

    def get(self, key: Key) -> Item | None:
        """The item as the last write before this call left it."""
        if not is_valid_key(key):
            return None
        found = self._ask("get_item", TableName=self._name, Key=_key(key), ConsistentRead=True).get("Item")
        return from_attributes(found) if found else None

    def batch_get(self, keys: Sequence[Key]) -> list[Item]:
        """Those of up to 100 different keys that there are, in one call and in any order."""
        if not keys:
            return []
        found: list[Item] = []
        left: Any = {self._name: {"Keys": [_key(key) for key in keys], "ConsistentRead": True}}
        for pause in (*_PAUSES_SECONDS, 0):
            answer = self._ask("batch_get_item", RequestItems=left)
            found += [from_attributes(item) for item in answer["Responses"].get(self._name, ())]
            left = answer.get("UnprocessedKeys")
            if not left:
                return found
            _sleep_up_to(pause)
        raise StoreBusy(detail=f"The accounts table '{self._name}' is busy: it returned only a part of the items.")

    def query(self, pk: str, prefix: str = "") -> list[Item]:
        """All items under a pk in the order of their sk, over as many answers, of 1 MB at most, as that takes.

        `prefix`: only those whose sk begins with it.
        """
        found: list[Item] = []
        condition = "#pk = :pk AND begins_with(#sk, :prefix)" if prefix else "#pk = :pk"
        values: dict[str, Value] = {"pk": pk, "prefix": prefix} if prefix else {"pk": pk}
        asked = {"KeyConditionExpression": condition, **_placeholders(condition, values)}
        while True:
            answer = self._ask("query", TableName=self._name, ConsistentRead=True, **asked)
            found += [from_attributes(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return found
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def scan(self, pk_prefix: str) -> list[Item]:
        """All items whose pk begins with this, in any order. The whole table is read for it."""
        found: list[Item] = []
        wanted = "begins_with(#pk, :prefix)"
        asked = {"FilterExpression": wanted, **_placeholders(wanted, {"prefix": pk_prefix})}
        while True:
            answer = self._ask("scan", TableName=self._name, ConsistentRead=True, **asked)
            found += [from_attributes(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return found
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def newest(self, pk: str, limit: int, before: str = "") -> list[Item]:
        """The last `limit` items under a pk in the order of their sk, the last first; all before `before`, if given."""
        found: list[Item] = []
        condition = "#pk = :pk AND #sk < :sk" if before else "#pk = :pk"
        values: dict[str, Value] = {"pk": pk, "sk": before} if before else {"pk": pk}
        asked = {"KeyConditionExpression": condition, **_placeholders(condition, values)}
        while True:
            answer = self._ask(
                "query",
                TableName=self._name,
                ConsistentRead=True,
                ScanIndexForward=False,
                Limit=limit - len(found),
                **asked,
            )
            found += [from_attributes(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer or len(found) >= limit:
                return found
            asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def put(self, item: Item, when: str = "", **values: Value) -> bool:
        """Write the item whole. False, and nothing done, unless `when` holds for what is there."""
        write = {**self._write(when, values), "Item": to_attributes(item)}
        try:
            self._ask("put_item", **write, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except AwsFailure as declined:
            # Our own first attempt, whose answer got lost, may be what stands in the way of its repetition.
            return declined.was_repeated and from_attributes(declined.answer.get("Item", {})) == item
        return True

    def change(self, key: Key, update: str, when: str = "", **values: Value) -> bool:
        """Change attributes of the item, made if there is none. False, and nothing done, unless `when` holds."""
        write = {**self._write(when, values, update), "Key": _key(key), "UpdateExpression": update}
        try:
            self._ask("update_item", **write)
        except AwsFailure:
            return False
        return True

    def delete(self, key: Key) -> bool:
        """False if there was none."""
        if not is_valid_key(key):
            return False
        answer = self._ask("delete_item", TableName=self._name, Key=_key(key), ReturnValues="ALL_OLD")
        # Gone at a second attempt means that the first one did it, though its answer got lost.
        return "Attributes" in answer or bool(answer.get("ResponseMetadata", {}).get("RetryAttempts"))

    def put_part(self, item: Item, when: str, **values: Value) -> dict[str, Any]:
        """A part for `transact_write`."""
        return {"Put": {**self._write(when, values), "Item": to_attributes(item)}}

    def delete_part(self, key: Key, when: str = "", **values: Value) -> dict[str, Any]:
        """A part for `transact_write`."""
        return {"Delete": {**self._write(when, values), "Key": _key(key)}}

    def transact_write(self, *parts: dict[str, Any]) -> bool:
        """All parts or none of them. False, and nothing done, unless all their conditions hold.

        botocore gives each call a token by which DynamoDB knows its repetitions (API reference, "TransactWriteItems").
        """
        for pause in (*_PAUSES_SECONDS, 0):
            try:
                self._ask("transact_write_items", TransactItems=list(parts))
            except AwsFailure as cancelled:
                reasons = {reason.get("Code") for reason in cancelled.answer.get("CancellationReasons", ())}
                if "ConditionalCheckFailed" in reasons:
                    return False
                if not reasons & BUSY:
                    raise explain(cancelled, self._name) from cancelled
                _sleep_up_to(pause)
            else:
                return True
        raise StoreBusy(detail=f"The accounts table '{self._name}' is busy: too many requests change the same items.")

    def _write(self, when: str, values: dict[str, Value], update: str = "") -> dict[str, Any]:
        condition = {"ConditionExpression": when} if when else {}
        return {"TableName": self._name, **condition, **_placeholders(f"{update} {when}", values)}

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """DynamoDB's answer. Raises `AwsFailure` where it declined what was asked on a condition."""
        try:
            return self._call(operation, **parameters)
        except AwsFailure as failure:
            if failure.reason in _CONDITION_FAILED:
                raise
            raise explain(failure, self._name) from failure


def _key(key: Key) -> dict[str, Any]:
    pk, sk = key
    return to_attributes({"pk": pk, "sk": sk})


def _placeholders(expression: str, values: dict[str, Value]) -> dict[str, Any]:
    """What the #names and :values of an expression stand for; an attribute may so have a name that is reserved."""
    names = {f"#{name}": name for name in re.findall(r"#(\w+)", expression)}
    meant = {f":{name}": value for name, value in values.items()}
    return {
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": to_attributes(meant)} if meant else {}),
    }


def _sleep_up_to(seconds: float) -> None:
    time.sleep(random.uniform(0, seconds))  # noqa: S311  spreads those who collided; nothing secret
