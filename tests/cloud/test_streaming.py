"""Answers of any size and queries of any length through the deployed zip, behind a REST API that streams."""

from __future__ import annotations

import hashlib
import importlib
import subprocess
import time
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser

from access_es.demo.cloud.doors.messages import ApiSettings
from access_es.demo.cloud.doors.rest_api import RestApi
from access_es.demo.cloud.doors.rest_streaming import StreamingRestApi
from access_es.front_doors import STREAM_VARIABLE
from tests.cloud.bucket_cors import readable_by_pages_of
from tests.cloud.front_door import EmulatedCloud, LambdaFrontDoor, OpenLambdaDoor
from tests.cloud.test_large_answers import digest_of
from tests.cloud.test_large_answers_browser import FETCH, open_page
from tests.cloud.test_large_answers_clients import LIBRARIES, client, search
from tests.cloud.test_long_queries import COLD_SECONDS, make_table

pytestmark = pytest.mark.cloud
TIME_SCALE = 0.05  # of the door's rate and limits
MOST_MEMORY_BYTES = 32 * 1024 * 1024
CUT = "/_demo/giant?kind=random&size=9000000&fail_after=8000000"


@pytest.fixture(scope="module")
def door(lambda_door: OpenLambdaDoor) -> LambdaFrontDoor:
    return lambda_door("rest-streaming", front={"time_scale": TIME_SCALE}, STREAMING="true")


def by_curl(door: LambdaFrontDoor, target: str, *options: str) -> tuple[int, bytes]:
    """As it is without any option: it follows no redirect. Its exit status, and what it wrote."""
    name, value = next(iter(door.bearer.items()))
    done = subprocess.run(["curl", "-sS", *options, "-H", f"{name}: {value}", door.url + target], capture_output=True)
    return done.returncode, done.stdout


@pytest.mark.parametrize(("kind", "size"), [("json", 500_000), ("random", 12_000_000), ("json", 60_000_000)])
def test_curl_gets_every_byte_without_a_redirect(door: LambdaFrontDoor, kind: str, size: int) -> None:
    for options in ((), ("--compressed",)):
        status, body = by_curl(door, f"/_demo/giant?kind={kind}&size={size}", *options)
        assert (status, hashlib.sha256(body).hexdigest()) == (0, digest_of(kind, size))


def test_requests_gets_every_byte(door: LambdaFrontDoor) -> None:
    answer = requests.get(f"{door.url}/_demo/giant?kind=json&size=40000000", headers=door.bearer, timeout=60)
    assert hashlib.sha256(answer.content).hexdigest() == digest_of("json", 40_000_000) and not answer.history


def test_what_would_take_long_is_fetched_from_the_store_by_who_follows(door: LambdaFrontDoor) -> None:
    answer = requests.get(f"{door.url}/_demo/giant?kind=random&size=30000000", headers=door.bearer, timeout=60)
    assert hashlib.sha256(answer.content).hexdigest() == digest_of("random", 30_000_000)
    assert [hop.status_code for hop in answer.history] == [303]


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_python_clients_need_no_setting(door: LambdaFrontDoor, library: str) -> None:
    with client(library, door) as made:
        assert len(search(made, "json", 12_000_000)["hits"]["hits"]) > 50_000


def test_it_stays_within_memory(door: LambdaFrontDoor) -> None:
    door.ask("GET", "/_demo/echo", door.bearer)
    door.door.reset_peak()
    for options in ((), ("--compressed",)):
        by_curl(door, "/_demo/giant?kind=json&size=100000000", *options)
    assert door.door.peak_bytes - door.door.idle_bytes < MOST_MEMORY_BYTES


def test_the_first_byte_comes_with_the_domains(door: LambdaFrontDoor) -> None:
    """The domain takes three seconds for its 50 MB."""
    began = time.monotonic()
    target = "/_demo/giant?kind=json&size=50000000&rate=20000000"
    with requests.get(door.url + target, headers=door.bearer, stream=True) as answer:
        assert answer.status_code == 200
        assert time.monotonic() - began < 0.3


def test_a_broken_answer_is_seen_as_broken(door: LambdaFrontDoor) -> None:
    assert by_curl(door, CUT)[0] == 18  # CURLE_PARTIAL_FILE
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        requests.get(door.url + CUT, headers=door.bearer, timeout=60)
    library: Any = importlib.import_module("opensearchpy")
    with client("opensearch-py", door) as made, pytest.raises(library.TransportError):
        made.transport.perform_request("GET", CUT)


@pytest.mark.browser
def test_a_page_fetches_and_navigates(browser: Browser, door: LambdaFrontDoor) -> None:
    with open_page(browser, door) as page, readable_by_pages_of(door):
        for kind, size, redirected in (
            ("json", 40_000_000, False),
            ("random", 12_000_000, False),
            ("random", 30_000_000, True),
        ):
            got = page.evaluate(FETCH, [f"/_demo/giant?size={size}&kind={kind}&type=application/json", "POST"])
            assert (got["status"], got["digest"], got["redirected"]) == (200, digest_of(kind, size), redirected)
        failed = page.evaluate(f"fetch('{CUT}').then(one => one.arrayBuffer()).then(() => 'read', why => String(why))")
        assert "TypeError" in failed
        answer = page.goto("/_demo/giant?size=12000000&kind=random&type=image/png")
        assert answer is not None and hashlib.sha256(answer.body()).hexdigest() == digest_of("random", 12_000_000)


@pytest.fixture(scope="module")
def short_wait(cloud: EmulatedCloud, lambda_door: OpenLambdaDoor) -> LambdaFrontDoor:
    """It bears seven seconds of silence instead of 300, so a search waits 5.6 in the open request. Warm."""
    rest = StreamingRestApi(RestApi(ApiSettings(variables={STREAM_VARIABLE: "7"})), idle_seconds=7)
    door = lambda_door(rest, TASKS_TABLE=make_table(cloud), STREAMING="true", LONG_QUERY_AFTER_SECONDS="0.5")
    door.ask("GET", "/_demo/echo", door.bearer)
    return door


def test_a_query_waits_in_the_open_request_and_is_asked_once(short_wait: LambdaFrontDoor, cloud: EmulatedCloud) -> None:
    target = "/demo-slow/_search?delay=3&by=waiting"
    answer = requests.post(short_wait.url + target, headers=short_wait.bearer, timeout=30)
    assert (answer.status_code, answer.json(), answer.history) == (200, {"delay": 3.0}, [])
    assert sum("by=waiting" in entry.target for entry in cloud.gateway.log.last(10_000)) == 1


def test_a_longer_one_goes_on_as_a_task(short_wait: LambdaFrontDoor) -> None:
    began = time.monotonic()
    answer = requests.post(f"{short_wait.url}/demo-slow/_search?delay=7", headers=short_wait.bearer, timeout=60)
    assert (answer.status_code, answer.json()) == (200, {"delay": 7.0})
    assert {hop.status_code for hop in answer.history} == {303}
    assert time.monotonic() - began < 5.6 + 7 + COLD_SECONDS
