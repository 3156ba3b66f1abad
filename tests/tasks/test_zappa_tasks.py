"""The event of a task: what Zappa sends is let in, and nothing that resembles it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from access_es.tasks import TASK_PATH, is_task_event, task_id
from access_es.tasks.zappa_tasks import ZappaStarter

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
    import zappa.asynchronous

    client = Lambda()
    monkeypatch.setattr(zappa.asynchronous, "LAMBDA_CLIENT", client, raising=False)
    ZappaStarter("our-function").start(ID)
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
