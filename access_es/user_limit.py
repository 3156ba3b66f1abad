"""How many requests of one user are answered at a time, so that nobody takes all places of the others."""

from __future__ import annotations

import threading
from collections.abc import Callable

from access_es.errors import AccessEsError


class TooManyRequests(AccessEsError):
    """One user has as many requests in progress as may be."""

    status = 429
    code = "too_many_requests"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"{limit:,} of your requests are in progress, as many as the setting REQUESTS_PER_USER allows. Try again "
            "when one of them is done."
        )

    @property
    def extra_headers(self) -> tuple[tuple[str, str], ...]:
        return (("Retry-After", "1"),)


class UserLimit:
    """`most` requests of each user in this process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def enter(self, user: str) -> Callable[[], None]:
        """Count one in; what is returned counts it out again. Raises TooManyRequests."""
        with self._lock:
            count = self._counts.get(user, 0)
            if count >= self._most:
                raise TooManyRequests(self._most)
            self._counts[user] = count + 1
        return lambda: self._leave(user)

    def _leave(self, user: str) -> None:
        with self._lock:
            self._counts[user] -= 1
            if not self._counts[user]:
                del self._counts[user]
