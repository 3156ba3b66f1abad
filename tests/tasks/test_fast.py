"""A fast query costs nothing for all this: no call, no import, no thread."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from access_es.demo.running_gateway import RunningGateway
from tests.running_proxy import KEY

PROGRAM = """
import io, sys, threading, time
from access_es.messages import ProxyRequest
from access_es.services import build_services
from access_es.settings.read import read_settings
from access_es.upload import Upload

settings = read_settings({
    "ES_ENDPOINT": sys.argv[1], "ES_REGION": "us-east-1", "SESSION_SECRET": "s" * 40, "USERS": "file:" + sys.argv[2],
    "TASKS_TABLE": "access-es-tasks", "OVERFLOW_BUCKET": "access-es-overflow", "LONG_QUERY_AFTER_SECONDS": "9",
})
services = build_services(settings, function_name="access-es-prod")
for method, target in (("POST", b"/demo-slow/_search"), ("GET", b"/_demo/echo"), ("POST", b"/demo-slow/_search?a=1")):
    request = ProxyRequest("r", method, target, (), io.BytesIO(), "https", "", answer_by=time.monotonic() + 28)
    answer = services.tasks.long_queries.ask(request, "alice", Upload(b"{}"))
    assert answer.status == 200, answer
    b"".join(answer.body)
assert threading.active_count() == 1, threading.enumerate()
assert not {name for name in sys.modules if name.partition(".")[0] == "zappa"}
assert not {name for name in sys.modules if "dynamodb" in name and name.startswith("bot")}
import botocore.client
assert not services.tasks.service.store._table._call.__self__._client, "a client was made"
"""


def test_a_fast_query_makes_no_call_no_import_and_no_thread(gateway: RunningGateway, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    keys = {"AWS_ACCESS_KEY_ID": KEY[0], "AWS_SECRET_ACCESS_KEY": KEY[1]}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, gateway.url, str(tmp_path / "users.db")],
        env={**kept, **keys, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},  # nobody listens there
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
