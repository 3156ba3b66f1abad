"""Our function under the real runtime client, from the source tree, behind emulated doors that stream."""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from access_es.demo.cloud.doors.listener import Front, ListenerSettings
from access_es.demo.cloud.doors.messages import Door
from access_es.demo.cloud.doors.registry import open_door
from access_es.demo.cloud.event_loop import EventLoop
from access_es.demo.cloud.lambda_service import Function, LambdaService
from access_es.demo.cloud.sandbox import FunctionSettings
from tests.lambda_process import add_alice, environment_of
from tests.running_proxy import ROOT, Reply


@dataclass(frozen=True)
class StreamingFunction:
    """The function, and who may come in."""

    function: Function
    loop: EventLoop
    token: str
    folder: Path = field(repr=False)

    @contextmanager
    def behind(self, door: str | Door, **settings: Any) -> Iterator[OpenDoor]:
        opened = open_door(door) if isinstance(door, str) else door
        front = Front(opened, self.function.invoke, ListenerSettings(**settings))
        port = self.loop.run(front.start("127.0.0.1", 0))
        try:
            yield OpenDoor(port, self.token, front)
        finally:
            self.loop.run(front.stop())

    def await_delivery(self, target: str) -> str:
        """What the audit says of the last request for a path; its line is written when its answer has left."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            lines = [json.loads(line) for line in self.function.log().splitlines() if line.startswith('{"time"')]
            if lines and lines[-1]["path"] == target.partition("?")[0]:
                return str(lines[-1]["delivery"])
            time.sleep(0.05)
        raise AssertionError(self.function.log())


@dataclass(frozen=True)
class OpenDoor:
    port: int
    token: str
    front: Front = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes | None = None,
        *, signed_in: bool = True,
    ) -> Reply:  # fmt: skip
        """One request, of alice's if signed in. Raises http.client's IncompleteRead where the answer breaks off."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            bearer = {"Authorization": f"Bearer {self.token}"} if signed_in else {}
            connection.request(method, target, body, {**bearer, **(headers or {})})
            answer = connection.getresponse()
            return Reply(answer.status, tuple(answer.getheaders()), answer.read())
        finally:
            connection.close()


@contextmanager
def streaming_function(
    domain_url: str, folder: Path, *, function: Mapping[str, Any] | None = None, **settings: str
) -> Iterator[StreamingFunction]:
    """`settings` are ours, `function` those of `FunctionSettings`."""
    token = add_alice(folder, domain_url)
    given = environment_of(folder, domain_url, **{"STREAMING": "true", **settings})
    kept = {name: given[name] for name in given if name.startswith(("AWS_", "PYTHONPATH"))}
    wanted = FunctionSettings(
        "streams", ROOT, "access_es.lambda_handler.lambda_handler", Path(sys.executable), environment=kept,
        timeout_seconds=900.0, memory_megabytes=1024,
    )  # fmt: skip
    with EventLoop() as loop:
        service, made = loop.run(_make(folder, FunctionSettings(**{**_fields(wanted), **(function or {})})))
        try:
            yield StreamingFunction(made, loop, token, folder)
        finally:
            loop.run(service.stop())


async def _make(folder: Path, settings: FunctionSettings) -> tuple[LambdaService, Function]:
    service = LambdaService(folder)
    return service, service.create(settings)


def _fields(settings: FunctionSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__slots__}
