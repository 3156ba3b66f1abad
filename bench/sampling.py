"""Where a worker's CPU time goes: a sample at each tick of the kernel's clock, named by the part that was at work.

    SAMPLES=file python -m bench.sampling serve …

is `python -m access_es serve …` with samples. The kernel's timer of CPU time (setitimer(2), ITIMER_PROF) asks, so that
time spent waiting does not count, and a system call counts for the part that made it. The signal is handled when the
interpreter is between two instructions: what a call into C took is counted for the line that called. The start is left
out.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

PARTS = {
    "the client's socket": ("server/connection.py", "server/worker.py"),
    "the domain's socket": ("upstream/connection.py", "upstream/pool.py"),
    "waiting in the event loop": ("server/readiness.py", "gevent/hub.py"),
    "reading the request": ("server/request_head.py", "server/body.py", "server/environ.py", "ingress/"),
    "who sends it": ("sign_in/", "users/", "storage/", "user_limit.py"),
    "signing": ("upstream/signing.py", "upstream/target.py", "aws_credentials.py", "upload.py"),
    "the domain's request": ("upstream/client.py", "upstream/headers.py:request_headers"),
    "reading the answer": ("upstream/head.py", "upstream/answer.py", "upstream/redaction.py"),
    "writing the answer": ("server/response.py", "delivery/", "upstream/headers.py"),
    "the audit line": ("audit.py", "services.py", "server/metrics/"),
    "from part to part": (
        "server/answering.py", "proxy.py", "tasks/", "authorization.py", "live_permissions.py", "messages.py"
    ),
}  # fmt: skip
OTHER = "all else"
_START_SECONDS = 2.0  # of CPU
_SECONDS = 0.001  # or a tick, whichever is longer
_WRITE_EVERY = 50

_found: Counter[str] = Counter()
_known: dict[str, str] = {}


def part_of(frame: FrameType | None) -> str:
    """The part that the innermost frame with a part of its own belongs to."""
    while frame is not None:
        code = frame.f_code
        key = f"{code.co_filename}:{code.co_name}"
        part = _known.get(key)
        if part is None:
            part = _known[key] = _find(key)
        if part:
            return part
        frame = frame.f_back
    return OTHER


def _find(key: str) -> str:
    inner = key.partition("/access_es/")[2] or key.partition("/site-packages/")[2]
    return next((part for part, places in PARTS.items() if inner.startswith(places)), "")


def _sample(_: int, frame: FrameType | None) -> None:
    _found[part_of(frame)] += 1
    if _found.total() % _WRITE_EVERY == 0:
        Path(os.environ["SAMPLES"]).write_text(json.dumps(_found))


def _begin() -> None:
    """In a worker, which has just been forked: a timer is not inherited."""
    signal.signal(signal.SIGPROF, _sample)
    signal.setitimer(signal.ITIMER_PROF, _START_SECONDS, _SECONDS)


if __name__ == "__main__":
    from access_es.__main__ import main

    os.register_at_fork(after_in_child=_begin)
    sys.exit(main())
