"""AWS credentials from botocore's usual chain, looked up once for all requests that wait for them."""

from __future__ import annotations

import logging
import threading
import time
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from access_es.aws import AwsSession
from access_es.credentials import Credentials
from access_es.errors import NoCredentials

_RENEW_PAUSE_SECONDS = 5.0  # however many requests are refused at once, the source is asked again once
# Instance metadata that does not answer takes seconds to fail: nobody asks it again, nor waits for it, during these.
_RETRY_SECONDS = 5.0
_FRESH_SECONDS = 1.0  # botocore works for each reading, and says long before that others are due
log = logging.getLogger("access_es.aws")


class BotoCredentials:
    """Credentials from the usual chain (environment, profile, role of the function or machine), or of an assumed role.

    botocore renews temporary ones ahead of time, from 15 minutes before they expire. One thread at a time looks them
    up; the others go on with the old ones while these are valid, and else share its result, success or failure.
    """

    def __init__(
        self,
        region: str,
        role_arn: str | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        session: AwsSession | None = None,
        find: Callable[[], Any] | None = None,
    ) -> None:
        self._region = region
        self._session = session or AwsSession(region=region)
        self._role_arn = role_arn
        self._find_instead = find  # gives botocore's credentials in place of the usual chain
        self._clock = clock
        self._lock = threading.Lock()
        self._source: Any = None
        self._last: Credentials | None = None
        self._fresh: tuple[Credentials | None, float] = (None, 0.0)
        self._failure = ""
        self._retry_at = self._renewed_at = float("-inf")

    def current(self) -> Credentials:
        fresh, until = self._fresh
        if fresh is not None and self._clock() < until:
            return fresh
        source = self._source
        if source is not None and not _is_due(source):
            fresh = _read(source)
            self._fresh = (fresh, self._clock() + _FRESH_SECONDS)
            return fresh
        last = self._last if source is not None and not _is_due(source, 0) else None
        if last is None:
            with self._lock:
                return self._look_up(None)
        if self._lock.acquire(blocking=False):
            try:
                return self._look_up(last)
            finally:
                self._lock.release()
        return last

    def renew(self, refused: Credentials) -> bool:
        with self._lock:
            if self._clock() - self._renewed_at >= _RENEW_PAUSE_SECONDS:
                self._source, self._fresh = None, (None, 0.0)
                if self._find_instead is None:  # the old session remembers what it found
                    self._session = AwsSession(self._session.profile, self._session.region)
                self._renewed_at = self._clock()
        return self.current() != refused

    def missing(self) -> str:
        """Why there are no credentials, "" where there are some: a look-up of its own, of which nothing is stored."""
        try:
            _read(self._find())
        except NoCredentials as failure:
            return failure.detail
        return ""

    def _look_up(self, last: Credentials | None) -> Credentials:
        """Called with the lock held. `last` is what to go on with where the look-up fails."""
        if self._source is not None and not _is_due(self._source):
            return _read(self._source)  # another thread was faster
        if self._clock() >= self._retry_at:
            try:
                self._source = self._source or self._find()
                self._last = _read(self._source)
            except NoCredentials as failure:
                self._failure, self._retry_at = failure.detail, self._clock() + _RETRY_SECONDS
                log.warning("No AWS credentials: %s. Next look-up in %g s.", failure.detail, _RETRY_SECONDS)
            else:
                return self._last
        if last is not None:
            return last
        raise NoCredentials(detail=self._failure)

    def _find(self) -> Any:
        try:
            if self._find_instead is not None:
                return self._find_instead()
            found = self._session.credentials()
            if found is not None and self._role_arn:
                return _assumed(self._session, self._region, self._role_arn)
        except Exception as fault:  # a broken profile, an unreadable file: botocore has no common base for these
            raise NoCredentials(detail=f"{type(fault).__name__}: {fault}") from fault
        if found is None:
            raise NoCredentials(detail="found none in the environment, a profile or the role of this machine")
        return found


def _is_due(source: Any, seconds: int | None = None) -> bool:
    """Whether temporary credentials expire within `seconds`; by default within botocore's 15 minutes."""
    asks = getattr(source, "refresh_needed", None)
    return asks is not None and bool(asks(seconds))


def _read(source: Any) -> Credentials:
    try:
        frozen = source.get_frozen_credentials()
    except NoCredentials:
        raise
    except Exception as fault:  # botocore raises a tree of its own, and whatever a credential process raises
        raise NoCredentials(detail=f"{type(fault).__name__}: {fault}") from fault
    return _cleaned(frozen.access_key, frozen.secret_key, frozen.token)


@lru_cache(maxsize=64)  # they are read for every request
def _cleaned(access_key: str, secret_key: str, token: str | None) -> Credentials:
    return Credentials(
        _clean("access key", access_key),
        _clean("secret key", secret_key),
        _clean("session token", token) if token else None,
    )


def _clean(what: str, text: str) -> str:
    """Without blanks and line ends around it, which files and pipes leave there. Nothing else may stand in a header."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    text = text.strip()
    wrong = next((sign for sign in text if not "!" <= sign <= "~"), None)
    if wrong is not None:
        name = unicodedata.name(wrong, "control character")
        raise NoCredentials(detail=f"the {what} contains {wrong!a} (U+{ord(wrong):04X}, {name}): set it again")
    return text


def _assumed(session: AwsSession, region: str, role_arn: str) -> Any:
    def fetch() -> dict[str, str]:
        answer = session.make_client("sts", region).assume_role(RoleArn=role_arn, RoleSessionName="access-es")[
            "Credentials"
        ]
        return {
            "access_key": answer["AccessKeyId"],
            "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"],
            "expiry_time": answer["Expiration"].isoformat(),
        }

    return refreshable(fetch)


def refreshable(fetch: Callable[[], dict[str, str]]) -> Any:
    """botocore's credentials that `fetch` gives when they are first needed, and anew before they expire."""
    from botocore.credentials import DeferredRefreshableCredentials

    return DeferredRefreshableCredentials(fetch, "assume-role")
