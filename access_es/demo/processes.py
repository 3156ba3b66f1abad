"""Start a program of the demo, wait until it is healthy, and end it: always, also when the demo itself is killed."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from access_es.demo import supervisor
from access_es.demo.errors import ChildFailed

CLEAN_ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
"""All that an engine sees of our environment: the AWS credentials of whoever starts the demo stay away from it."""


class Child:
    """One running program under its supervisor process."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @property
    def supervisor_pid(self) -> int:
        return self._process.pid

    def wait_until(self, healthy: Callable[[], bool], timeout_seconds: float) -> None:
        """Return once `healthy()` is true; raise `ChildFailed` when the program ends before that, or time is up."""
        deadline = time.monotonic() + timeout_seconds
        while not healthy():
            if self._process.poll() is not None:
                raise ChildFailed(f"{self.name} ended with status {self._process.returncode}.", self.log)
            if time.monotonic() > deadline:
                raise ChildFailed(f"{self.name} was not ready after {timeout_seconds:.0f} seconds.", self.log)
            time.sleep(0.1)

    def wait(self) -> None:
        """Return when the program has ended well; raise `ChildFailed` otherwise."""
        if self._process.wait() != 0:
            raise ChildFailed(f"{self.name} ended with status {self._process.returncode}.", self.log)

    def detach(self) -> None:
        """Ask the supervisor to end the program, without waiting for it."""
        if self._process.stdin:
            self._process.stdin.close()

    def stop(self) -> None:
        """End the program and everything it started; return when it is gone."""
        self.detach()
        self._process.wait(supervisor.GRACE_SECONDS + 10)


class Children:
    """All programs of one demo; used as a context manager it leaves none behind.

    `inherited` are descriptors that every program keeps open: a lock on what they use together, say.
    """

    def __init__(self, inherited: Sequence[int] = ()) -> None:
        self._inherited = tuple(inherited)
        self._children: list[Child] = []
        self._closed = False
        self._lock = threading.Lock()

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        environment: Mapping[str, str] | None = CLEAN_ENVIRONMENT,
    ) -> Child:
        """Start `command` in `folder` with its output in `log`; `None` as environment means ours."""
        with self._lock, log.open("wb") as output:
            if self._closed:
                raise ChildFailed(f"{name} was not started: the demo is stopping.", log)
            process = subprocess.Popen(
                [sys.executable, "-I", supervisor.__file__, *command],
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self._inherited,
            )
            child = Child(name, process, log)
            self._children.append(child)
        return child

    def stop(self) -> None:
        """End every program, all at the same time."""
        with self._lock:
            self._closed = True
            children = list(self._children)
        for child in children:
            child.detach()
        for child in children:
            child.stop()

    def __enter__(self) -> "Children":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def free_ports(count: int) -> list[int]:
    """Return `count` different loopback ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
