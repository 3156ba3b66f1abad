"""Tasks in one DynamoDB table; `dynamodb_schema` defines its items."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from access_es.errors import AwsFailure
from access_es.tasks.dynamodb_schema import task_key
from access_es.tasks.failures import ResultLost, TasksUnusable
from access_es.tasks.store import (
    LIFETIME_SECONDS,
    Progress,
    Result,
    TaskRequest,
    read_request,
    read_result,
    write_request,
    write_result,
)

Call = Callable[..., dict[str, Any]]
"""Calls DynamoDB: an operation's Python name and its parameters to its answer. Raises `AwsFailure`."""

_CONDITION_FAILED = "ConditionalCheckFailedException"
_NAMES = {"#state": "state", "#runner": "runner", "#beat": "beat", "#wanted": "wanted", "#expires": "expires"}
_CLAIMED_BY = "#state = :claimed AND #runner = :runner"


class DynamoTable:
    """Calls to one table."""

    def __init__(self, name: str, call: Call) -> None:
        self._name = name
        self._call = call

    def put(self, item: dict[str, Any]) -> None:
        self._ask("put_item", Item=item)

    def get(self, key: dict[str, Any]) -> dict[str, Any] | None:
        """The item as the last write before this call left it."""
        return self._ask("get_item", Key=key, ConsistentRead=True).get("Item")

    def change(self, key: dict[str, Any], update: str, when: str, **values: Any) -> tuple[bool, dict[str, Any]]:
        """Whether the condition held, and the item: after the change, or as it was where the condition failed."""
        used = {name: meant for name, meant in _NAMES.items() if name in f"{update} {when}"}
        try:
            answer = self._ask(
                "update_item", Key=key, UpdateExpression=update, ConditionExpression=when,
                ExpressionAttributeNames=used, ExpressionAttributeValues={f":{name}": v for name, v in values.items()},
                ReturnValues="ALL_NEW", ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )  # fmt: skip
        except AwsFailure as declined:
            return False, declined.answer.get("Item", {})
        return True, answer["Attributes"]

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            return self._call(operation, TableName=self._name, **parameters)
        except AwsFailure as failure:
            if failure.reason == _CONDITION_FAILED:
                raise
            detail = f"The table of tasks '{self._name}': {failure.reason}: {failure.aws_message}"
            raise TasksUnusable(detail=detail) from failure


class DynamoStore:
    def __init__(
        self,
        table: DynamoTable,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = table
        self._clock = clock
        self.pause = sleep  # DynamoDB sends no notice: whoever waits reads again

    def create(self, id: str, request: TaskRequest, expires: float) -> None:
        """The state last: what has no state is never claimed."""
        until = _number(int(expires))
        self._table.put({**task_key(id, "request"), **_document(write_request(request), request.body.inline, until)})
        self._table.put({
            **task_key(id, "state"), "state": {"S": "new"}, "beat": _number(self._clock()), "wanted": {"BOOL": True},
            "expires": until,
        })  # fmt: skip

    def claim(self, id: str, runner: str) -> bool:
        held, found = self._table.change(
            task_key(id, "state"),
            "SET #state = :claimed, #runner = :runner, #beat = :now",
            "#state = :new AND #expires > :now",
            claimed={"S": "claimed"}, runner={"S": runner}, now=_number(self._clock()), new={"S": "new"},
        )  # fmt: skip
        # Where the first answer got lost and the call was repeated, our own claim stands in the way.
        return held or found.get("runner") == {"S": runner}

    def request(self, id: str) -> TaskRequest:
        return read_request(*self._read(id, "request"))

    def record_heartbeat(self, id: str, runner: str) -> bool:
        held, found = self._table.change(
            task_key(id, "state"), "SET #beat = :now", _CLAIMED_BY,
            now=_number(self._clock()), claimed={"S": "claimed"}, runner={"S": runner},
        )  # fmt: skip
        return held and found["wanted"]["BOOL"] is True

    def finish(self, id: str, runner: str, result: Result) -> None:
        """The state last: whoever sees that it is done finds the result. Only its runner ever writes one."""
        until = _number(int(self._clock()) + LIFETIME_SECONDS)
        self._table.put({**task_key(id, "result"), **_document(write_result(result), result.body.inline, until)})
        self._table.change(
            task_key(id, "state"), "SET #state = :done", _CLAIMED_BY,
            done={"S": "done"}, claimed={"S": "claimed"}, runner={"S": runner},
        )  # fmt: skip

    def withdraw(self, id: str) -> bool:
        held, found = self._table.change(
            task_key(id, "state"), "SET #state = :withdrawn", "#state = :new",
            withdrawn={"S": "withdrawn"}, new={"S": "new"},
        )  # fmt: skip
        return held or not found or found["state"] == {"S": "withdrawn"}

    def abandon(self, id: str) -> None:
        if not self.withdraw(id):
            self._table.change(
                task_key(id, "state"), "SET #wanted = :no", "#state = :claimed",
                no={"BOOL": False}, claimed={"S": "claimed"},
            )  # fmt: skip

    def read_progress(self, id: str) -> Progress | None:
        found = self._table.get(task_key(id, "state"))
        if found is None or float(found["expires"]["N"]) <= self._clock():
            return None
        return Progress(found["state"]["S"], float(found["beat"]["N"]))

    def result(self, id: str) -> Result:
        return read_result(*self._read(id, "result"))

    def _read(self, id: str, part: str) -> tuple[str, bytes | None]:
        found = self._table.get(task_key(id, part))
        if found is None:
            raise ResultLost(detail=f"the table of tasks has no {part} of it")
        return found["head"]["S"], found["body"]["B"] if "body" in found else None


def _document(head: str, body: bytes | None, expires: dict[str, str]) -> dict[str, Any]:
    return {"head": {"S": head}, **({} if body is None else {"body": {"B": body}}), "expires": expires}


def _number(value: float) -> dict[str, str]:
    return {"N": repr(value)}
