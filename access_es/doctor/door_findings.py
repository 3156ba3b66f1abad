"""What came of a probe, compared with what a door without fault brings. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from access_es.door_probe.answer import RUNTIME_HEADER, STREAMS_HEADER
from access_es.door_probe.cases import COOKIES, HEADERS, Case
from access_es.provision.finding import Finding, fault, good, warning

_TOPIC = "door"
_PROVISION = "run `zappa update`, or the command provision; then doctor --door again"
_REPORT = "open an issue with this report: .github/ISSUE_TEMPLATE/door-report.md"
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Came:
    """One answer, or why there was none. `start` are its first bytes, `digest` is that of the decoded body."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    size_bytes: int = 0
    digest: str = ""
    start: bytes = field(default=b"", repr=False)
    failure: str = ""
    first_seconds: float = 0.0
    seconds: float = 0.0

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known == name.lower()), None)

    @property
    def code(self) -> str:
        """That of an error of ours, empty for others', also for the gateway's own in our words."""
        try:
            error = json.loads(self.start)["error"]
            return "" if error["layer"] == "gateway" else str(error["code"])
        except (ValueError, TypeError, KeyError):
            return ""

    def __str__(self) -> str:
        if not self.status:
            return f"no answer: {self.failure} after {self.seconds:.1f} s"
        said = f" {self.code}" if self.code else ""
        cut = f", broken off ({self.failure})" if self.failure else ""
        times = f"the first byte after {self.first_seconds:.2f} s, the last after {self.seconds:.2f} s"
        return f"{self.status}{said}, {self.size_bytes:,} bytes{cut}, {times}"


def judge_address(address: str, came: Came) -> Finding | None:
    """Why it is of no use to ask on, by the first answer; None where it is."""
    if not came.status:
        return fault(_TOPIC, f"{address}: {came}", "check the address, and the network from here to it")
    if came.status in (403, 404):
        what = f"{address} does not know this probe ({came.status})"
        fix = "check the address and the stage, and that this version is deployed with this stage's SESSION_SECRET"
        return fault(_TOPIC, what, fix)
    if came.status == 500 and not came.code:
        what = f"{address} answers 500 to everything: its integration streams, and the function answers in one piece"
        return fault(
            _TOPIC, what, f"{_PROVISION}; the log of the function says if its runtime is one that cannot stream"
        )
    if came.status == 502 and not came.code:
        return fault(_TOPIC, f"{address} answers 502: the function fails", "read the log of the function")
    if came.status == 200 and not came.size_bytes and not came.failure:
        what = f"{address} brings headers and no body: the function streams, and the integration does not"
        return fault(_TOPIC, what, _PROVISION)
    return None


def judge(case: Case, came: Came, wants_streaming: bool) -> Finding:
    streams = came.header(STREAMS_HEADER) == "true"
    if fault_found := next(_faults(case, came, wants_streaming), None):
        return fault_found
    if case.name == "byte":
        runtime = came.header(RUNTIME_HEADER) or "unknown runtime"
        says = f"{case.title}: {came}; {'streaming' if streams else 'whole answers'}; {runtime}"
        if wants_streaming and not streams:
            return fault(_TOPIC, f"{says}; but STREAMING is true", _PROVISION)
        return good(_TOPIC, says)
    return good(_TOPIC, f"{case.title}: {came}")


def _faults(case: Case, came: Came, wants_streaming: bool) -> Iterator[Finding]:
    said = f"{case.title}: {came}"
    if not came.status:
        yield fault(_TOPIC, f"{said}: the door hangs" if "imed out" in came.failure else said, _REPORT)
    elif case.fails_after is not None:
        yield from _faults_of_a_cut(case, came, said, wants_streaming)
    elif came.failure:
        yield fault(_TOPIC, said, _REPORT)
    elif came.status != case.status:
        yield from _other_status(case, came, said, wants_streaming)
    elif case.has_body:
        yield from _faults_of_the_body(case, came, said)
    elif came.size_bytes:
        yield fault(_TOPIC, f"{said}: it should have no body", _REPORT)


def _faults_of_a_cut(case: Case, came: Came, said: str, wants_streaming: bool) -> Iterator[Finding]:
    if came.failure or came.code == "domain_broke_off":
        return  # seen as what it is: broken, or an error in its place
    if came.code == "answer_too_large" and not wants_streaming:
        return  # a door that takes even less
    if came.status == case.status:
        what = f"{said}: it looks whole, though {case.size_bytes:,} bytes were announced"
        yield fault(_TOPIC, f"{what}: no client can tell that the rest is missing", _REPORT)
    else:
        yield fault(_TOPIC, said, _REPORT)


def _other_status(case: Case, came: Came, said: str, wants_streaming: bool) -> Iterator[Finding]:
    """An error of ours is how a door of limits is to look; anybody else's is a fault."""
    if came.status == 303 and case.size_bytes > _MEGABYTE:
        yield good(_TOPIC, f"{said}: through the overflow bucket")
    elif came.code in ("answer_too_large", "answer_headers_too_large", "domain_timeout") and not wants_streaming:
        yield good(_TOPIC, f"{said}: more than this door takes, and said so")
    elif case.delay_seconds and not came.code:
        what = f"{said}: the door gave up by itself, after {came.seconds:.0f} s"
        yield fault(_TOPIC, what, _PROVISION if wants_streaming else _REPORT)
    else:
        yield fault(_TOPIC, f"{said}: {case.status} was sent", _REPORT)


def _faults_of_the_body(case: Case, came: Came, said: str) -> Iterator[Finding]:
    if came.digest != case.digest():
        missing = "the body did not arrive" if not came.size_bytes else "these are other bytes than were sent"
        yield fault(_TOPIC, f"{said}: {missing}", _REPORT)
    elif case.is_compressed and came.header("content-encoding") != "gzip":
        yield warning(_TOPIC, f"{said}: the door unpacked it", '"payload_compression": false, then zappa update')
    elif case.many_headers and (lost := _lost_headers(came)):
        yield fault(_TOPIC, f"{said}: {lost} of {len(HEADERS) + len(COOKIES)} headers are missing or changed", _REPORT)


def _lost_headers(came: Came) -> int:
    kept = [(name.lower(), value) for name, value in came.headers]
    return sum((name.lower(), value) not in kept for name, value in (*HEADERS, *COOKIES))
