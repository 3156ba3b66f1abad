"""The home of boto3: where AWS credentials come from. Nothing is imported or asked for before the first signature."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from access_es.errors import NoCredentials
from access_es.upstream.signing import Credentials

_RENEW_PAUSE_SECONDS = 5.0  # however many requests are refused at once, the source is asked again once


class BotoCredentials:
    """Credentials from the usual chain (environment, profile, role of the function or machine), or of an assumed role.

    botocore renews temporary ones ahead of time, from 15 minutes before they expire.
    """

    def __init__(self, region: str, role_arn: str | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._region = region
        self._role_arn = role_arn
        self._clock = clock
        self._lock = threading.Lock()
        self._source: Any = None
        self._renewed_at = float("-inf")

    def current(self) -> Credentials:
        source = self._source or self._resolve()
        try:
            frozen = source.get_frozen_credentials()
        except Exception as fault:  # botocore raises a tree of its own, and whatever a credential process raises
            raise NoCredentials(detail=f"{type(fault).__name__}: {fault}") from fault
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    def renew(self, refused: Credentials) -> bool:
        with self._lock:
            if self._clock() - self._renewed_at >= _RENEW_PAUSE_SECONDS:
                self._source = None
                self._renewed_at = self._clock()
        return self.current() != refused

    def _resolve(self) -> Any:
        with self._lock:
            if self._source is None:
                self._source = self._find()
            return self._source

    def _find(self) -> Any:
        import boto3

        try:
            session = boto3.Session(region_name=self._region)
            found = session.get_credentials()
            if found is not None and self._role_arn:
                return _assumed(session, self._role_arn)
        except Exception as fault:  # a broken profile, an unreadable file: botocore has no common base for these
            raise NoCredentials(detail=f"{type(fault).__name__}: {fault}") from fault
        if found is None:
            raise NoCredentials(detail="none in the environment, a profile, or the role of this machine")
        return found


def _assumed(session: Any, role_arn: str) -> Any:
    from botocore.credentials import DeferredRefreshableCredentials

    def fetch() -> dict[str, str]:
        answer = session.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="access-es")["Credentials"]
        return {
            "access_key": answer["AccessKeyId"],
            "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"],
            "expiry_time": answer["Expiration"].isoformat(),
        }

    return DeferredRefreshableCredentials(fetch, "assume-role")
