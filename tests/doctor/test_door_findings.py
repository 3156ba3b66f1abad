"""What is said of one probe's answer: each fault by its name, and what is none."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from access_es.doctor.door_findings import Came, judge, judge_address
from access_es.door_probe.answer import RUNTIME_HEADER, STREAMS_HEADER
from access_es.door_probe.cases import BY_NAME, CASES, COOKIES, HEADERS, Case

ADDRESS = "https://api.example/dev"
STREAMS = (STREAMS_HEADER.lower(), "true")


def expected(case: Case, *headers: tuple[str, str]) -> Came:
    """What a streaming door without fault brings."""
    known = (STREAMS, (RUNTIME_HEADER.lower(), "Python"), *headers)
    known += (("content-encoding", "gzip"),) if case.is_compressed else ()
    known += tuple((name.lower(), value) for name, value in (*HEADERS, *COOKIES)) if case.many_headers else ()
    failure = "IncompleteRead" if case.fails_after else ""
    size = case.size_bytes if case.has_body else 0
    return Came(case.status, known, size, case.digest() if size else "", b"x", failure)


def error_of(code: str, status: int, layer: str = "access-es") -> Came:
    return Came(status, (STREAMS,), 90, "", json.dumps({"error": {"code": code, "layer": layer}}).encode())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_door_without_fault(case: Case) -> None:
    assert judge(case, expected(case), wants_streaming=True).level == "good"


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        ("byte", {"headers": ()}, "but STREAMING is true"),
        ("byte", {"digest": "other"}, "other bytes than were sent"),
        ("byte", {"status": 0, "failure": "TimeoutError: timed out"}, "the door hangs"),
        ("byte", {"status": 0, "failure": "ConnectionResetError: x"}, "no answer: ConnectionResetError"),
        ("head", {"size_bytes": 9}, "it should have no body"),
        ("head", {"status": 500}, "200 was sent"),
        ("no-content", {"size_bytes": 9}, "it should have no body"),
        ("no-content", {"status": 200}, "204 was sent"),
        ("not-modified", {"status": 200}, "304 was sent"),
        ("empty", {"failure": "TimeoutError"}, "broken off (TimeoutError)"),
        ("headers", {"headers": (STREAMS,)}, "63 of 63 headers are missing"),
        ("compressed", {"headers": (STREAMS,)}, "the door unpacked it"),
        ("compressed", {"digest": "other"}, "other bytes than were sent"),
        ("5-megabytes", {"size_bytes": 0, "digest": ""}, "the body did not arrive"),
        ("12-megabytes", {"failure": "IncompleteRead"}, "broken off"),
        ("cut", {"failure": ""}, "it looks whole"),
        ("cut", {"failure": "", "status": 502}, "502"),
        ("slow", {"status": 504}, "the door gave up by itself"),
    ],
)
def test_each_fault_has_a_name(name: str, changes: dict[str, object], says: str) -> None:
    came = replace(expected(BY_NAME[name]), **changes)  # type: ignore[arg-type]
    found = judge(BY_NAME[name], came, wants_streaming=True)
    assert found.level == ("warning" if "unpacked" in says else "fault") and says in found.says and found.fix


@pytest.mark.parametrize(
    ("name", "came", "streaming"),
    [
        ("12-megabytes", Came(303), True),  # through the bucket
        ("12-megabytes", error_of("answer_too_large", 502), False),
        ("slow", error_of("domain_timeout", 504), False),
        ("cut", error_of("domain_broke_off", 502), True),
        ("cut", error_of("answer_too_large", 502), False),
    ],
)
def test_what_is_no_fault(name: str, came: Came, streaming: bool) -> None:
    assert judge(BY_NAME[name], came, wants_streaming=streaming).level == "good"


@pytest.mark.parametrize(
    ("name", "came"),
    [
        ("12-megabytes", error_of("answer_too_large", 502)),  # a door that streams takes it
        ("slow", error_of("domain_timeout", 504)),  # and waits for it
        ("slow", error_of("gateway_timeout", 504, "gateway")),  # the gateway's own, in our words
        ("cut", error_of("answer_too_large", 502)),
    ],
)
def test_what_a_door_that_streams_may_not_say(name: str, came: Came) -> None:
    assert judge(BY_NAME[name], came, wants_streaming=True).level == "fault"


@pytest.mark.parametrize(
    ("came", "says"),
    [
        (Came(failure="gaierror: unknown host"), "no answer: gaierror"),
        (Came(404), "does not know this probe (404)"),
        (Came(403), "does not know this probe (403)"),
        (Came(500), "its integration streams, and the function answers in one piece"),
        (Came(502), "the function fails"),
        (Came(200), "the function streams, and the integration does not"),
    ],
)
def test_where_nothing_else_needs_to_be_asked(came: Came, says: str) -> None:
    found = judge_address(ADDRESS, came)
    assert found is not None and found.level == "fault" and says in found.says and found.fix


def test_where_it_goes_on() -> None:
    assert judge_address(ADDRESS, expected(BY_NAME["byte"])) is None
    assert judge_address(ADDRESS, error_of("internal_error", 500)) is None
