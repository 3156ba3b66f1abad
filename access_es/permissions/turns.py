"""Turns for others while a long body is judged: some kilobytes of gzip can be minutes of reading."""

from __future__ import annotations

import time

_TURN_SECONDS = 0.02
_PAUSE_SECONDS = 0.0001  # not 0: gevent looks at its sockets and clocks only once in 50 of those


class Turns:
    """Where greenlets share a thread, `give` lets the others go on now and then; elsewhere it costs nearly nothing."""

    def __init__(self) -> None:
        self._until = time.monotonic() + _TURN_SECONDS

    def give(self) -> None:
        if time.monotonic() >= self._until:
            time.sleep(_PAUSE_SECONDS)
            self._until = time.monotonic() + _TURN_SECONDS
