"""The event of a task: what Zappa sends is let in, and nothing that resembles it."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import sys
import time
from typing import Any

import pytest

from access_es.aws import AwsSession, make_client
from access_es.settings.read import read_settings
from access_es.tasks import TASK_PATH, is_task_event, task_id
from access_es.tasks.build import build_tasks
from access_es.tasks.dynamodb_schema import table_definition
from access_es.tasks.failures import NotStarted
from access_es.tasks.zappa_tasks import ZappaStarter
from access_es.upload import Upload
from access_es.upstream.headers import request_headers
from tests.moto_server import REGION
from tests.tasks.requests import asked

ID = "abcdefghijklmnop-_01"


class Lambda:
    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def invoke(self, **call: Any) -> dict[str, Any]:
        self.calls.append(call)
        return {"StatusCode": 202}


@pytest.fixture
def event(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """As `zappa.asynchronous` sends it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = Lambda()
    ZappaStarter("our-function", lambda: client).start(ID)
    (call,) = client.calls
    assert (call["FunctionName"], call["InvocationType"]) == ("our-function", "Event")
    sent: dict[str, Any] = json.loads(call["Payload"])
    return sent


def test_what_zappa_sends_names_the_task_alone(event: dict[str, Any]) -> None:
    assert is_task_event(event) and task_id(event) == ID
    assert len(json.dumps(event)) < 300


@pytest.mark.parametrize(
    "change",
    [
        {"command": "os.system"},
        {"task_path": "os.system"},
        {"raw_command": "1"},
        {"args": []},
        {"args": [ID, ID]},
        {"args": [{"id": ID}]},
        {"args": ["../../etc"]},
        {"args": "abcdefghijklmnop"},
        {"kwargs": {"a": 1}},
        {"capture_response": True},
        {"requestContext": {}},
    ],
)
def test_nothing_else_is_a_task(event: dict[str, Any], change: dict[str, Any]) -> None:
    assert not is_task_event({**event, **change})


@pytest.mark.parametrize("event", [None, [], "x", {}, {"args": [ID]}, {"task_path": TASK_PATH, "args": [ID]}])
def test_odd_events_are_refused(event: Any) -> None:
    assert not is_task_event(event)


def test_the_handler_runs_tasks_under_the_name_that_is_sent() -> None:
    code = (
        "import sys, access_es.lambda_handler as h; from access_es.tasks import TASK_PATH;"
        "m, _, f = TASK_PATH.rpartition('.'); assert getattr(sys.modules[m], f) is h.run_task;"
        "assert 'zappa.asynchronous' not in sys.modules"  # its import makes four AWS clients
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.heavy
@pytest.mark.usefixtures("aws")
def test_a_lambda_that_does_not_answer_is_not_waited_for_longer_than_a_door_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a VPC without an endpoint for it. The search that asks goes on meanwhile, and may be answered by then."""
    table = f"tasks-{secrets.token_hex(4)}"
    make_client("dynamodb", REGION).create_table(**table_definition(table)["create_table"])
    settings = read_settings({
        "ES_ENDPOINT": "http://127.0.0.1:9", "ES_REGION": REGION, "SESSION_SECRET": "s" * 40, "USERS": "file:/none",
        "TASKS_TABLE": table,
    })  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://127.0.0.1:{silent.getsockname()[1]}")
        service = build_tasks(
            settings, lambda *_, **__: pytest.fail(), AwsSession(), "our-function", request_headers
        ).service
        assert service is not None
        began = time.monotonic()
        with pytest.raises(NotStarted):
            service.start("alice", asked(), Upload(), is_search=True)
        assert time.monotonic() - began < 15
