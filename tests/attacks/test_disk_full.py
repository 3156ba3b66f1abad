"""A server that holds as many connections as it may still finds room for a client that sends its request at once."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

SMALL = "ulimit -n 160; exec"  # leaves room for 48 connections
ROOT = Path(__file__).parent.parent.parent


def test_slow_connections_give_way_to_complete_requests() -> None:
    command = f"{SMALL} {sys.executable} -m tests.server_process '{{\"graceful_seconds\": 1}}'"
    with subprocess.Popen(["sh", "-c", command], cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            port = int(next(line for line in process.stderr if "http://" in line).rpartition(":")[2])
            with ExitStack() as stack:
                for _ in range(150):
                    dripping = stack.enter_context(socket.create_connection(("127.0.0.1", port), 5))
                    dripping.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\nX: ")
                began = time.monotonic()
                for _ in range(10):
                    with socket.create_connection(("127.0.0.1", port), 10) as client:
                        client.sendall(b"GET /hello HTTP/1.0\r\n\r\n")
                        assert client.recv(1000).startswith(b"HTTP/1.0 200 ")
                assert time.monotonic() - began < 3
        finally:
            process.terminate()
