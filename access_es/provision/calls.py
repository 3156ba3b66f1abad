"""Calls to any AWS service, with the credentials and region that a stage is deployed with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from access_es.aws import AwsService, AwsSession, make_client
from access_es.errors import AwsFailure

_READ_SECONDS = 60  # making things takes longer than asking for them

Call = Callable[..., dict[str, Any]]
"""Takes a service, an operation's Python name and its parameters, and gives the answer. Raises `AwsFailure`."""


_DATA_REGION_SERVICES = frozenset(("dynamodb", "opensearch", "s3"))


class Calls:
    """One client per service, made when first needed. Services of the domain's region use `data_region`."""

    def __init__(self, region: str | None, profile: str | None) -> None:
        self.data_region = region
        self._region = region
        self.session = AwsSession(profile, region)
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
