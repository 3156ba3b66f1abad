"""A real access-es, as `python -m access_es serve` runs it, for tests to talk to."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PASSWORD = "correct horse battery staple"
KEY = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


@dataclass(frozen=True)
class Reply:
    """An answer as it came, nothing decoded, no redirect followed."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class RunningProxy:
    """Where it listens, who may come in (user name to token; all have PASSWORD), and its process."""

    url: str
    port: int
    pid: int
    tokens: Mapping[str, str]
    state: Path
    log: Path
    environment: Mapping[str, str]

    @property
    def bearer(self) -> dict[str, str]:
        """Headers that sign in the first user."""
        return {"Authorization": f"Bearer {next(iter(self.tokens.values()))}"}

    def ask(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, target, body, dict(headers or {}))
            answer = connection.getresponse()
            return Reply(answer.status, tuple(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def audit(self) -> list[dict[str, Any]]:
        """The audit lines so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def command(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Another command of the same stage, such as `users disable NAME`."""
        return run_command(self.environment, *words, given=given)


def run_command(
    environment: Mapping[str, str], *words: str, given: str = "", cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "access_es", *words],
        cwd=cwd,
        env=dict(environment),
        input=given,
        capture_output=True,
        text=True,
    )


@contextmanager
def running_proxy(
    domain_url: str,
    folder: Path,
    cwd: Path = ROOT,
    /,
    *,
    users: tuple[str, ...] = ("alice",),
    workers: int = 1,
    program: str = "access_es",
    mount: str = "",
    trusted_proxy: str = "",
    **settings: str,
) -> Iterator[RunningProxy]:
    """Serve in front of a domain that knows KEY. `settings` are environment variables, such as HOME_PATH.

    `program` is a module that understands `serve` as access_es does, `cwd` the folder that it is started in.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": KEY[0], "AWS_SECRET_ACCESS_KEY": KEY[1], "AWS_EC2_METADATA_DISABLED": "true",
        "ES_ENDPOINT": domain_url, "ES_REGION": "us-east-1", "ES_SERVICE": "es", "HOME_PATH": "/_plugin/kibana/",
        "ACCESS_ES_STATE": str(folder / "state"), **settings,
    }  # fmt: skip
    tokens = {user: _add_user(environment, user, cwd) for user in users}
    log = folder / "access-es.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", program, "serve", "--port", "0", "--workers", str(workers),
             *(("--mount", mount) if mount else ()),
             *(("--trusted-proxy", trusted_proxy) if trusted_proxy else ())],
            cwd=cwd, env=environment, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        port = _await_port(process, log)
        yield RunningProxy(f"http://127.0.0.1:{port}", port, process.pid, tokens, folder / "state", log, environment)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _add_user(environment: Mapping[str, str], user: str, cwd: Path) -> str:
    added = run_command(environment, "users", "add", user, "--password-stdin", given=PASSWORD, cwd=cwd)
    assert added.returncode == 0, added.stderr
    return run_command(environment, "tokens", "add", user, "tests", cwd=cwd).stdout.strip()


def _await_port(process: subprocess.Popen[bytes], log: Path) -> int:
    """The port from the line that says it is ready, once it answers."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text().splitlines():
            if " is ready at http://" in line:
                port = int(line.rpartition(":")[2].partition("/")[0])
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                connection.request("GET", "/--access-es/health")
                assert connection.getresponse().status == 200
                connection.close()
                return port
        time.sleep(0.05)
    raise AssertionError(f"access-es did not start:\n{log.read_text()}")
