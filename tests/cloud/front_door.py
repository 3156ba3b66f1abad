"""The fixture `lambda_door`: the deployed zip behind an emulated front door, with users, S3 and DynamoDB."""

from __future__ import annotations

import http.client
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from access_es.demo.cloud.deploy import Package
from access_es.demo.cloud.doors.messages import Door
from access_es.demo.cloud.lambda_service import Function
from access_es.demo.cloud.running_cloud import USERS_TABLE, Cloud, OpenDoor, running_cloud
from access_es.demo.cloud.virtual_environments import VirtualEnvironment
from access_es.demo.running_gateway import RunningGateway, running_gateway
from tests.cloud.package import CREDENTIAL
from tests.running_proxy import PASSWORD, Reply, run_command

SECRET = "the-session-secret-of-every-emulated-function"
OVERFLOW_BUCKET = "access-es-overflow"


@dataclass(frozen=True)
class LambdaFrontDoor:
    """A door, the function behind it, and who may come in. All users have PASSWORD."""

    door: OpenDoor
    tokens: Mapping[str, str]
    environment: Mapping[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        return self.door.url

    @property
    def port(self) -> int:
        return self.door.port

    @property
    def function(self) -> Function:
        return self.door.function

    @property
    def bearer(self) -> dict[str, str]:
        """Headers that sign in the first user."""
        return {"Authorization": f"Bearer {next(iter(self.tokens.values()))}"}

    def client(self, service: str) -> Any:
        """A boto3 client of the emulated AWS: s3, dynamodb, lambda, …"""
        return self.door.aws.client(service)

    def ask(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        """One request on a connection of its own; no redirect is followed, nothing decoded."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, target, body, dict(headers or {}))
            answer = connection.getresponse()
            return Reply(answer.status, tuple(answer.getheaders()), answer.read())
        finally:
            connection.close()


OpenLambdaDoor = Callable[..., LambdaFrontDoor]


@dataclass(frozen=True)
class EmulatedCloud:
    """One cloud with its function, before which any number of doors can be opened."""

    cloud: Cloud
    package: Package
    runtime: VirtualEnvironment
    gateway: RunningGateway
    tokens: Mapping[str, str]
    environment: Mapping[str, str] = field(repr=False)

    def function(self, domain: str | None, settings: Mapping[str, str], changes: Mapping[str, Any]) -> Function:
        """A function of its own for each set of settings."""
        variables = {**self.environment, "ES_ENDPOINT": domain or self.gateway.url, **settings}
        name = f"{self.package.name}-{len(self.cloud.service.functions)}"
        return self.cloud.create_function(self.package, self.runtime, variables, name=name, **changes)


@pytest.fixture(scope="module")
def cloud(
    package: Package, runtime: VirtualEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmulatedCloud]:
    """AWS, the users alice and bob in DynamoDB, a bucket for large answers, and a domain of `/_demo/` alone."""
    folder = tmp_path_factory.mktemp("cloud")
    with running_gateway([CREDENTIAL]) as gateway, running_cloud(folder, CREDENTIAL) as running:
        running.create_users_table()
        running.create_bucket(OVERFLOW_BUCKET)
        environment = {
            "ES_REGION": "us-east-1", "ES_SERVICE": "es", "HOME_PATH": "/_plugin/kibana/", "SESSION_SECRET": SECRET,
            "USERS": f"dynamodb:{USERS_TABLE}", "OVERFLOW_BUCKET": OVERFLOW_BUCKET, "METRICS_NAMESPACE": "access-es/dev",
        }  # fmt: skip
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        ours = {**kept, **running.aws.environment, **environment}
        tokens = {user: _add_user(ours, user) for user in ("alice", "bob")}
        yield EmulatedCloud(running, package, runtime, gateway, tokens, environment)


@pytest.fixture(scope="module")
def lambda_door(cloud: EmulatedCloud) -> Iterator[OpenLambdaDoor]:
    """`lambda_door(door="rest", domain=None, function={}, front={}, **settings)`.

    `door` is one of `doors.registry.NAMES`, or a door itself; `domain` the address of another domain than `cloud.gateway`; `settings`
    are ours, as ES_READ_SECONDS="60"; `function` are changes to `FunctionSettings`, `front` to `ListenerSettings`.
    Doors that are opened with the same settings share one function.
    """
    functions: dict[str, Function] = {}
    with ExitStack() as stack:

        def open_one(
            door: str | Door = "rest",
            *,
            domain: str | None = None,
            function: Mapping[str, Any] | None = None,
            front: Mapping[str, Any] | None = None,
            **settings: str,
        ) -> LambdaFrontDoor:
            key = repr((domain, sorted((function or {}).items()), sorted(settings.items())))
            if key not in functions:
                functions[key] = cloud.function(domain, settings, function or {})
            opened = stack.enter_context(cloud.cloud.open_door(door, functions[key], **(front or {})))
            return LambdaFrontDoor(opened, cloud.tokens, functions[key].settings.environment)

        yield open_one


def _add_user(environment: Mapping[str, str], user: str) -> str:
    local = {**environment, "ES_ENDPOINT": "https://unused.invalid"}
    added = run_command(local, "users", "add", user, "--password-stdin", given=PASSWORD)
    assert added.returncode == 0, added.stderr
    return run_command(local, "tokens", "add", user, "tests").stdout.strip()
