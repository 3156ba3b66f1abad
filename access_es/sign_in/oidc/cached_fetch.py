"""A document of a provider that is fetched when needed, by one thread for all, and seldom."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from access_es.errors import AccessEsError
from access_es.sign_in.oidc.errors import ProviderUnavailable

FRESH_SECONDS = 3_600.0  # by our own clock: providers send `no-store` on what everybody stores
RENEW_SECONDS = 300.0  # how often the unknown id of a key may cause a fetch
RETRY_SECONDS = 10.0  # after a failure: whoever signs in meanwhile is told at once
_NEW_SECONDS = 1.0  # what was fetched a moment ago is not fetched anew
_WAIT_SECONDS = 10.0
T = TypeVar("T")
log = logging.getLogger("access_es.sign_in.oidc")


class CachedFetch(Generic[T]):
    """A failed fetch keeps what was there before, and counts: nobody can make us fetch more often."""

    def __init__(self, fetch: Callable[[], T], clock: Callable[[], float] = time.time) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._value: T | None = None
        self._failure: AccessEsError | None = None
        self._fetched = self._tried = self._renewed = float("-inf")

    def get(self) -> T:
        """Raises what the fetch raises, where there is nothing older."""
        value = self._value
        if value is None:
            return self._fetch_alone(FRESH_SECONDS)
        if self._is_due(self._fetched, FRESH_SECONDS) and self._lock.acquire(blocking=False):
            try:  # the others go on with what there is
                if self._is_due(self._tried, RETRY_SECONDS):
                    return self._try_again(value)
            finally:
                self._lock.release()
        return value

    def peek(self) -> T | None:
        """What was fetched last; None where nothing was yet. Never a fetch."""
        return self._value

    def get_recent(self, seconds: float) -> T:
        """What was fetched within so many seconds. Raises what the fetch raises, even if there is something older."""
        value = self._value
        if value is not None and not self._is_due(self._fetched, seconds):
            return value
        return self._fetch_alone(seconds)

    def renew(self, every_seconds: float = RENEW_SECONDS) -> T:
        """Fetched anew, unless that was done within so many seconds."""
        value = self.get()
        if not self._may_renew(every_seconds) or not self._lock.acquire(timeout=_WAIT_SECONDS):
            return self._value or value
        try:
            if not self._may_renew(every_seconds):
                return self._value or value  # another thread did, while this one waited
            self._renewed = self._clock()
            return self._try_again(value)
        finally:
            self._lock.release()

    def _fetch_alone(self, seconds: float) -> T:
        """Unless another thread fetched it within so many seconds, or failed a little while ago."""
        if not self._lock.acquire(timeout=_WAIT_SECONDS):
            raise ProviderUnavailable(detail="Another request is still waiting for the provider.")
        try:
            if self._value is not None and not self._is_due(self._fetched, seconds):
                return self._value
            if self._failure is not None and not self._is_due(self._tried, RETRY_SECONDS):
                raise self._failure
            return self._fetch_now()
        finally:
            self._lock.release()

    def _try_again(self, value: T) -> T:
        try:
            return self._fetch_now()
        except AccessEsError as error:
            log.warning("What the provider said before still counts. %s", error.detail)
            return value

    def _fetch_now(self) -> T:
        self._tried = self._clock()
        try:
            self._value = self._fetch()
        except AccessEsError as error:
            self._failure = error
            raise
        self._fetched, self._failure = self._tried, None
        return self._value

    def _may_renew(self, every_seconds: float) -> bool:
        return self._is_due(self._renewed, every_seconds) and self._is_due(self._fetched, _NEW_SECONDS)

    def _is_due(self, since: float, seconds: float) -> bool:
        return not 0 <= self._clock() - since < seconds  # also where the clock was set back
