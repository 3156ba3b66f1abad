"""The counts of a real server with two workers agree with a known load, and with its audit log."""

from __future__ import annotations

import base64
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import pytest
from prometheus_client.parser import text_string_to_metric_families

from access_es.demo.running_gateway import RunningGateway
from access_es.outcome import LAYERS
from access_es.server.metrics import table
from access_es.server.metrics.meter import Meter
from tests.eventually import eventually
from tests.fidelity.sessions import sign_in
from tests.moto_server import REGION, moto_environment
from tests.running_proxy import RunningProxy, running_proxy

PATH = "/--access-es/metrics"
TOKEN = "m" * 40
Counts = dict[tuple[str, ...], float]  # a sample's name and the values of its labels


@pytest.fixture(scope="module")
def proxy(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    with running_proxy(gateway.url, tmp_path_factory.mktemp("watched"), workers=2, METRICS_TOKEN=TOKEN) as running:
        yield running


def scrape(proxy: RunningProxy) -> Counts:
    """What is not 0."""
    answer = proxy.ask("GET", PATH, {"Authorization": f"Bearer {TOKEN}"})
    assert answer.status == 200
    families = text_string_to_metric_families(answer.body.decode())
    samples = [sample for family in families for sample in family.samples]
    # They come in the order of their names; the table has them in another.
    return {
        (sample.name, *sorted(sample.labels.values(), key=LAYERS.__contains__)): sample.value
        for sample in samples
        if sample.value
    }


def grown(before: Counts, after: Counts, name: str) -> Counts:
    """By how much the series of one metric have grown."""
    found = {key[1:]: value - before.get(key, 0) for key, value in after.items() if key[0] == name}
    return {key: value for key, value in found.items() if value}


def load(proxy: RunningProxy) -> None:
    """A request of each kind, several times, four at a time."""
    basic = {"Authorization": "Basic " + base64.b64encode(b"mallory:wrong").decode()}
    asked = [
        *[("/_demo/echo", proxy.bearer, 200)] * 12,
        *[("/_demo/answer?status=404", proxy.bearer, 404)] * 5,
        *[("/_demo/answer?status=429", proxy.bearer, 429)] * 3,
        *[("/_demo/answer?status=503", proxy.bearer, 503)] * 2,
        *[("/_demo/giant?size=3000000", proxy.bearer, 200)] * 4,
        *[("/_demo/echo", {}, 401)] * 6,
        *[("/--access-es/nothing", {}, 404)] * 2,
    ]
    with ThreadPoolExecutor(4) as threads:
        for (_, _, status), answer in zip(
            asked, threads.map(lambda one: proxy.ask("GET", *one[:2]), asked), strict=True
        ):
            assert answer.status == status
    assert [proxy.ask("GET", "/_demo/echo", basic).status for _ in range(8)] == [401] * 6 + [429] * 2
    sign_in(proxy, "alice")
    hang_up(proxy)
    with socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 400 ")


def hang_up(proxy: RunningProxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
        name, value = next(iter(proxy.bearer.items()))
        client.sendall(f"GET /_demo/slow?delay=20 HTTP/1.1\r\nHost: a\r\n{name}: {value}\r\n\r\n".encode())
        eventually(lambda: scrape(proxy).get(("access_es_requests_in_progress",)) == 1)


def test_the_counts_agree_with_a_known_load(proxy: RunningProxy) -> None:
    before = scrape(proxy)
    load(proxy)
    after = eventually(lambda: is_complete(found := scrape(proxy)) and found)
    assert isinstance(after, dict)
    requests = grown(before, after, "access_es_requests_total")
    pages = requests.pop(("success", "access-es"))
    assert requests == {
        ("success", "domain"): 12 + 4,
        ("client_error", "domain"): 5,
        ("throttled", "domain"): 3,
        ("server_error", "domain"): 2,
        ("refused", "access-es"): 6 + 6,
        ("throttled", "access-es"): 2,
        ("client_error", "access-es"): 2,
        ("client_gone", "client"): 1,
    }
    assert pages >= 2  # the sign-in page and its form, and the scrapes so far
    assert grown(before, after, "access_es_errors_total") == {
        ("not_signed_in",): 6, ("wrong_credentials",): 6, ("too_many_failures",): 2, ("not_found",): 2, ("client_gone",): 1,
    }  # fmt: skip
    assert grown(before, after, "access_es_events_total") == {("sign_in",): 1, ("sign_in_failed",): 8}
    assert grown(before, after, "access_es_connections_refused_total") == {("bad_framing",): 1}
    assert grown(before, after, "access_es_answers_total")["streamed",] == 4
    assert grown(before, after, "access_es_domain_duration_seconds_count") == {(): 12 + 5 + 3 + 2 + 4 + 1}
    assert after["access_es_workers",] == 2


def is_complete(found: Counts) -> bool:
    """Whether the last of the load is counted: who hung up, and whose connection was refused."""
    gone, refused = (
        ("access_es_requests_total", "client_gone", "client"),
        ("access_es_connections_refused_total", "bad_framing"),
    )
    return gone in found and refused in found


def test_the_counts_are_those_of_the_audit_log(proxy: RunningProxy) -> None:
    """All of them, from the server's first request on: both come from one line."""
    found = eventually(lambda: settled(proxy))
    assert found
    shown, lines = found
    again = Meter(1)
    for line in lines:
        again.count(line)
    cells = again.read()
    for metric in table.METRICS:
        if metric.kind != "gauge" and metric.name not in ("access_es_connections_refused", "access_es_worker_starts"):
            assert series(shown, metric) == pytest.approx(cells[metric.first : metric.first + metric.width]), (
                metric.name
            )


def settled(proxy: RunningProxy) -> tuple[Counts, list[dict[str, object]]] | None:
    """A scrape and the audit lines before it, where nothing came between."""
    lines = proxy.audit()
    shown = scrape(proxy)
    total = sum(value for key, value in shown.items() if key[0] == "access_es_requests_total")
    return (shown, lines) if total == len(lines) else None


def series(shown: Counts, metric: table.Metric) -> list[float]:
    """As the cells of the table have them."""
    if metric.kind == "counter":
        return [shown.get((f"{metric.name}_total", *labels), 0) for labels in metric.series()]
    bounds = [*map(str, table.SECONDS), "+Inf"]
    reached = [0.0, *(shown.get((f"{metric.name}_bucket", bound), 0) for bound in bounds)]
    return [shown[f"{metric.name}_sum",], *(high - low for low, high in pairwise(reached))]


def test_nothing_goes_back_when_a_worker_is_killed(proxy: RunningProxy) -> None:
    before = scrape(proxy)
    os.kill(workers(proxy)[0], signal.SIGKILL)
    after = eventually(lambda: (found := scrape(proxy))["access_es_worker_starts_total",] == 3 and found)
    assert isinstance(after, dict)
    gauges = {metric.name for metric in table.METRICS if metric.kind == "gauge"}
    assert {key for key, value in before.items() if after.get(key, 0) < value and key[0] not in gauges} == set()
    eventually(lambda: scrape(proxy)["access_es_workers",] == 2)
    with ThreadPoolExecutor(4) as threads:
        answers = list(
            threads.map(lambda _: proxy.ask("GET", "/_demo/answer?status=418", proxy.bearer).status, range(20))
        )
    assert answers == [418] * 20
    key = ("access_es_requests_total", "client_error", "domain")
    eventually(lambda: scrape(proxy)[key] == before[key] + 20)


def workers(proxy: RunningProxy) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{proxy.pid}/task/{proxy.pid}/children").read_text().split()]


def test_without_a_setting_the_page_is_not_there(gateway: RunningGateway, tmp_path: Path) -> None:
    """As any other address of ours that does not exist, also for who is signed in."""
    with running_proxy(gateway.url, tmp_path, METRICS_NAMESPACE="access-es/local") as closed:
        for headers in ({}, closed.bearer):
            unknown, found = (closed.ask("GET", path, headers) for path in ("/--access-es/metricx", PATH))
            assert found.status == unknown.status == 404
            assert found.json()["error"]["type"] == unknown.json()["error"]["type"] == "not_found"
        assert "_aws" not in closed.log.read_text()


def test_what_a_gateway_makes_of_answers_is_counted(gateway: RunningGateway, moto_url: str, tmp_path: Path) -> None:
    """Compressed, stored and linked, started a second time, started at once: with the limits of a front door."""
    settings: dict[str, Any] = {
        **moto_environment(moto_url),
        "FRONT_DOOR": "rest:3",
        "OVERFLOW_BUCKET": "access-es-watched",
    }
    boto3.client(
        "s3", endpoint_url=moto_url, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="s"
    ).create_bucket(Bucket="access-es-watched")
    with running_proxy(gateway.url, tmp_path, METRICS_TOKEN=TOKEN, **settings) as door:
        before = scrape(door)
        zipped, curl = {**door.bearer, "Accept-Encoding": "gzip"}, {**door.bearer, "User-Agent": "curl/8"}
        assert door.ask("GET", "/_demo/giant?kind=json&size=9000000", zipped).header("content-encoding") == "gzip"
        stored = door.ask("GET", "/_demo/giant?kind=random&size=9000000", curl)
        assert (stored.status, stored.header("x-redirect-reason")) == (303, "answer-too-large")
        assert door.ask("POST", "/demo-slow/_search?delay=1", door.bearer, b"{}").status == 200
        assert door.ask("POST", "/demo-slow/_update_by_query?delay=0.1", door.bearer, b"{}").status == 200
        after = scrape(door)
    answers = grown(before, after, "access_es_answers_total")
    assert (answers["compressed",], answers["spilled",]) == (1, 1)
    assert grown(before, after, "access_es_spilled_bytes_total") == {(): 9_000_000}
    assert grown(before, after, "access_es_tasks_started_total") == {("hedge",): 1, ("at_once",): 1}
