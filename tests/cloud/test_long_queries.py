"""Long queries through the deployed zip: tasks are invocations that Zappa sends, results lie in DynamoDB and S3."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import Any

import pytest
import requests

from access_es.demo.large_content import content
from access_es.tasks.dynamodb_schema import table_definition
from access_es.tasks.zappa_tasks import TASK_PATH
from tests.cloud.front_door import EmulatedCloud, LambdaFrontDoor, OpenLambdaDoor

pytestmark = pytest.mark.cloud
LATER = {"Prefer": "respond-async"}
COLD_SECONDS = 6.0  # a sandbox that starts, on two cores that others use as well


def make_table(cloud: EmulatedCloud) -> str:
    name = f"tasks-{secrets.token_hex(4)}"
    database = cloud.cloud.aws.client("dynamodb")
    for operation, parameters in table_definition(name).items():
        getattr(database, operation)(**parameters)
    return name


@pytest.fixture(scope="module")
def door(cloud: EmulatedCloud, lambda_door: OpenLambdaDoor) -> LambdaFrontDoor:
    """Its own patience is four seconds, so that a test need not wait for half a minute."""
    return lambda_door("rest", TASKS_TABLE=make_table(cloud), FRONT_DOOR="rest:4", LONG_QUERY_AFTER_SECONDS="0.5")


def follow(door: LambdaFrontDoor, method: str, target: str, headers: dict[str, str] | None = None) -> requests.Response:
    return requests.request(
        method, door.url + target, headers={"Accept": "*/*", **door.bearer, **(headers or {})}, timeout=120
    )


def sent(cloud: EmulatedCloud, mark: str) -> int:
    """How often the domain was asked; a REST API changes the order of a query."""
    return sum(mark in entry.target for entry in cloud.gateway.log.last(10_000))


def test_a_search_that_outlasts_the_door(door: LambdaFrontDoor) -> None:
    began = time.monotonic()
    answer = follow(door, "POST", "/demo-slow/_search?delay=9&by=search")
    assert (answer.status_code, answer.json()) == (200, {"delay": 9.0})
    assert time.monotonic() - began < 9.5 + COLD_SECONDS
    assert {hop.status_code for hop in answer.history} == {303}


def test_a_write_is_sent_once_and_its_answer_comes(door: LambdaFrontDoor, cloud: EmulatedCloud) -> None:
    target = "/demo-slow/_update_by_query?delay=6&by=write"
    answer = follow(door, "POST", target)
    assert (answer.status_code, answer.json()) == (200, {"delay": 6.0})
    assert sent(cloud, "by=write") == 1


@pytest.mark.parametrize("size", [100, 900_000, 9_000_000, 30_000_000])
def test_a_result_of_any_size_comes_whole(door: LambdaFrontDoor, size: int) -> None:
    digest = hashlib.sha256(b"".join(content("random", size))).hexdigest()
    accepted = door.ask("POST", f"/_demo/giant?size={size}&kind=random", {**door.bearer, **LATER})
    assert accepted.status == 202
    answer = follow(door, "GET", accepted.header("location") or "")
    assert answer.status_code == 200, (answer.text[:500], door.door.log())
    assert hashlib.sha256(answer.content).hexdigest() == digest


def test_a_request_body_larger_than_an_event_of_zappas(door: LambdaFrontDoor) -> None:
    body = secrets.token_bytes(3_000_000)
    accepted = door.ask("POST", "/_demo/echo", {**door.bearer, **LATER}, body)
    said: Any = follow(door, "GET", accepted.header("location") or "").json()
    assert (said["length"], said["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())


def test_the_same_event_again_sends_nothing(door: LambdaFrontDoor, cloud: EmulatedCloud) -> None:
    target = "/demo-slow/_update_by_query?delay=0.5&by=again"
    accepted = door.ask("POST", target, {**door.bearer, **LATER})
    assert follow(door, "GET", accepted.header("location") or "").status_code == 200
    database = door.client("dynamodb")
    table = door.environment["TASKS_TABLE"]
    ids = [item["pk"]["S"].removeprefix("task#") for item in database.scan(TableName=table)["Items"]]
    for id in {found for found in ids if not found.startswith("body#")}:
        event = (
            f'{{"task_path":"{TASK_PATH}","capture_response":false,"response_id":null,"args":["{id}"],"kwargs":{{}},'
            '"command":"zappa.asynchronous.route_lambda_task"}'
        )
        cloud.cloud.loop.run(door.function.invoke(event.encode()))
    assert sent(cloud, "by=again") == 1


def test_a_task_that_dies_with_its_sandbox_is_said_to_be_lost(
    cloud: EmulatedCloud, lambda_door: OpenLambdaDoor
) -> None:
    """Lambda ends the function when its time is over; ours is told to stop sooner, so here it has no time at all."""
    door = lambda_door(
        "rest", TASKS_TABLE=make_table(cloud), FRONT_DOOR="rest:4", function={"timeout_seconds": 8.0}
    )  # fmt: skip
    accepted = door.ask("POST", "/_demo/slow?delay=60&by=dies", {**door.bearer, **LATER})
    answer = follow(door, "GET", accepted.header("location") or "")
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "task_too_long")


def test_nothing_of_it_is_logged(door: LambdaFrontDoor) -> None:
    secret = f"word-{secrets.token_hex(8)}"
    accepted = door.ask("POST", f"/_demo/echo?q={secret}", {**door.bearer, **LATER}, secret.encode())
    assert secret in follow(door, "GET", accepted.header("location") or "").text
    assert secret not in door.door.log()


def test_without_a_table_there_are_no_tasks_and_the_504_is_ours(lambda_door: OpenLambdaDoor) -> None:
    door = lambda_door("rest", FRONT_DOOR="rest:4")
    answer = door.ask("GET", "/demo-slow/_search?delay=6", {**door.bearer, **LATER})
    assert (answer.status, answer.json()["error"]["code"]) == (504, "gateway_timeout")
    assert "Prefer" not in answer.json()["error"]["reason"]
