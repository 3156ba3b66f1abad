"""The Lambda service: functions, each with as many sandboxes as it has requests at one time."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from dataclasses import replace
from pathlib import Path

from access_es.demo.cloud.async_events import AsyncEvents
from access_es.demo.cloud.invocation import MAX_REQUEST_BYTES, Invocation, PayloadTooLarge, Throttled
from access_es.demo.cloud.response_stream import ResponseStream
from access_es.demo.cloud.runtime_api import Work
from access_es.demo.cloud.sandbox import FunctionSettings, Report, Sandbox

SETTLE_SECONDS = 0.25


class Function:
    """One deployed function. All of it happens in the event loop that it was made in."""

    def __init__(self, settings: FunctionSettings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.events = AsyncEvents(self.invoke)
        self.reports: deque[Report] = deque(maxlen=10_000)
        self.sandboxes: list[Sandbox] = []
        self.past: list[Sandbox] = []  # that were killed or died
        self._made = 0

    async def invoke(self, payload: bytes, stream: ResponseStream | None = None) -> Invocation:
        """Raises InvokeError when it cannot begin. With `stream`, as InvokeWithResponseStream does."""
        if len(payload) > MAX_REQUEST_BYTES:
            raise PayloadTooLarge(MAX_REQUEST_BYTES)
        began = time.monotonic()
        report = Report(str(uuid.uuid4()), 0)
        sandbox = await self._free_sandbox()
        sandbox.busy = True
        try:
            invocation = await self._run(sandbox, payload, report, stream)
            if stream is not None and invocation.error:  # it ended before its response did
                await stream.finish(invocation.error, is_cut=True)
        finally:
            sandbox.busy = False
            report.seconds, report.peak_bytes = time.monotonic() - began, sandbox.peak_bytes
            self.reports.append(report)
            await self._drop_dead()
        report.error = invocation.error
        return invocation

    async def _run(self, sandbox: Sandbox, payload: bytes, report: Report, stream: ResponseStream | None) -> Invocation:
        report.sandbox = sandbox.number
        if not sandbox.pid:
            failure = await sandbox.start()
            report.init_seconds = sandbox.init_seconds
            if failure is not None:
                return failure
        deadline = int((time.time() + self.settings.timeout_seconds) * 1000)
        return await sandbox.invoke(Work(report.request_id, payload, deadline, self.settings.arn, stream=stream))

    async def _free_sandbox(self) -> Sandbox:
        """The one that was used last, as it is the warmest; a new one when all are busy."""
        for sandbox in self.sandboxes:
            if sandbox.alive and not sandbox.busy and not sandbox.idle:
                await sandbox.settle(SETTLE_SECONDS)  # it has answered, and is about to ask for more
        free = next((sandbox for sandbox in reversed(self.sandboxes) if sandbox.idle), None)
        if free is not None:
            return free
        if len(self.sandboxes) >= self.settings.concurrency:
            raise Throttled
        self._made += 1
        sandbox = Sandbox(self._made, self.settings, self.folder)
        self.sandboxes.append(sandbox)
        return sandbox

    async def _drop_dead(self) -> None:
        dead = [sandbox for sandbox in self.sandboxes if sandbox.pid and not sandbox.alive]
        for sandbox in dead:
            self.sandboxes.remove(sandbox)
            self.past.append(sandbox)
            await sandbox.stop()

    async def configure(self, **changes: object) -> None:
        """New settings for new sandboxes; the present ones end, as after UpdateFunctionConfiguration."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        await self.recycle()

    async def recycle(self) -> None:
        """End every sandbox that has nothing to do: the next request is a cold start."""
        resting = [sandbox for sandbox in self.sandboxes if not sandbox.busy]
        for sandbox in resting:
            self.sandboxes.remove(sandbox)
            self.past.append(sandbox)
        await asyncio.gather(*(sandbox.stop() for sandbox in resting))

    async def stop(self) -> None:
        await self.events.stop()
        await asyncio.gather(*(sandbox.stop() for sandbox in self.sandboxes))

    @property
    def peak_bytes(self) -> int:
        """The most that any sandbox had."""
        return max((sandbox.peak_bytes for sandbox in (*self.past, *self.sandboxes)), default=0)

    def log(self) -> str:
        """What the sandboxes wrote, one after the other."""
        files = [sandbox.log for sandbox in (*self.past, *self.sandboxes)]
        return "".join(file.read_text(errors="replace") for file in files if file.exists())


class LambdaService:
    """Functions by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.functions: dict[str, Function] = {}

    def create(self, settings: FunctionSettings) -> Function:
        folder = self._folder / settings.name
        folder.mkdir(parents=True, exist_ok=True)
        function = self.functions[settings.name] = Function(settings, folder)
        return function

    def find(self, name: str) -> Function | None:
        """By name or ARN, with or without a version."""
        parts = name.split(":")
        short = parts[6] if len(parts) > 6 else parts[0]
        return self.functions.get(short)

    async def stop(self) -> None:
        await asyncio.gather(*(function.stop() for function in self.functions.values()))
