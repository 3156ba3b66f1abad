"""How much of one user is done at a time, so that nobody takes all places of the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

from access_es.errors import AccessEsError

_MOST_USERS = 1_000  # that are remembered without a request in progress


class TooManyRequests(AccessEsError):
    """One user has as many requests in progress as may be."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests at a time"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit:,} of your requests are in progress, as many as the setting REQUESTS_PER_USER allows. Try again "
            "when one of them is done."
        )

    @property
    def extra_headers(self) -> tuple[tuple[str, str], ...]:
        return (("Retry-After", "1"),)


class OneAtATime:
    """What takes long is done for each user once at a time; the user's other requests wait, and nobody else's."""

    def __init__(self) -> None:
        self._queues: WeakValueDictionary[str, _Queue] = WeakValueDictionary()

    @contextmanager
    def turn(self, user: str) -> Iterator[None]:
        queue = self._queues.setdefault(user, _Queue())  # there as long as somebody is in it
        with queue.lock:
            yield


class _Queue:
    __slots__ = ("__weakref__", "lock")

    def __init__(self) -> None:
        self.lock = threading.Lock()


class UserLimit:
    """`most` requests of each user in this process. Threads that enter at the same moment may all be let in."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._places: dict[str, list[None]] = {}  # appending and popping need no lock

    def enter(self, user: str) -> Callable[[], object]:
        """Count one in; what is returned counts it out again. Raises TooManyRequests."""
        taken = self._places.get(user)
        if taken is None:
            self._forget_idle()
            taken = self._places.setdefault(user, [])
        if len(taken) >= self._most:
            raise TooManyRequests(self._most)
        taken.append(None)
        return taken.pop

    def _forget_idle(self) -> None:
        if len(self._places) >= _MOST_USERS:
            self._places = {user: taken for user, taken in list(self._places.items()) if taken}
