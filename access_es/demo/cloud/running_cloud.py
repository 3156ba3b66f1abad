"""The whole cloud in one process group: AWS, the Lambda service with one function, and front doors before it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from access_es.demo.cloud.aws_endpoints import AwsEndpoints, running_aws
from access_es.demo.cloud.deploy import Package
from access_es.demo.cloud.doors.listener import Front, ListenerSettings
from access_es.demo.cloud.doors.messages import ApiSettings, Door
from access_es.demo.cloud.doors.registry import open_door
from access_es.demo.cloud.doors.rest_api import RestApi
from access_es.demo.cloud.doors.rest_streaming import StreamingRestApi
from access_es.demo.cloud.event_loop import EventLoop
from access_es.demo.cloud.invoke_api import InvokeApi
from access_es.demo.cloud.lambda_service import Function, LambdaService
from access_es.demo.cloud.rest_integrations import is_published_streaming
from access_es.demo.cloud.sandbox import FunctionSettings
from access_es.demo.cloud.virtual_environments import VirtualEnvironment
from access_es.demo.credentials import Credential
from access_es.users.dynamodb_schema import table_definition

HOST = "127.0.0.1"
USERS_TABLE = "access-es-users"


@dataclass(frozen=True, slots=True)
class Cloud:
    """AWS and an empty Lambda service. Functions and doors are added to it."""

    aws: AwsEndpoints
    service: LambdaService
    loop: EventLoop
    folder: Path

    def create_function(
        self, package: Package, runtime: VirtualEnvironment, variables: Mapping[str, str], **changes: Any
    ) -> Function:
        """The deployed function, with the Lambda environment `variables` beside its own."""
        settings = FunctionSettings(
            name=package.name,
            code=package.code,
            handler=package.handler,
            python=runtime.python,
            environment={**self.aws.environment, **package.environment, **variables},
            memory_megabytes=int(package.function.get("MemorySize", 512)),
            timeout_seconds=float(package.function.get("Timeout", 30)),
            region=self.aws.region,
            runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
        )

        async def create() -> Function:
            return self.service.create(FunctionSettings(**{**_fields(settings), **changes}))

        return self.loop.run(create())

    def create_users_table(self, name: str = USERS_TABLE) -> None:
        """As provisioning makes it, unless it has."""
        database = self.aws.client("dynamodb")
        if name in database.list_tables()["TableNames"]:
            return
        for operation, parameters in table_definition(name).items():
            getattr(database, operation)(**parameters)

    def create_bucket(self, name: str) -> None:
        """Empty, unless provisioning has made it: then open to doors on this machine, and to plain http as they are."""
        storage = self.aws.client("s3")
        if name not in {bucket["Name"] for bucket in storage.list_buckets()["Buckets"]}:
            storage.create_bucket(Bucket=name)
        storage.delete_bucket_policy(Bucket=name)
        storage.delete_bucket_cors(Bucket=name)

    def gateway_responses(self) -> dict[str, dict[str, Any]]:
        """What the REST API here says for itself, by type; nothing where none is deployed."""
        apis = self.aws.client("apigateway")
        found = (apis.get_gateway_responses(restApiId=api["id"])["items"] for api in apis.get_rest_apis()["items"])
        return {response["responseType"]: response for responses in found for response in responses}

    def published_api(self, function_name: str, stage: str) -> Door:
        """The REST API that was deployed for a function, as its stage has been published."""
        gateway = self.aws.client("apigateway")
        (api,) = [each["id"] for each in gateway.get_rest_apis()["items"] if each["name"] == function_name]
        variables = gateway.get_stage(restApiId=api, stageName=stage).get("variables") or {}
        rest = RestApi(ApiSettings(stage, variables=variables, responses=self.gateway_responses()))
        return StreamingRestApi(rest) if is_published_streaming(self.aws.url, api, stage) else rest

    @contextmanager
    def open_door(self, door: str | Door, function: Function, port: int = 0, **settings: Any) -> Iterator[OpenDoor]:
        """One of `doors.registry.NAMES` or a door itself; `settings` are those of `ListenerSettings`."""
        opened = open_door(door, responses=self.gateway_responses()) if isinstance(door, str) else door
        front = Front(opened, function.invoke, ListenerSettings(**settings))
        bound = self.loop.run(front.start(HOST, port))
        try:
            yield OpenDoor(f"http://{HOST}:{bound}", bound, front, function, self)
        finally:
            self.loop.run(front.stop())


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """A front door that listens, and everything behind it."""

    url: str
    port: int
    front: Front = field(repr=False)
    function: Function = field(repr=False)
    cloud: Cloud = field(repr=False)

    @property
    def aws(self) -> AwsEndpoints:
        return self.cloud.aws

    @property
    def peak_bytes(self) -> int:
        """The most memory that any sandbox had since `reset_peak`, or ever."""
        return self.function.peak_bytes

    @property
    def idle_bytes(self) -> int:
        """The most memory that a sandbox had before its first event."""
        return max((sandbox.idle_bytes for sandbox in self.function.sandboxes), default=0)

    def reset_peak(self) -> None:
        """Count peaks from here."""
        self.function.past.clear()
        for sandbox in self.function.sandboxes:
            sandbox.reset_peak()

    def log(self) -> str:
        """What the function wrote."""
        return self.function.log()

    def recycle(self) -> None:
        """End the sandboxes that have nothing to do: the next request is a cold start."""
        self.cloud.loop.run(self.function.recycle())

    def configure(self, **changes: Any) -> None:
        """Other `FunctionSettings`, such as `timeout_seconds` or `environment`, for new sandboxes."""
        self.cloud.loop.run(self.function.configure(**changes))


@contextmanager
def running_cloud(folder: Path, credential: Credential, region: str = "us-east-1") -> Iterator[Cloud]:
    """Everything in it ends with the block. `credential` is the function's: it signs for the domain too."""
    with ExitStack() as stack:
        loop = stack.enter_context(EventLoop())
        service, invoke_api = loop.run(_make(folder))
        stack.callback(lambda: loop.run(service.stop()))
        invoke_port = loop.run(invoke_api.start(HOST, 0))
        stack.callback(lambda: loop.run(invoke_api.stop()))
        aws = stack.enter_context(running_aws(folder, credential, invoke_port, region))
        yield Cloud(aws, service, loop, folder)


async def _make(folder: Path) -> tuple[LambdaService, InvokeApi]:
    service = LambdaService(folder)
    return service, InvokeApi(service)


def _fields(settings: FunctionSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__slots__}
