"""Decides how a request is sent: directly, both directly and as a task, or as a task. Pure: no clock and no store."""

from __future__ import annotations

from access_es.lazy_dataclass import dataclass
from access_es.messages import ProxyRequest
from access_es.tasks.prefer import read_preference
from access_es.tasks.reads import is_read
from access_es.tasks.searches import console_request, is_search, split_path, ui_segments

_OWN_TASK = b"wait_for_completion=false"  # then the engine makes it a task of its own, and answers at once


@dataclass(frozen=True, slots=True)
class Direct:
    """Sent once, on the client's own connection, as long as the front door waits."""


@dataclass(frozen=True, slots=True)
class TaskWhenSlow:
    """It only reads: sent at once, and continued as a task if there is no answer in time.

    `after_a_while`: a search, whose task starts early; else one that is usually fast, and whose task starts only when
    the front door's time is nearly over.
    """

    after_a_while: bool = True


@dataclass(frozen=True, slots=True)
class TaskAtOnce:
    """A task from the start. `wait_seconds`: when to answer 202; None: as late as the door allows, with a redirect."""

    is_search: bool
    wait_seconds: float | None = None


Strategy = Direct | TaskWhenSlow | TaskAtOnce
_DIRECT, _SEARCH, _READ = Direct(), TaskWhenSlow(), TaskWhenSlow(after_a_while=False)


class Rules:
    """`long_paths` are parts of paths, such as `_reindex` or `logs/_search`, that start as tasks at once."""

    def __init__(self, long_paths: tuple[str, ...]) -> None:
        self._long_paths = tuple(split_path(path.encode()) for path in long_paths if split_path(path.encode()))
        self._last_segments = tuple(path[-1] for path in self._long_paths)

    def choose(self, request: ProxyRequest) -> Strategy:
        """Without a time limit of the front door, requests wait for the domain, unless the client prefers otherwise."""
        preference = read_preference(request.headers)
        if preference is None and request.answer_by is None:
            return _DIRECT
        method, target = console_request(request.method, request.target) or (request.method, request.target)
        if preference is not None and request.method not in ("HEAD", "OPTIONS"):
            return TaskAtOnce(is_search(method, target), preference.wait_seconds)
        if request.answer_by is None:
            return _DIRECT
        if self._is_long(method, target):
            return TaskAtOnce(is_search(method, target))
        if is_search(method, target):
            return _SEARCH
        return _READ if is_read(method, target) else _DIRECT

    def _is_long(self, method: str, target: bytes) -> bool:
        path, _, query = target.partition(b"?")
        if b"%" not in path and not any(segment in path for segment in self._last_segments):
            return False  # so it is with nearly all
        segments = split_path(path)
        if method in ("HEAD", "OPTIONS") or ui_segments(segments) is not None or _OWN_TASK in query.split(b"&"):
            return False
        return any(_contains(segments, sought) for sought in self._long_paths)


def _contains(segments: tuple[bytes, ...], sought: tuple[bytes, ...]) -> bool:
    size = len(sought)
    return any(segments[start : start + size] == sought for start in range(len(segments) - size + 1))
