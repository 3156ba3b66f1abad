"""`make demo-lambda`, as far as it comes before minutes of work."""

from __future__ import annotations

import socket

import pytest

from access_es.demo.cloud.__main__ import main


def test_a_port_of_another_program_is_reported_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    assert f"--port {port} cannot be listened on: Address already in use; try --port " in capsys.readouterr().err
