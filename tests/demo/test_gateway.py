from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection

import pytest

from access_es.demo.gateway import NoCredentialsError, credentials_from_environment, credentials_from_line

from .botocore_requests import signed_headers

KEYS = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}


@contextmanager
def started(*arguments: str, keys: dict[str, str] = KEYS) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = [sys.executable, "-m", "access_es.demo.gateway", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment | keys, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(r"ready http://(127\.0\.0\.1:\d+)\n", line)
    assert found is not None, line
    return found[1]


def close_stdin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()


def test_serves_until_its_stdin_is_closed() -> None:
    with started("--region", "eu-west-1") as process:
        address = read_address(process)
        key = credentials_from_environment(KEYS)[0]
        now = datetime.now(UTC)
        headers = signed_headers("GET", b"/_demo/tiny", host=address, key=key, region="eu-west-1", now=now)
        connection = HTTPConnection(address, timeout=10)
        connection.request("GET", "/_demo/tiny", headers={name.decode(): value.decode() for name, value in headers})
        assert connection.getresponse().status == 200
        close_stdin(process)
        assert process.wait(10) == 0
        connection.close()


def test_ends_with_sigterm_while_a_connection_is_open() -> None:
    with started() as process:
        host, _, port = read_address(process).partition(":")
        with socket.create_connection((host, int(port))):
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


def test_keys_come_on_stdin() -> None:
    with started("--credentials-on-stdin", keys={}) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps([{"access_key": "a", "secret_key": "b"}]) + "\n")
        process.stdin.flush()
        read_address(process)
        close_stdin(process)
        assert process.wait(10) == 0


def test_says_what_is_missing() -> None:
    with started(keys={}) as process:
        _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (
            2,
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use --credentials-on-stdin\n",
        )


def test_says_that_the_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started("--port", str(port)) as process:
            assert process.wait(10) == 1
            assert process.stderr is not None
            assert process.stderr.read().startswith(f"cannot listen on port {port}: ")


@pytest.mark.parametrize("line", [b"", b"{}x", b"[1]", b'[{"access_key": "a"}]', b"7"])
def test_line_without_credentials(line: bytes) -> None:
    with pytest.raises(NoCredentialsError):
        credentials_from_line(line)
