"""What the kernel knows of a process (proc(5)): memory and processor time."""

from __future__ import annotations

import os
from pathlib import Path


def memory_bytes(pid: int, field: str) -> int:
    """`VmRSS` is what the process has now, `VmHWM` the most it had; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith(f"{field}:")), "")
    return int(line.split()[1]) * 1024 if line else 0


def reset_peak(pid: int) -> None:
    """The most the process had is from now on counted anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def cpu_seconds(pid: int) -> float:
    """Processor time so far, in user and kernel mode; 0 when it is gone."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def is_stopped(pid: int) -> bool:
    """Whether a signal has stopped it, as a frozen sandbox is."""
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0] == "T"
        )
    except OSError:
        return False
