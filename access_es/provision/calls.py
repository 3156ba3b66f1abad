"""Calls to any AWS service, with the credentials and region that a stage is deployed with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from access_es.aws import AwsService, AwsSession, make_client
from access_es.errors import AwsFailure

_READ_SECONDS = 60  # making things takes longer than asking for them

Call = Callable[..., dict[str, Any]]
"""Takes a service, an operation's Python name and its parameters, and gives the answer. Raises `AwsFailure`."""


_DATA_REGION_SERVICES = frozenset(("dynamodb", "opensearch", "s3"))


class _Boto3Session(AwsSession):
    """Clients of boto3, as other tools that deploy have them: CloudTrail shows them under one name."""

    def make_client(self, service: str, region: str | None, config: Any = None) -> Any:
        with self._lock:
            return self._wrapped.client(service, region_name=region or None, config=config)

    @cached_property
    def _wrapped(self) -> Any:
        import boto3

        return boto3.Session(botocore_session=self.open())


class Calls:
    """One client per service, made when first needed. Services of the domain's region use `data_region`."""

    def __init__(self, region: str | None, profile: str | None) -> None:
        self.data_region = region
        self._region = region
        self.session: AwsSession = _Boto3Session(profile, region)
        self._services: dict[tuple[str, str | None], AwsService] = {}

    def __call__(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        region = self.data_region if service in _DATA_REGION_SERVICES else self._region
        place = (service, region)
        if place not in self._services:
            self._services[place] = AwsService(lambda: make_client(*place, self.session, read_seconds=_READ_SECONDS))
        return self._services[place].call(operation, **parameters)


def ask(call: Call, absent: tuple[str, ...], service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
    """The answer, or None where AWS's reason for giving none is one of `absent`. Raises `AwsFailure` for others."""
    try:
        return call(service, operation, **parameters)
    except AwsFailure as failure:
        if failure.reason in absent:
            return None
        raise
