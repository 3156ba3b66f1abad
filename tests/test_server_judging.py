"""Large bodies of limited users are judged beside everything else, and for nobody who has left."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.eventually import eventually
from tests.fidelity.raw_client import request_bytes
from tests.running_proxy import RunningProxy, running_proxy
from tests.scripted_server import Scripted, say, scripted_server
from tests.test_server_crowds import Plays

AT_ONCE = 5
PERMISSIONS = {"roles": {"team": {"read": ["logs-*"]}}, "groups": {}, "default": ["team"]}
# 7 MB in small objects, with a word that makes it necessary to read them all.
SEARCH = json.dumps(
    {
        "_source": ["index"],
        "query": {"bool": {"should": [{"term": {"host": {"value": f"web-{number}"}}} for number in range(160_000)]}},
    }
).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningProxy, Scripted]]:
    with (
        scripted_server(Plays(say(ANSWER))) as domain,
        running_proxy(
            domain.url, tmp_path_factory.mktemp("judging"), users=("alice", "bob"), PERMISSIONS=json.dumps(PERMISSIONS)
        ) as proxy,
    ):
        yield proxy, domain


def search(proxy: RunningProxy, target: str = "/logs-1/_search", user: str = "alice") -> int:
    headers = {"Authorization": f"Bearer {proxy.tokens[user]}", "Content-Type": "application/json"}
    return proxy.ask("POST", target, headers, SEARCH).status


def seconds(proxy: RunningProxy) -> float:
    began = time.monotonic()
    assert proxy.ask("GET", "/--access-es/health").status == 200
    return time.monotonic() - began


def test_others_are_answered_while_large_bodies_are_judged(served: tuple[RunningProxy, Scripted]) -> None:
    """Each takes most of a second of the processor; in the worker's own thread, nobody would be answered for all of it."""
    proxy, _ = served
    taken = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(search, proxy) for _ in range(AT_ONCE)]
        while not all(one.done() for one in asked):
            taken.append(seconds(proxy))
    assert [one.result() for one in asked] == [200] * AT_ONCE
    assert len(taken) > 20 and sorted(taken)[len(taken) * 9 // 10] < 0.2


def test_one_user_does_not_take_all_threads_of_the_others(served: tuple[RunningProxy, Scripted]) -> None:
    """Nor by some kilobytes of gzip, which can be minutes of reading."""
    proxy, _ = served
    with ThreadPoolExecutor(2 * AT_ONCE) as pool:
        asked = [pool.submit(search, proxy) for _ in range(2 * AT_ONCE)]
        time.sleep(0.5)  # until all have arrived
        before = sum(one.done() for one in asked)
        assert search(proxy, user="bob") == 200
        assert sum(one.done() for one in asked) - before < AT_ONCE  # in the order of their arrival: nearly all


def test_a_large_body_is_still_judged(served: tuple[RunningProxy, Scripted]) -> None:
    proxy, domain = served
    before = len(domain.requests)
    assert search(proxy, "/secret/_search") == 403 and len(domain.requests) == before


def test_nothing_is_sent_for_a_client_that_left_meanwhile(served: tuple[RunningProxy, Scripted]) -> None:
    proxy, domain = served
    before = len(domain.requests)
    headers = {**proxy.bearer, "Content-Type": "application/json", "Content-Length": str(len(SEARCH))}
    for _ in range(4):
        with socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
            client.sendall(request_bytes("POST", b"/logs-1/_search?left", headers) + SEARCH)
    eventually(lambda: sum(line.get("error") == "client_gone" for line in proxy.audit()) == 4, 20)
    assert len(domain.requests) == before
