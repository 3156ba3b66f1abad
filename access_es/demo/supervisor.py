"""Runs one engine and ends it with everything it started as soon as the demo is gone.

Started as a program of its own: `python supervisor.py COMMAND...` with the reading end of a pipe from the demo as its
standard input. The kernel closes the writing end however the demo ends, by kill -9 too, and that is the sign to stop.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time

GRACE_SECONDS = 10
"""An Elasticsearch closes its shards within a second or two; one that takes longer than this is stuck."""


def main(command: list[str]) -> int:
    """Run `command` in a process group of its own until it ends or the demo does; return its exit status."""
    demo = os.getppid()
    engine = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, close_fds=False)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    threading.Thread(target=_end_with_demo, args=(engine, demo, stopping), daemon=True).start()
    status = engine.wait()
    _signal_group(engine, signal.SIGKILL)
    return status if status >= 0 else 128 - status


def _end_with_demo(engine: "subprocess.Popen[bytes]", demo: int, stopping: threading.Event) -> None:
    while not (stopping.is_set() or _demo_is_gone(demo)):
        pass
    _signal_group(engine, signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    _signal_group(engine, signal.SIGKILL)


def _demo_is_gone(demo: int) -> bool:
    """Wait up to half a second; a forked copy of the demo may hold the pipe open, so its process id counts as well."""
    readable, _, _ = select.select([0], [], [], 0.5)
    return bool(readable) or os.getppid() != demo


def _signal_group(engine: "subprocess.Popen[bytes]", signal_number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(engine.pid, signal_number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
