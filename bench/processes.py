"""Programs that a measurement starts and stops, and the memory they take."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str], port: int, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    """A program that listens on `port`; gives the pid of its group, which is stopped at the end."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, start_new_session=True, env={**os.environ, **(environment or {})}
        )
    try:
        _await_port(process, port, log)
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens on {port}; its log ends with: {log.read_text()[-800:]}")


def members(group: int) -> list[int]:
    """The processes of a group."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.getpgid(int(entry.name)) == group:
                found.append(int(entry.name))
        except ProcessLookupError:
            continue
    return found


def reset_peaks(group: int) -> None:
    """Let the peaks start anew (proc(5): 5 in clear_refs resets VmHWM)."""
    for pid in members(group):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mebibytes(group: int) -> float:
    """The sum of the processes' peak resident sizes."""
    return sum(_status_kibibytes(pid, "VmHWM") for pid in members(group)) / 1024


def resident_mebibytes(group: int) -> float:
    return sum(_status_kibibytes(pid, "VmRSS") for pid in members(group)) / 1024


def _status_kibibytes(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0


def cpu_seconds(group: int) -> float:
    """The processor time that a group's processes have taken."""
    return sum(cpu_times(group))


def cpu_times(group: int) -> tuple[float, float]:
    """The same in user mode and in the kernel, in seconds (proc(5): utime and stime)."""
    user = system = 0
    for pid in members(group):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        user += int(fields[11])
        system += int(fields[12])
    ticks = os.sysconf("SC_CLK_TCK")
    return user / ticks, system / ticks
