"""`make demo-lambda`: a real Kibana behind the deployed zip, behind one of AWS's front doors, all on this machine."""

from __future__ import annotations

import http.client
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from access_es.demo.cache import cache_folder
from access_es.demo.cloud.aws_endpoints import ROOT, AwsEndpoints
from access_es.demo.cloud.deploy import Package, prepare_deployment
from access_es.demo.cloud.running_cloud import USERS_TABLE, Cloud, OpenDoor, running_cloud
from access_es.demo.cloud.virtual_environments import virtual_environment
from access_es.demo.credentials import Credential
from access_es.demo.progress import Progress, step
from access_es.demo.running_gateway import running_gateway
from access_es.demo.sample_data import load_sample_data
from access_es.demo.stack import running_engines

USER = "demo"
OVERFLOW_BUCKET = "access-es-overflow"
RUNTIME = Path(__file__).with_name("lambda-runtime.txt")


class UserNotMade(Exception):
    """The command that adds a user failed; the message is what it printed."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """An open door, and who may come in."""

    door: OpenDoor
    user: str
    password: str = field(repr=False)


@contextmanager
def running_demonstration(
    door: str, port: int, environ: Mapping[str, str], progress: Progress, *, streaming: bool = False
) -> Iterator[Demonstration]:
    """The demo domain, deployed to, and a door to it. Everything ends with the block.

    With `streaming`, the door is the REST API as it was deployed and provisioned.
    """
    cache = cache_folder(environ, os.geteuid())
    credential = Credential(f"ASIADEMO{secrets.token_hex(6).upper()}", secrets.token_urlsafe(30), secrets.token_hex(20))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="access-es-cloud-")))
        engines = stack.enter_context(running_engines(cache, progress))
        gateway = stack.enter_context(running_gateway([credential], engines.elasticsearch, engines.kibana))
        load_sample_data(engine_sender(str(engines.elasticsearch)), progress)
        cloud = stack.enter_context(running_cloud(folder, credential))
        variables = {**_variables(gateway.url), **({"STREAMING": "true"} if streaming else {})}
        package = _deploy(cloud, folder, cache, variables, progress)
        password = _add_user(cloud.aws, variables, environ)
        runtime = virtual_environment("lambda-runtime", [RUNTIME], cache, progress)
        function = cloud.create_function(package, runtime, {})
        front = cloud.published_api(package.name, "dev") if streaming else door
        opened = stack.enter_context(cloud.open_door(front, function, port))
        yield Demonstration(opened, USER, password)


def _variables(domain_url: str) -> dict[str, str]:
    """What a person fills in."""
    return {
        "ES_ENDPOINT": domain_url,
        "ES_DOMAIN_ARN": "arn:aws:es:us-east-1:123456789012:domain/demo",  # the policy's; no emulated account has it
        "ES_REGION": "us-east-1",
        "ES_SERVICE": "es",
        "HOME_PATH": "/_plugin/kibana/",
        "SESSION_SECRET": secrets.token_urlsafe(48),
        "USERS": f"dynamodb:{USERS_TABLE}",
        "OVERFLOW_BUCKET": OVERFLOW_BUCKET,
    }


def _deploy(cloud: Cloud, folder: Path, cache: Path, variables: Mapping[str, str], progress: Progress) -> Package:
    deployment = prepare_deployment(folder, cloud.aws, cache, progress, variables=variables)
    with step(progress, "Deploying with Zappa"):
        deployment.deploy()
    cloud.create_users_table()
    cloud.create_bucket(OVERFLOW_BUCKET)
    return deployment.download(folder)


def _add_user(aws: AwsEndpoints, variables: Mapping[str, str], environ: Mapping[str, str]) -> str:
    """The demo's user in the emulated DynamoDB; returns the password."""
    password = secrets.token_urlsafe(12)
    kept = {name: value for name, value in environ.items() if not name.startswith("AWS_")}
    added = subprocess.run(
        [sys.executable, "-m", "access_es", "users", "add", USER, "--password-stdin"],
        cwd=ROOT,
        env={**kept, **aws.environment, **variables},
        input=password,
        capture_output=True,
        text=True,
    )
    if added.returncode != 0:
        raise UserNotMade(added.stderr.strip())
    return password


def engine_sender(elasticsearch_url: str) -> Callable[[str, str, bytes, str], tuple[int, bytes]]:
    """Asks the engine itself: no door takes bulks of any size."""
    place = urlsplit(elasticsearch_url)

    def send(method: str, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=120)
        try:
            connection.request(method, path, body or None, {"Content-Type": content_type})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    return send
