"""A hostile domain, access-es in two processes in front of it, and nobody who is careful."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fidelity.bad_domain import BadDomain
from tests.running_proxy import running_proxy
from tests.scripted_server import Play, say, scripted_server

SESSION_TOKEN = "FwoGZXIvYXdzEJr//////////wEaDG" + "Zm9vYmFy+/0123456789" * 30 + "=="
VALID_REQUEST = say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@pytest.fixture(scope="package")
def _attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BadDomain]:
    stage: list[Play] = [VALID_REQUEST]
    with (
        scripted_server([lambda connection, request: stage[0](connection, request)] * 10_000) as server,
        running_proxy(
            server.url,
            tmp_path_factory.mktemp("attacked"),
            users=("alice", "bob"),
            workers=2,
            ES_READ_SECONDS="3",
            AWS_SESSION_TOKEN=SESSION_TOKEN,
        ) as front,
    ):
        yield BadDomain(front, server, stage)


@pytest.fixture
def attacked(_attacked: BadDomain) -> BadDomain:
    """alice and bob use it; the domain answers well until a test has it do otherwise."""
    _attacked.play(VALID_REQUEST)
    return _attacked
