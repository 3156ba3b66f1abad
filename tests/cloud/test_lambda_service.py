"""Sandboxes: the real runtime client, one request at a time, frozen in between."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from access_es.demo.cloud import process_stats
from access_es.demo.cloud.invocation import MAX_RESPONSE_BYTES, Invocation, PayloadTooLarge, Throttled
from tests.cloud.running_function import RunningFunction, running_function


@pytest.fixture
def probe(tmp_path: Path) -> Iterator[RunningFunction]:
    with running_function(tmp_path, timeout_seconds=5) as running:
        yield running


def ask(probe: RunningFunction, **what: Any) -> Any:
    invocation = probe.invoke(json.dumps(what).encode())
    assert isinstance(invocation, Invocation)
    return json.loads(invocation.payload)


def test_one_sandbox_serves_one_request_after_the_other(probe: RunningFunction) -> None:
    answers = [ask(probe) for _ in range(5)]
    assert [answer["seen"] for answer in answers] == [1, 2, 3, 4, 5]
    assert len({answer["pid"] for answer in answers}) == 1
    assert 4000 < answers[0]["left"] <= 5000
    reports = list(probe.function.reports)
    assert reports[0].init_seconds is not None and all(report.init_seconds is None for report in reports[1:])


def test_requests_at_one_time_have_sandboxes_of_their_own(probe: RunningFunction) -> None:
    async def both() -> list[Invocation]:
        return await asyncio.gather(*(probe.function.invoke(b'{"sleep": 0.3}') for _ in range(3)))

    pids = {json.loads(each.payload)["pid"] for each in probe.loop.run(both())}
    assert len(pids) == 3
    assert ask(probe)["pid"] in pids


def test_a_sandbox_is_frozen_between_requests_and_its_threads_with_it(tmp_path: Path) -> None:
    code = """
import threading, time
ticks = 0
def tick():
    global ticks
    while True:
        time.sleep(0.01)
        ticks += 1
threading.Thread(target=tick, daemon=True).start()
def run(event, context):
    return ticks
"""
    with running_function(tmp_path, code=code) as running:
        before = int(running.invoke(b"{}").payload)
        time.sleep(0.8)
        assert process_stats.is_stopped(running.function.sandboxes[0].pid)
        assert int(running.invoke(b"{}").payload) - before < 20


def test_a_function_that_raises_is_an_error_and_lives_on(probe: RunningFunction) -> None:
    failed = probe.invoke(b'{"raise": true}')
    assert failed.error == "Unhandled" and json.loads(failed.payload)["errorMessage"] == "as asked"
    assert ask(probe)["seen"] == 2


def test_a_function_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    with running_function(tmp_path, timeout_seconds=0.6) as running:
        failed = running.invoke(b'{"sleep": 5}')
        assert json.loads(failed.payload)["errorMessage"].endswith("Task timed out after 0.60 seconds")
        assert ask(running)["seen"] == 1 and len(running.function.past) == 1


def test_a_function_that_dies_or_takes_too_much_memory(tmp_path: Path) -> None:
    with running_function(tmp_path, memory_megabytes=100) as running:
        assert json.loads(running.invoke(b'{"exit": true}').payload)["errorType"] == "Runtime.ExitError"
        assert ask(running, hold=50_000_000, sleep=0.1, answer={}) == {}
        assert 50_000_000 < running.function.sandboxes[0].peak_bytes < 100_000_000
        greedy = running.invoke(b'{"hold": 200000000, "sleep": 1}')
        assert json.loads(greedy.payload)["errorType"] == "Runtime.OutOfMemory"


def test_a_function_that_cannot_be_imported(tmp_path: Path) -> None:
    with running_function(tmp_path, code="import nothing_of_this_name\n") as running:
        failed = running.invoke(b"{}")
        assert json.loads(failed.payload)["errorType"] == "Runtime.ImportModuleError"


def test_the_answer_may_have_6291556_bytes_and_not_one_more(probe: RunningFunction) -> None:
    whole = probe.invoke(b'{"size": %d}' % MAX_RESPONSE_BYTES)
    assert whole.error is None and len(whole.payload) == MAX_RESPONSE_BYTES
    failed = probe.invoke(b'{"size": %d}' % (MAX_RESPONSE_BYTES + 1))
    assert json.loads(failed.payload) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
    assert ask(probe)["seen"] >= 1


def test_an_event_of_more_than_6_megabytes_is_refused(probe: RunningFunction) -> None:
    with pytest.raises(PayloadTooLarge, match="smaller than 6291456 bytes"):
        probe.invoke(b" " * 6_291_457)


def test_no_more_sandboxes_than_the_concurrency_allows(tmp_path: Path) -> None:
    with running_function(tmp_path, concurrency=1) as running:

        async def two() -> list[Any]:
            asked = (running.function.invoke(b'{"sleep": 0.3}') for _ in range(2))
            return await asyncio.gather(*asked, return_exceptions=True)

        kinds = [type(each) for each in running.loop.run(two())]
        assert kinds == [Invocation, Throttled]


def test_a_failing_event_is_tried_three_times_and_a_copy_may_come_too(probe: RunningFunction) -> None:
    events = probe.function.events
    events.settings.time_scale = 0.001
    probe.loop.run(put(probe, b'{"raise": true}'))
    wait_until(lambda: events.pending == 0)
    assert (events.attempts, events.failed) == (3, [b'{"raise": true}'])
    events.settings.retries, events.settings.copies = 0, 2
    probe.loop.run(put(probe, b"{}"))
    wait_until(lambda: events.pending == 0)
    assert events.attempts == 5 and len(events.failed) == 1


def test_sandboxes_die_with_the_process_that_started_them(tmp_path: Path) -> None:
    script = f"""
import sys, time
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent.parent.parent)!r})
from tests.cloud.running_function import running_function
with running_function(Path({str(tmp_path)!r})) as running:
    running.invoke(b"{{}}")
    print(running.function.sandboxes[0].pid, flush=True)
    time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    wait_until(lambda: process_stats.is_stopped(pid))
    parent.kill()
    parent.communicate()
    wait_until(lambda: not alive(pid))


async def put(probe: RunningFunction, payload: bytes) -> None:
    probe.function.events.put(payload)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return process_stats.memory_bytes(pid, "VmRSS") > 0  # a zombie has none


def wait_until(true: Any) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
