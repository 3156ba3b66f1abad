"""The DynamoDB tables: users and tokens, and long queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from access_es.provision.calls import Call, ask
from access_es.provision.step import Blocker, Plan, Step
from access_es.tasks.dynamodb_schema import table_definition as tasks_definition
from access_es.users.dynamodb_schema import table_definition as accounts_definition

Definition = Mapping[str, Mapping[str, Any]]
"""The calls that make a table, in their order: parameters by the operation's Python name."""

_ABSENT = ("ResourceNotFoundException",)
_NOT_READY = ("ResourceInUseException", "ContinuousBackupsUnavailableException", "LimitExceededException")
_DESCRIPTIONS = {
    "create_table": "create the table {name}, billed per request",
    "update_time_to_live": "make items of the table {name} expire at their time '{attribute}'",
    "update_continuous_backups": "turn on point-in-time recovery of the table {name}",
    "update_table": "turn on deletion protection of the table {name}",
}


@dataclass(frozen=True, slots=True)
class FoundTable:
    """The table as DynamoDB describes it."""

    description: Mapping[str, Any]
    time_to_live: Mapping[str, Any]
    backups: Mapping[str, Any]


def desired_tables(users_table: str | None, tasks_table: str | None) -> tuple[Definition, ...]:
    users = [accounts_definition(users_table)] if users_table else []
    tasks = [tasks_definition(tasks_table)] if tasks_table else []
    return (*users, *tasks)


def find_table(call: Call, name: str) -> FoundTable | None:
    described = ask(call, _ABSENT, "dynamodb", "describe_table", TableName=name)
    if described is None:
        return None
    lives = call("dynamodb", "describe_time_to_live", TableName=name)["TimeToLiveDescription"]
    backups = call("dynamodb", "describe_continuous_backups", TableName=name)["ContinuousBackupsDescription"]
    return FoundTable(described["Table"], lives, backups)


def plan_table(desired: Definition, found: FoundTable | None) -> Plan:
    name = desired["create_table"]["TableName"]
    if found is None:
        return Plan(tuple(_step(operation, desired[operation], name) for operation in desired))
    if _keys(found.description["KeySchema"]) != _keys(desired["create_table"]["KeySchema"]):
        what = f"The table {name} exists, but its keys are not those of access-es"
        return Plan(blockers=(Blocker(what, "name another table in the settings; it is then created"),))
    return Plan(tuple(_changes(name, desired, found)))


def _changes(name: str, desired: Definition, found: FoundTable) -> Iterator[Step]:
    protects = desired["create_table"].get("DeletionProtectionEnabled", False)
    if protects and not found.description.get("DeletionProtectionEnabled"):
        yield _step("update_table", {"TableName": name, "DeletionProtectionEnabled": True}, name)
    lives = desired["update_time_to_live"]
    is_on = found.time_to_live.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
    if not is_on or found.time_to_live.get("AttributeName") != lives["TimeToLiveSpecification"]["AttributeName"]:
        yield _step("update_time_to_live", lives, name)
    point = found.backups.get("PointInTimeRecoveryDescription", {})
    if "update_continuous_backups" in desired and point.get("PointInTimeRecoveryStatus") != "ENABLED":
        yield _step("update_continuous_backups", desired["update_continuous_backups"], name)


def _step(operation: str, parameters: Mapping[str, Any], name: str) -> Step:
    attribute = parameters.get("TimeToLiveSpecification", {}).get("AttributeName", "")
    what = _DESCRIPTIONS[operation].format(name=name, attribute=attribute)
    if operation == "create_table":
        return Step(what, "dynamodb", operation, parameters, done_if=("ResourceInUseException",))
    return Step(what, "dynamodb", operation, parameters, wait_for=(*_NOT_READY, *_ABSENT))


def _keys(schema: Any) -> list[tuple[str, str]]:
    return sorted((key["KeyType"], key["AttributeName"]) for key in schema)
