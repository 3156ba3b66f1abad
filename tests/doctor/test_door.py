"""`doctor --door` through emulated doors: without fault, with limits, and each with one fault put in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from access_es.cli import main
from access_es.demo.cloud.doors.messages import ApiSettings
from access_es.demo.cloud.doors.rest_api import RestApi
from access_es.demo.cloud.doors.rest_streaming import StreamingRestApi
from access_es.demo.running_gateway import RunningGateway
from access_es.doctor import door as asking
from access_es.doctor.door import check_door
from access_es.door_probe.cases import BY_NAME, CASES, Case
from access_es.front_doors import STREAM_VARIABLE
from access_es.provision.finding import Finding
from tests.doctor import faulty_door as faults
from tests.doctor.faulty_door import Fault, faulty_door
from tests.streaming.running import StreamingFunction, streaming_function

SECRET = "s" * 40
QUICK = tuple(case for case in CASES if not case.delay_seconds)
SAYS_SO = ApiSettings(variables={STREAM_VARIABLE: "300"})


@pytest.fixture(scope="module")
def function(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StreamingFunction]:
    with streaming_function(gateway.url, tmp_path_factory.mktemp("door")) as running:
        yield running


def findings(address: str, *, streaming: bool = True, cases: tuple[Case, ...] = QUICK) -> list[Finding]:
    return list(check_door(address, SECRET, wants_streaming=streaming, cases=cases))


def of(found: list[Finding], level: str) -> list[str]:
    return [one.says for one in found if one.level == level]


def test_a_streaming_door_without_fault(function: StreamingFunction) -> None:
    with function.behind("rest-streaming", time_scale=0.05) as door:
        found = findings(door.url)
    assert of(found, "fault") == of(found, "warning") == [] and len(found) == len(QUICK)
    assert "streaming; awslambdaric 4" in found[0].says
    assert any("12,000,000 bytes" in one for one in of(found, "good"))
    assert any("breaks off: 200, 2,0" in one and "broken off" in one for one in of(found, "good"))


@pytest.mark.parametrize("name", ["rest", "url", "http", "alb"])
def test_a_door_with_limits_says_what_it_does_not_take(function: StreamingFunction, name: str) -> None:
    with function.behind(name) as door:
        found = findings(door.url, streaming=False)
    assert of(found, "fault") == []
    assert any("12 MB: 502 answer_too_large" in one for one in of(found, "good"))
    cut = "answer_too_large" if name == "alb" else "domain_broke_off"  # its limit is below where this one breaks off
    assert any(one.startswith(f"a body that breaks off: 502 {cut}") for one in of(found, "good"))


def test_a_door_that_should_stream_and_does_not(function: StreamingFunction) -> None:
    with function.behind("rest") as door:
        found = findings(door.url)
    assert "but STREAMING is true" in of(found, "fault")[0]


@pytest.mark.parametrize(
    ("door", "says"),
    [
        (StreamingRestApi(RestApi()), "its integration streams, and the function answers in one piece"),
        (RestApi(SAYS_SO), "the function streams, and the integration does not"),
    ],
)
def test_a_wrong_pair_is_named(function: StreamingFunction, door: RestApi | StreamingRestApi, says: str) -> None:
    with function.behind(door) as opened:
        (found,) = findings(opened.url)
    assert found.level == "fault" and says in found.says and "provision" in found.fix


@pytest.mark.parametrize(
    ("fault", "case", "level", "says"),
    [
        (faults.looks_whole, "cut", "fault", "looks whole"),
        (faults.hangs_without_a_body, "no-content", "fault", "hangs"),
        (faults.hangs_without_a_body, "empty", "fault", "hangs"),
        (faults.unpacks, "compressed", "warning", "unpacked it"),
        (faults.changes_bytes, "5-megabytes", "fault", "other bytes than were sent"),
        (faults.loses_headers, "headers", "fault", "2 of 63 headers are missing"),
        (faults.cuts_after_five_megabytes, "12-megabytes", "fault", "broken off"),
        (faults.changes_empty_statuses, "not-modified", "fault", "304 was sent"),
    ],
)
def test_one_fault_is_named(
    function: StreamingFunction, fault: Fault, case: str, level: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_TIMEOUT_SECONDS", 1.0 if fault is faults.hangs_without_a_body else 30.0)
    with function.behind("rest-streaming", time_scale=0.05) as door, faulty_door(door.port, fault) as address:
        found = findings(address, cases=(BY_NAME["byte"], BY_NAME[case]))
    assert [one.level for one in found] == ["good", level] and says in found[1].says


def test_a_door_that_gives_up_early(function: StreamingFunction) -> None:
    """Its timeout was left at what it is without streaming, say."""
    with function.behind(StreamingRestApi(RestApi(SAYS_SO), total_seconds=1.5)) as door:
        found = findings(door.url, cases=(BY_NAME["byte"], BY_NAME["slow"]))
    assert "the door gave up by itself, after 2 s" in of(found, "fault")[0]


def test_nobody_there_and_nobody_who_knows_us(function: StreamingFunction) -> None:
    (nobody,) = findings("http://127.0.0.1:9")
    assert nobody.level == "fault" and "Refused" in nobody.says
    with function.behind("rest-streaming", time_scale=0.05) as door:
        (stranger,) = check_door(door.url, "x" * 40, wants_streaming=True)
    assert "does not know this probe (404)" in stranger.says and "SESSION_SECRET" in stranger.fix


def test_the_command(
    function: StreamingFunction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"SESSION_SECRET": SECRET, "ES_ENDPOINT": "https://a.example", "ES_SIGN": "false"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ACCESS_ES_STATE", str(tmp_path))
    monkeypatch.setattr("access_es.doctor.door.CASES", QUICK)
    monkeypatch.setattr(check_door, "__kwdefaults__", {"cases": QUICK})
    with function.behind("rest-streaming", time_scale=0.05) as door:
        assert main(["doctor", "--json", "--door", door.url]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(QUICK)
    assert main(["doctor", "--door"]) == 1 and "no address of its own" in capsys.readouterr().out
