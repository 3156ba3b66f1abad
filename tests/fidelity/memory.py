"""How much memory a process and its children have taken at most (proc(5): VmHWM, which clear_refs resets)."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")


def family(pid: int) -> list[int]:
    """A process and all that descend from it: the server's master and its workers."""
    children = (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()
    return [pid, *(member for child in children for member in family(int(child)))]


def reset_peaks(pid: int) -> None:
    for member in family(pid):
        (PROC / str(member) / "clear_refs").write_text("5")


def peak_mebibytes(pid: int) -> float:
    """The sum of their peaks since they were last forgotten."""
    return sum(_status_kibibytes(member, "VmHWM") for member in family(pid)) / 1024


def resident_mebibytes(pid: int) -> float:
    return sum(_status_kibibytes(member, "VmRSS") for member in family(pid)) / 1024


def _status_kibibytes(pid: int, name: str) -> int:
    lines = (PROC / str(pid) / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
