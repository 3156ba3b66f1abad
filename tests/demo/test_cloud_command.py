"""`make demo-lambda`, as far as it comes before minutes of work."""

from __future__ import annotations

import socket

import pytest

from access_es.demo.cloud.__main__ import first_words, main


def test_a_port_of_another_program_is_reported_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    assert f"--port {port} cannot be listened on: Address already in use; try --port " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("streaming", "way", "options"),
    [
        (True, "streamed without a redirect, 22 s as on Lambda (--compressed: 1 s)", "-o answer"),
        (False, "through the bucket", "-L -o answer"),
    ],
)
def test_the_first_words_have_a_line_for_the_terminal_that_fits_the_door(
    streaming: bool, way: str, options: str
) -> None:
    shown = first_words("http://127.0.0.1:1/dev", "demo", "secret", streaming=streaming)
    assert f"  50 MB, {way}\n" in shown
    assert f"  curl -u demo:secret {options} 'http://127.0.0.1:1/dev/_demo/giant?size=50000000'\n" in shown
