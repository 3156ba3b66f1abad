"""Our lambda_handler in a process of its own, as the runtime has it: Zappa's settings module, events in, answers out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.running_proxy import KEY, PASSWORD, ROOT, run_command

MARK = "ANSWER "
SETTINGS = """
APP_MODULE = "access_es.wsgi"
APP_FUNCTION = "app"
API_STAGE = "dev"
BASE_PATH = None
BINARY_SUPPORT = True
CONTEXT_HEADER_MAPPINGS = {}
DEBUG = False
DJANGO_SETTINGS = None
DOMAIN = None
ENVIRONMENT_VARIABLES = %s
EXCEPTION_HANDLER = None
LOG_LEVEL = "INFO"
PROJECT_NAME = "access-es"
"""
HOST = """
import json, sys, time, traceback
entry = sys.argv[1]
if entry == "ours":
    from access_es import lambda_handler as module
    call = module.lambda_handler
    print("LOADED", module.load_proxy.cache_info().currsize, flush=True)
else:
    from zappa.handler import LambdaHandler
    call = LambdaHandler().handler
class Context:
    def __init__(self, seconds):
        self.end = time.monotonic() + seconds
    def get_remaining_time_in_millis(self):
        return int((self.end - time.monotonic()) * 1000)
for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = call(asked["event"], Context(asked["seconds"]))
    except BaseException:
        answer = {"raised": traceback.format_exc()}
    print("ANSWER " + json.dumps(answer), flush=True)
"""


@dataclass(frozen=True)
class LambdaProcess:
    """One sandbox. `token` is alice's; `lines` are what it printed besides answers."""

    process: subprocess.Popen[str] = field(repr=False)
    token: str
    log: Path
    lines: list[str] = field(default_factory=list)

    def call(self, event: Any, seconds: float = 30.0) -> Any:
        """What the handler returns for an event, with so much of the function's time left."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"event": event, "seconds": seconds}) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith(MARK):
                return json.loads(line.removeprefix(MARK))
            self.lines.append(line)
        raise AssertionError(self.log.read_text())

    @property
    def bearer(self) -> tuple[tuple[bytes, bytes], ...]:
        return ((b"authorization", f"Bearer {self.token}".encode()),)

    def audit(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines if line.startswith("{")]


def environment_of(folder: Path, domain_url: str, **settings: str) -> dict[str, str]:
    """The process's own environment; what the app is told comes through Zappa's settings module."""
    values = {
        "ES_ENDPOINT": domain_url, "ES_REGION": "us-east-1", "ES_SERVICE": "es", "HOME_PATH": "/_plugin/kibana/",
        "SESSION_SECRET": "s" * 40, "USERS": f"file:{folder / 'state' / 'users.db'}", **settings,
    }  # fmt: skip
    (folder / "zappa_settings.py").write_text(
        SETTINGS % json.dumps({key: text for key, text in values.items() if text})
    )
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ES_"))},
        "AWS_ACCESS_KEY_ID": KEY[0], "AWS_SECRET_ACCESS_KEY": KEY[1], "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONPATH": f"{folder}:{ROOT}",
    }  # fmt: skip


def start(folder: Path, environment: Mapping[str, str], entry: str = "ours") -> subprocess.Popen[str]:
    with (folder / f"{entry}.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-c", HOST, entry],
            cwd=folder, env=dict(environment), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip


def add_alice(folder: Path, domain_url: str) -> str:
    """Her token."""
    environment = {
        **os.environ, "ES_ENDPOINT": domain_url, "ES_REGION": "us-east-1", "ACCESS_ES_STATE": str(folder / "state")
    }  # fmt: skip
    added = run_command(environment, "users", "add", "alice", "--password-stdin", given=PASSWORD)
    assert added.returncode == 0, added.stderr
    return run_command(environment, "tokens", "add", "alice", "tests").stdout.strip()


@contextmanager
def lambda_process(
    domain_url: str,
    folder: Path,
    *,
    entry: str = "ours",
    variables: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[LambdaProcess]:
    """A sandbox in front of a domain that knows KEY. `entry` is "ours", or "zappa" for Zappa's own handler."""
    token = add_alice(folder, domain_url)
    environment = {**environment_of(folder, domain_url, **(settings or {})), **(variables or {})}
    process = start(folder, environment, entry)
    try:
        yield LambdaProcess(process, token, folder / f"{entry}.log")
    finally:
        assert process.stdin and process.stdout
        process.stdin.close()
        process.wait(20)
        process.stdout.close()
