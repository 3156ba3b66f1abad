"""The fixture `through`: each front door of the deployed zip in turn, and a domain that remembers what came through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from access_es.demo.cloud.doors.registry import NAMES
from tests.cloud.front_door import LambdaFrontDoor, OpenLambdaDoor
from tests.cloud.package import CREDENTIAL
from tests.fidelity.raw_client import Pairs, RawAnswer, exchange, request_bytes
from tests.fidelity.recording_domain import Arrived, RecordingDomain, recording_domain


@dataclass(frozen=True)
class RecordedDoor:
    """One door, and the domain that remembers what came through it."""

    name: str
    door: LambdaFrontDoor
    domain: RecordingDomain

    def ask(
        self, method: str, target: bytes, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> RawAnswer:
        pairs = {**self.door.bearer, **(headers or {})}
        return exchange(self.door.port, request_bytes(method, self.mount.encode() + target, pairs, body))

    @property
    def mount(self) -> str:
        """What the door puts before every path."""
        return "/dev" if self.name.endswith("-stage") else ""

    def described(self, headers: Pairs) -> Pairs:
        """Those of an answer that the query of `answer_target` still describes behind this door."""
        return headers[-1:] if self.name == "alb-single" else headers

    def arrived(self, *request: Any) -> Arrived | None:
        """What the domain got of it, None if nothing."""
        before = self.domain.count
        self.ask(*request)
        assert self.domain.count <= before + 1
        return self.domain.last if self.domain.count > before else None


@pytest.fixture(scope="module")
def domain() -> Iterator[RecordingDomain]:
    with recording_domain(CREDENTIAL) as recording:
        yield recording


@pytest.fixture(scope="module", params=(*NAMES, "rest-streaming"))
def through(request: pytest.FixtureRequest, lambda_door: OpenLambdaDoor, domain: RecordingDomain) -> RecordedDoor:
    return RecordedDoor(request.param, lambda_door(request.param, domain=domain.url), domain)
