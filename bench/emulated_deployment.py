"""The zip behind the emulated REST door, with the domain and the overflow store in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from access_es.credentials import Credentials
from access_es.demo.cache import cache_folder
from access_es.demo.cloud.aws_endpoints import ROOT
from access_es.demo.cloud.deploy import prepare_deployment
from access_es.demo.cloud.lambda_service import Function
from access_es.demo.cloud.running_cloud import USERS_TABLE, Cloud, OpenDoor, running_cloud
from access_es.demo.cloud.sandbox import FunctionSettings
from access_es.demo.cloud.virtual_environments import VirtualEnvironment, virtual_environment
from access_es.demo.credentials import Credential
from access_es.tasks.dynamodb_schema import table_definition
from access_es.upstream.signing import Signer
from access_es.upstream.target import build_target
from bench.processes import free_port, running

CREDENTIAL = Credential("ASIABENCH", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "bench-session-token")
BUCKET = "bench-overflow"
USER, PASSWORD = "bench", "a password of the bench"
BARE = """
from functools import cache
from urllib.parse import parse_qs
from access_es.demo.large_content import content

@cache
def text_of(kind, size):
    import base64
    body = b"".join(content(kind, size))
    return body.decode() if kind == "json" else base64.b64encode(body).decode()

def run(event, context):
    query = event["queryStringParameters"]
    body = text_of(query["kind"], int(query["size"]))
    return {"statusCode": 200, "isBase64Encoded": query["kind"] != "json", "body": body}
"""
RUNTIME = ROOT / "access_es" / "demo" / "cloud" / "lambda-runtime.txt"


@dataclass(frozen=True)
class Deployment:
    """A door, and the domain behind it."""

    door: OpenDoor
    domain: str
    token: str = field(repr=False)
    bare: OpenDoor  # the same kind of door before a function that does nothing but give an answer it has at hand

    def through(self) -> tuple[str, dict[str, str]]:
        """Where the door is, and the headers that open it."""
        return self.door.url, {"Authorization": f"Bearer {self.token}"}

    def direct(self, target: str) -> tuple[str, dict[str, str]]:
        """Where the domain is, and the headers of a signed request for `target`."""
        host = self.domain.removeprefix("http://")
        who = Credentials(CREDENTIAL.access_key, CREDENTIAL.secret_key, CREDENTIAL.session_token)
        signer = Signer("us-east-1", "es")
        wire = build_target(target.encode())
        return self.domain, dict(signer.sign("GET", wire, host, sha256(b"").hexdigest(), who, datetime.now(UTC)))


@contextmanager
def open_deployment(
    folder: Path, *, is_moto: bool = False, time_scale: float = 1.0, tasks_table: str | None = None,
    door_name: str = "rest",
) -> Iterator[Deployment]:  # fmt: skip
    """All of it ends with the block. The store is moto where that is wanted, else one that costs next to nothing."""
    cache = cache_folder(os.environ, os.geteuid())
    runtime = virtual_environment("lambda-runtime", [RUNTIME], cache, _tell)
    with ExitStack() as stack:
        domain = stack.enter_context(_domain())
        cloud = stack.enter_context(running_cloud(folder, CREDENTIAL))
        deployment = prepare_deployment(folder, cloud.aws, cache, _tell)
        deployment.deploy()
        package = deployment.download(folder)
        cloud.create_users_table()
        cloud.aws.client("s3").create_bucket(Bucket=BUCKET)
        variables = {
            "ES_ENDPOINT": domain, "ES_REGION": "us-east-1", "ES_SERVICE": "es", "HOME_PATH": "/_plugin/kibana/",
            "SESSION_SECRET": "the-session-secret-of-a-measurement", "USERS": f"dynamodb:{USERS_TABLE}",
            "OVERFLOW_BUCKET": BUCKET,
        }  # fmt: skip
        if tasks_table is not None:
            variables["TASKS_TABLE"] = tasks_table
            for operation, parameters in table_definition(tasks_table).items():
                getattr(cloud.aws.client("dynamodb"), operation)(**parameters)
        token = _add_user({**cloud.aws.environment, **variables})
        if not is_moto:
            port = free_port()
            store = folder / "store"
            store.mkdir()
            command = [sys.executable, "-m", "bench.plain_s3", str(port), str(store)]
            stack.enter_context(running(command, port, folder / "store.log"))
            variables["AWS_ENDPOINT_URL_S3"] = f"http://127.0.0.1:{port}"
        function = cloud.create_function(package, runtime, variables, timeout_seconds=900.0)
        door = stack.enter_context(cloud.open_door(door_name, function, time_scale=time_scale))
        bare = stack.enter_context(cloud.open_door("rest", _create_bare(cloud, runtime, folder)))
        yield Deployment(door, domain, token, bare)


def _create_bare(cloud: Cloud, runtime: VirtualEnvironment, folder: Path) -> Function:
    code = folder / "bare"
    code.mkdir()
    (code / "bare.py").write_text(BARE)
    settings = FunctionSettings("bare", code, "bare.run", runtime.python, {"PYTHONPATH": str(ROOT)})

    async def create() -> Function:
        return cloud.service.create(settings)

    return cloud.loop.run(create())


@contextmanager
def _domain() -> Iterator[str]:
    command = [sys.executable, "-m", "access_es.demo.gateway", "--credentials-on-stdin"]
    known = {name: getattr(CREDENTIAL, name) for name in ("access_key", "secret_key", "session_token")}
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("no pipes to the domain")
        process.stdin.write(json.dumps([known]) + "\n")
        process.stdin.flush()
        yield process.stdout.readline().split()[1]
        process.stdin.close()


def _add_user(environment: Mapping[str, str]) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    for words in (("users", "add", USER, "--password-stdin"), ("tokens", "add", USER, "bench")):
        done = subprocess.run(
            [sys.executable, "-m", "access_es", *words], cwd=ROOT, env={**kept, **environment},
            input=PASSWORD, capture_output=True, text=True, check=True,
        )  # fmt: skip
    return done.stdout.strip()


def _tell(text: str) -> None:
    print(text, file=sys.stderr)
