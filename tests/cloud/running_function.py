"""A function of a few lines under the real runtime client, behind any door: for tests of the cloud itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from access_es.demo.cloud.doors.listener import Front, ListenerSettings
from access_es.demo.cloud.doors.messages import Door
from access_es.demo.cloud.event_loop import EventLoop
from access_es.demo.cloud.lambda_service import Function, LambdaService
from access_es.demo.cloud.sandbox import FunctionSettings

HANDLER = """
import base64, json, os, time

seen = 0

def run(event, context):
    global seen
    seen += 1
    body = (event.get("body") or "").encode()
    body = base64.b64decode(body) if event.get("isBase64Encoded") else body
    asked = json.loads(body) if body.startswith(b"{") else event
    kept = bytearray(b"x") * asked.get("hold", 0)
    if asked.get("sleep"): time.sleep(asked["sleep"])
    if asked.get("raise"): raise ValueError("as asked")
    if asked.get("exit"): os._exit(3)
    if asked.get("size"): return "x" * (asked["size"] - 2)
    if "answer" in asked: return asked["answer"]
    return {"seen": seen, "pid": os.getpid(), "event": event, "left": context.get_remaining_time_in_millis()}
"""


@dataclass(frozen=True)
class RunningFunction:
    function: Function
    service: LambdaService
    loop: EventLoop

    def invoke(self, payload: bytes) -> Any:
        return self.loop.run(self.function.invoke(payload))

    @contextmanager
    def behind(self, door: Door, **settings: Any) -> Iterator[int]:
        """The port of a front door."""
        front = Front(door, self.function.invoke, ListenerSettings(**settings))
        port = self.loop.run(front.start("127.0.0.1", 0))
        try:
            yield port
        finally:
            self.loop.run(front.stop())


@contextmanager
def running_function(folder: Path, **settings: Any) -> Iterator[RunningFunction]:
    """HANDLER, or `code` in its place, as the function `probe`."""
    code = folder / "code"
    code.mkdir(parents=True, exist_ok=True)
    (code / "probe.py").write_text(settings.pop("code", HANDLER))
    chosen = FunctionSettings("probe", code, "probe.run", Path(sys.executable), **settings)
    with EventLoop() as loop:
        service, function = loop.run(_make(folder, chosen))
        try:
            yield RunningFunction(function, service, loop)
        finally:
            loop.run(service.stop())


async def _make(folder: Path, settings: FunctionSettings) -> tuple[LambdaService, Function]:
    service = LambdaService(folder)
    return service, service.create(settings)
