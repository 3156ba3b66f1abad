"""One sandbox: a process with the real runtime client, which runs while there is an event and is frozen otherwise.

Life of an execution environment: Lambda developer guide, "Understanding the Lambda execution environment lifecycle".
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from access_es.demo.cloud import process_stats
from access_es.demo.cloud.invocation import Invocation
from access_es.demo.cloud.runtime_api import HOST, RuntimeApi, Work, failed

INIT_SECONDS = 10.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    """A function as it is configured. `code` is the unpacked zip, `python` an interpreter that has the runtime client
    and what else Lambda's runtime brings, and nothing of ours."""

    name: str
    code: Path
    handler: str
    python: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    memory_megabytes: int = 512
    timeout_seconds: float = 30.0
    concurrency: int = 1000
    region: str = "us-east-1"
    account: str = "123456789012"
    runtime: str = "python3.11"

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"


@dataclass(slots=True)
class Report:
    """What Lambda's log says at the end of an invocation."""

    request_id: str
    sandbox: int
    seconds: float = 0.0
    init_seconds: float | None = None  # of a cold start
    peak_bytes: int = 0
    error: str | None = None


class Sandbox:
    """Belongs to one event loop and one thread, and dies with that thread."""

    def __init__(self, number: int, settings: FunctionSettings, folder: Path) -> None:
        self.number = number
        self.settings = settings
        self.log = folder / f"sandbox-{number}.log"
        self._scratch = folder / f"sandbox-{number}-tmp"
        self._api = RuntimeApi(self._freeze)
        self._process: subprocess.Popen[bytes] | None = None
        self._died = asyncio.Event()
        self._started = 0.0
        self.init_seconds: float | None = None
        self.idle_bytes = 0
        self.peak_bytes = 0
        self.busy = True

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def alive(self) -> bool:
        return self._process is not None and not self._died.is_set()

    @property
    def idle(self) -> bool:
        return self.alive and not self.busy and self._api.idle.is_set()

    async def start(self) -> Invocation | None:
        """Returns when the function may be called, or the error that its init ended with."""
        self._scratch.mkdir(exist_ok=True)
        environment = sandbox_environment(self.settings, await self._api.start(), self._scratch)
        command = [str(self.settings.python), "-B", "-m", "awslambdaric", self.settings.handler]
        self._started = time.monotonic()
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                # The kernel kills it with us, also while it is stopped, when no signal handler could run.
                ["setpriv", "--pdeathsig", "KILL", *command],
                cwd=self.settings.code,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._watch(self._process.pid)
        if await self._until_idle(INIT_SECONDS):
            return None
        self.kill()
        if self._api.init_error is not None:
            return Invocation(self._api.init_error, "Unhandled")
        return failed("Runtime.ExitError", "RequestId: unknown Error: Runtime exited during init")

    async def invoke(self, work: Work) -> Invocation:
        """One event. The caller has made sure that no other is under way."""
        deadline = time.monotonic() + self.settings.timeout_seconds
        outcome = self._api.give(work)
        self._signal(signal.SIGCONT)
        while not outcome.done():
            await self._race(outcome, POLL_SECONDS)
            self._note_memory()
            if outcome.done():
                break
            if not self.alive:
                return failed("Runtime.ExitError", f"RequestId: {work.request_id} Error: Runtime exited")
            if time.monotonic() >= deadline:
                self.kill()
                after = f"Task timed out after {self.settings.timeout_seconds:.2f} seconds"
                return failed("Sandbox.Timedout", f"RequestId: {work.request_id} Error: {after}")
            if self.peak_bytes > self.settings.memory_megabytes * 1024 * 1024:
                self.kill()
                return failed("Runtime.OutOfMemory", f"RequestId: {work.request_id} Error: Runtime exited: killed")
        return outcome.result()

    async def settle(self, seconds: float) -> bool:
        """Wait until the client asks for its next event; whether it did."""
        return await self._until_idle(seconds)

    def kill(self) -> None:
        self._note_memory()
        self._signal(signal.SIGKILL)

    async def stop(self) -> None:
        self.kill()
        if self._process is not None:
            await self._died.wait()
        await self._api.stop()

    def reset_peak(self) -> None:
        """Count the peak from here."""
        process_stats.reset_peak(self.pid)
        self.peak_bytes = process_stats.memory_bytes(self.pid, "VmHWM")

    @property
    def cpu_seconds(self) -> float:
        return process_stats.cpu_seconds(self.pid)

    def _freeze(self) -> None:
        if self.init_seconds is None:
            self.init_seconds = time.monotonic() - self._started
            self.idle_bytes = process_stats.memory_bytes(self.pid, "VmRSS")
        self._note_memory()
        self._signal(signal.SIGSTOP)

    def _note_memory(self) -> None:
        self.peak_bytes = max(self.peak_bytes, process_stats.memory_bytes(self.pid, "VmHWM"))

    def _signal(self, number: signal.Signals) -> None:
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _watch(self, pid: int) -> None:
        """A process descriptor becomes readable when its process ends (pidfd_open(2))."""
        loop = asyncio.get_running_loop()
        descriptor = os.pidfd_open(pid)

        def reap() -> None:
            loop.remove_reader(descriptor)
            os.close(descriptor)
            if self._process is not None:
                self._process.wait()
            self._died.set()

        loop.add_reader(descriptor, reap)

    async def _until_idle(self, seconds: float) -> bool:
        waiting = asyncio.ensure_future(self._api.idle.wait())
        try:
            return await self._race(waiting, seconds)
        finally:
            waiting.cancel()

    async def _race(self, wanted: asyncio.Future[Any], seconds: float) -> bool:
        """Whether `wanted` came before the process died and before the time was up."""
        died = asyncio.ensure_future(self._died.wait())
        try:
            await asyncio.wait({wanted, died}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return wanted.done()
        finally:
            died.cancel()


def sandbox_environment(settings: FunctionSettings, api_port: int, scratch: Path) -> dict[str, str]:
    """What a function finds in its environment (Lambda developer guide, "Defined runtime environment variables")."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "TMPDIR": str(scratch),
        "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{api_port}",
        "AWS_LAMBDA_FUNCTION_NAME": settings.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings.memory_megabytes),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{settings.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": scratch.name,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings.runtime}",
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
        "LAMBDA_TASK_ROOT": str(settings.code),
        "_HANDLER": settings.handler,
        **settings.environment,
    }
