"""The zip that Zappa packs, under the real runtime client, behind each front door."""

from __future__ import annotations

import json
import re

import pytest

from access_es.demo.cloud.deploy import Package
from access_es.demo.cloud.doors.registry import NAMES
from tests.cloud.front_door import LambdaFrontDoor, OpenLambdaDoor
from tests.cloud.test_lambda_service import wait_until
from tests.embedded_metrics import extract

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module", params=NAMES)
def door(request: pytest.FixtureRequest, lambda_door: OpenLambdaDoor) -> LambdaFrontDoor:
    return lambda_door(request.param)


def test_health_and_the_login_page(door: LambdaFrontDoor) -> None:
    at = "/dev" if _has_stage(door) else ""
    health = door.ask("GET", f"{at}/--access-es/health")
    assert (health.status, health.json()) == (200, {"status": "ok"})
    login = door.ask("GET", f"{at}/--access-es/login", {"Accept": "text/html"})
    assert login.status == 200 and b"<form" in login.body


def test_a_signed_request_reaches_the_domain(door: LambdaFrontDoor) -> None:
    at = "/dev" if _has_stage(door) else ""
    seen = door.ask("GET", f"{at}/_demo/echo?foo=1&foo=2", {**door.bearer, "X-One": "1"})
    assert seen.status == 200, (seen.body, door.door.log())


def test_the_log_of_the_function_holds_its_metrics(door: LambdaFrontDoor) -> None:
    """As its own lines, whole: CloudWatch Logs takes nothing else for a document of metrics."""
    at = "/dev" if _has_stage(door) else ""
    assert door.ask("GET", f"{at}/_demo/answer?status=404", door.bearer).status == 404
    lines = [json.loads(line) for line in door.door.log().splitlines() if line.startswith("{") and "_aws" in line]
    found = extract(lines[-1])
    assert (lines[-1]["outcome"], lines[-1]["layer"]) == ("client_error", "domain")
    assert found[("outcome", "layer")] == {"requests": 1} and {"ms", "upstream_ms"} <= found[()].keys()


def _has_stage(door: LambdaFrontDoor) -> bool:
    settings = getattr(door.door.front.door, "settings", None)
    return settings is not None and not settings.own_domain


def test_the_package_is_small_and_holds_what_runs_alone(package: Package) -> None:
    assert package.zip_bytes <= 14_000_000
    names = {each.relative_to(package.code).as_posix() for each in package.code.rglob("*")}
    wrong = re.compile(
        r"^(tests|bench|docs)/|(^|/)(demo|server|prometheus_client|gevent|greenlet|gunicorn|pytest|moto|\.venv|\.access-es)(/|$)"
    )
    assert not [name for name in names if wrong.search(name)]


def test_the_lambda_client_invokes_the_function_as_aws_does(lambda_door: OpenLambdaDoor) -> None:
    """What a function that starts work for itself relies on: answers, events, and errors by their names."""
    opened = lambda_door("rest")
    client, name = opened.client("lambda"), opened.function.settings.name
    answer = client.invoke(FunctionName=name, Payload=json.dumps({"raw_command": "print(1)"}))
    assert "refused" in json.loads(answer["Payload"].read()) and "FunctionError" not in answer
    before = opened.function.events.attempts
    event = client.invoke(FunctionName=opened.function.settings.arn, InvocationType="Event", Payload=b"{}")
    assert event["StatusCode"] == 202
    wait_until(lambda: opened.function.events.pending == 0 and opened.function.events.attempts == before + 1)
    with pytest.raises(client.exceptions.RequestTooLargeException):
        client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps("x" * 1_048_576))
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName="nobody", Payload=b"{}")


def test_a_cold_start_and_the_memory_of_each_sandbox_are_known(lambda_door: OpenLambdaDoor) -> None:
    opened = lambda_door("rest")
    opened.door.recycle()
    assert opened.ask("GET", "/--access-es/health").status == 200
    report = opened.function.reports[-1]
    assert report.init_seconds is not None and 0 < report.init_seconds <= report.seconds
    opened.door.reset_peak()
    before = opened.door.peak_bytes
    assert opened.ask("GET", "/_demo/giant?size=3000000", opened.bearer).status == 200
    assert opened.door.peak_bytes > before >= opened.door.idle_bytes - 5_000_000 > 20_000_000


def test_everything_of_the_cloud_is_on_this_machine_alone(lambda_door: OpenLambdaDoor) -> None:
    opened = lambda_door("rest")
    assert opened.environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert opened.url.startswith("http://127.0.0.1:")
