"""What the workers count together."""

from __future__ import annotations

import multiprocessing
import time
from typing import Any

import pytest

from access_es.server.metrics import table
from access_es.server.metrics.meter import Meter

LINE: dict[str, Any] = {
    "status": 200, "delivery": "held", "ms": 30.0, "upstream_ms": 20.0, "bytes_in": 3, "bytes_out": 50,
}  # fmt: skip


def value(meter: Meter, name: str, *labels: str) -> float:
    return meter.read()[table.cells_of(name)[labels]]


def test_a_request_is_counted_once_in_each_metric() -> None:
    meter = Meter(1)
    meter.count(LINE)
    meter.count(
        LINE | {"status": 503, "delivery": "error", "error": "task_lost", "layer": "tasks", "upstream_ms": None}
    )
    assert value(meter, "access_es_requests", "success", "domain") == 1
    assert value(meter, "access_es_requests", "server_error", "tasks") == 1
    assert value(meter, "access_es_answers", "held") == 1
    assert value(meter, "access_es_errors", "task_lost") == 1
    assert value(meter, "access_es_response_body_bytes") == 100
    cells = meter.read()
    first = table.cell_of("access_es_request_duration_seconds")
    assert cells[first] == pytest.approx(0.06) and cells[first + table.bucket(0.03)] == 2
    assert sum(cells[table.cell_of("access_es_domain_duration_seconds") + 1 :][: len(table.SECONDS) + 1]) == 1


@pytest.mark.parametrize(
    ("seconds", "bound"), [(0.001, 0.005), (0.005, 0.005), (0.0051, 0.01), (900.0, 900.0), (901.0, None)]
)
def test_a_bucket_holds_its_bound(seconds: float, bound: float | None) -> None:
    """As `le` says: less or equal."""
    assert (*table.SECONDS, None)[table.bucket(seconds) - 1] == bound


def test_what_happens_in_few_requests_is_counted() -> None:
    meter = Meter(1)
    meter.count(LINE | {"event": "sign_in", "task": "hedge", "spilled_bytes": 9, "delivery": "compressed zstd"})
    assert value(meter, "access_es_events", "sign_in") == 1
    assert value(meter, "access_es_tasks_started", "hedge") == 1
    assert value(meter, "access_es_spilled_bytes") == 9
    assert value(meter, "access_es_answers", "compressed") == 1
    meter.count_refused("bad_framing")
    assert value(meter, "access_es_connections_refused", "bad_framing") == 1


def test_an_unknown_value_makes_no_new_series() -> None:
    meter = Meter(1)
    meter.count(LINE | {"delivery": "pigeon", "event": "x", "error": "y", "task": "z", "layer": "moon", "status": 999})
    meter.count_refused("w")
    for name in ("answers", "events", "errors", "tasks_started", "connections_refused"):
        assert value(meter, f"access_es_{name}", "other") == 1


def test_all_workers_are_added_up_and_a_new_one_goes_on_where_the_old_one_was() -> None:
    meter = Meter(3)
    for number in (0, 1, 2, 1):  # worker 1 is replaced
        work = multiprocessing.get_context("fork").Process(target=_work, args=(meter, number))
        work.start()
        work.join()
    assert value(meter, "access_es_requests", "success", "domain") == 40
    assert value(meter, "access_es_worker_starts") == 4
    assert value(meter, "access_es_workers") == 3
    assert value(meter, "access_es_connections") == 3 * 7


def _work(meter: Meter, number: int) -> None:
    meter.begin(number)
    for _ in range(10):
        meter.count(LINE)
    meter.beat(7, 2)


def test_a_worker_that_has_stopped_responding_has_no_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    meter = Meter(2)
    meter.begin(0)
    meter.beat(5, 1)
    now = time.monotonic
    monkeypatch.setattr("time.monotonic", lambda: now() + 60)
    meter.begin(1)
    meter.beat(7, 1)
    assert value(meter, "access_es_workers") == 1
    assert value(meter, "access_es_connections") == 7
    assert value(meter, "access_es_worker_starts") == 2
