"""Threads of the system for what takes the processor for long, while the worker's greenlets are served.

They share the interpreter with the worker: a thread that hashes lets go of it, one that judges after 5 ms at the latest
(`sys.getswitchinterval`). So few of those that judge, and apart from the others, for a sign-in waits for none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from gevent.threadpool import ThreadPool

T = TypeVar("T")

_HASHING, _JUDGING = 4, 2


@cache
def _pool(purpose: str, threads: int) -> ThreadPool:
    return ThreadPool(threads)


def hash_in_thread(work: Callable[[], T], /) -> T:
    return _run(_pool("hash", _HASHING), work)


def judge_in_thread(work: Callable[[], T], /) -> T:
    return _run(_pool("judge", _JUDGING), work)


def _run(pool: ThreadPool, work: Callable[[], T]) -> T:
    result: Any = pool.apply(work)
    return result  # type: ignore[no-any-return]
