"""A provider that hangs, drips or never stops holds nobody up for long."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from access_es.sign_in.oidc import http
from access_es.sign_in.oidc.errors import ProviderUnavailable
from access_es.sign_in.oidc.http import ProviderHttp

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


@contextmanager
def provider(pieces: Iterator[bytes], seconds: float) -> Iterator[str]:
    """Sends one piece after the other, with a pause before each."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(65_536)
                for piece in pieces:
                    time.sleep(seconds)
                    try:
                        client.sendall(piece)
                    except OSError:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join(10)


@pytest.mark.parametrize(
    ("pieces", "seconds"),
    [([HEAD], 1.0), ([HEAD, *[b" "] * 40], 0.05), ([HEAD, *[b"x" * 65_536] * 20], 0.0)],
    ids=["hangs", "drips", "never stops"],
)
def test_it_is_given_up(pieces: list[bytes], seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_TIMEOUTS", (0.3, 0.3))
    monkeypatch.setattr(http, "_TOTAL_SECONDS", 0.6)
    with provider(iter(pieces), seconds) as address:
        began = time.monotonic()
        with pytest.raises(ProviderUnavailable) as caught:
            ProviderHttp().get(address)
        assert time.monotonic() - began < 1.5
    assert address in caught.value.detail


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_whole_answer_is_read(encoding: str) -> None:
    body = b'{"a": "' + b"x" * 100_000 + b'"}'
    sent = gzip.compress(body) if encoding else body
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (encoding.encode(), len(sent))
    with provider(iter([head + sent[:50], sent[50:]]), 0.05) as address:
        assert ProviderHttp().get(address).body == {"a": "x" * 100_000}


def test_an_answer_that_breaks_off_is_none() -> None:
    sent = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}"
    with provider(iter([sent]), 0.0) as address, pytest.raises(ProviderUnavailable):
        ProviderHttp().get(address)
