import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from access_es.demo.errors import ChildFailed
from access_es.demo.processes import Children, free_ports

ROOT = Path(__file__).parent.parent.parent

FAMILY = """
import os, pathlib, subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path("pids").write_text(f"{os.getpid()} {grandchild.pid} whole")
time.sleep(600)
"""
DEMO = """
import os, pathlib, sys, time
from access_es.demo.processes import Children
folder = pathlib.Path(sys.argv[1])
with Children() as children:
    children.start("Engine", [sys.executable, "-c", sys.argv[2]], folder=folder, log=folder / "log")
    if sys.argv[3] == "forked" and os.fork() == 0:
        time.sleep(2)
        os._exit(0)
    time.sleep(600)
"""


def start(children: Children, folder: Path, code: str) -> "Children":
    children.start("Engine", [sys.executable, "-c", code], folder=folder, log=folder / "log")
    return children


def family(folder: Path) -> list[int]:
    """Return the process ids of an engine and of the child it has started, once both are there."""
    deadline = time.monotonic() + 20
    while not (folder / "pids").exists() or not (folder / "pids").read_text().endswith("whole"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return [int(pid) for pid in (folder / "pids").read_text().split()[:2]]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pids: list[int], timeout_seconds: float = 10) -> None:
    deadline = time.monotonic() + timeout_seconds
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "the demo is gone, but its engine is not"
        time.sleep(0.02)


def test_an_engine_ends_with_everything_it_has_started(tmp_path: Path) -> None:
    with start(Children(), tmp_path, FAMILY):
        pids = family(tmp_path)
        assert all(is_alive(pid) for pid in pids)
    wait_until_gone(pids)


@pytest.mark.parametrize("kind", ["alone", "forked"])
def test_an_engine_ends_when_the_demo_is_killed(tmp_path: Path, kind: str) -> None:
    """Also when a forked copy of the demo, a server's worker say, still lives and holds its pipes open."""
    command = [sys.executable, "-c", DEMO, str(tmp_path), FAMILY, kind]
    with subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}) as demo:
        pids = family(tmp_path)
        demo.send_signal(signal.SIGKILL)
    wait_until_gone(pids)


def test_an_engine_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ignores_sigterm = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + FAMILY
    quick_supervisor = tmp_path / "supervisor.py"
    from access_es.demo import supervisor

    source = Path(supervisor.__file__).read_text()
    quick_supervisor.write_text(source.replace("GRACE_SECONDS = 10", "GRACE_SECONDS = 0.3"))
    monkeypatch.setattr(supervisor, "__file__", str(quick_supervisor))
    with start(Children(), tmp_path, ignores_sigterm):
        pids = family(tmp_path)
    assert not any(is_alive(pid) for pid in pids)


def test_an_engine_sees_no_secrets_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    with Children() as children:
        child = children.start("env", ["/usr/bin/env"], folder=tmp_path, log=tmp_path / "log")
        child.wait()
    assert {line.split("=")[0] for line in (tmp_path / "log").read_text().splitlines()} <= {"PATH", "LANG", "LC_CTYPE"}


def test_a_program_that_ends_too_early_is_reported_with_its_last_output(tmp_path: Path) -> None:
    with Children() as children:
        child = children.start(
            "Engine", ["/bin/sh", "-c", "echo no heap; exit 3"], folder=tmp_path, log=tmp_path / "log"
        )
        with pytest.raises(ChildFailed, match=r"(?s)Engine ended with status 3.*no heap"):
            child.wait_until(lambda: False, 20)


def test_a_program_that_never_becomes_ready_is_reported(tmp_path: Path) -> None:
    with Children() as children:
        child = children.start("Engine", ["/bin/sleep", "600"], folder=tmp_path, log=tmp_path / "log")
        with pytest.raises(ChildFailed, match="Engine was not ready after 0 seconds"):
            child.wait_until(lambda: False, 0.2)


def test_a_command_that_fails_is_reported(tmp_path: Path) -> None:
    with Children() as children:
        child = children.start("Tool", ["/bin/sh", "-c", "kill -9 $$"], folder=tmp_path, log=tmp_path / "log")
        with pytest.raises(ChildFailed, match="status 137"):
            child.wait()


def test_nothing_is_started_once_the_demo_stops(tmp_path: Path) -> None:
    children = Children()
    children.stop()
    with pytest.raises(ChildFailed, match="stopping"):
        start(children, tmp_path, FAMILY)


def test_an_inherited_lock_is_kept_by_the_engine(tmp_path: Path) -> None:
    """So a demo that was killed leaves the data locked until its engines have closed it."""
    reading, writing = os.pipe()
    with Children([writing]) as children:
        listing = f"import os; os.write({writing}, b'still here')"
        start(children, tmp_path, listing)
        assert os.read(reading, 100) == b"still here"
    os.close(reading)
    os.close(writing)


def test_ports_differ() -> None:
    assert len(set(free_ports(20))) == 20
