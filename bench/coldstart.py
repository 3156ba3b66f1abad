"""What a request waits for when Lambda has to start, and what a warm one costs: the zip as Zappa packs it.

Beside it stands a bare Flask app that is packed and prepared the same way, under the same runtime client. Each row
that begins with "and" has the settings of the row before it too. Times depend on the machine, ratios do not.
`python -m bench.coldstart [--rounds 12] [--requests 500]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from access_es.demo.cache import cache_folder
from access_es.demo.canonical import HeaderPairs
from access_es.demo.cloud.aws_endpoints import ROOT
from access_es.demo.cloud.demonstration import RUNTIME
from access_es.demo.cloud.deploy import SETTINGS, Deployment, Package, prepare_deployment
from access_es.demo.cloud.doors.messages import ApiSettings, Arrived, Moment
from access_es.demo.cloud.doors.rest_api import RestApi
from access_es.demo.cloud.invocation import Invocation
from access_es.demo.cloud.lambda_service import Function
from access_es.demo.cloud.response_stream import ResponseStream
from access_es.demo.cloud.running_cloud import USERS_TABLE, Cloud, running_cloud
from access_es.demo.cloud.virtual_environments import VirtualEnvironment, virtual_environment
from access_es.demo.credentials import Credential
from access_es.demo.running_gateway import running_gateway
from access_es.front_doors import STREAM_VARIABLE

CREDENTIAL = Credential("ASIABENCH", "secret-of-the-bench", "token-of-the-bench")
CONFIG = "ssm:/access-es/bench"
SECRET = "a-session-secret-of-more-than-32-characters"
ECHO, SEARCH, SIGN_IN = "/_demo/echo?a=1", "/demo-slow/_search", "/--access-es/login"
MACHINES = [
    {
        "name": "ci",
        "issuer": "https://token.actions.githubusercontent.com",
        "audience": "https://kibana.example.com",
        "claims": {"repository": "example/search"},
    }
]
ROLES = {"roles": {"viewer": {"read": ["demo-*"], "dashboards": "view"}}, "default": ["viewer"]}
SINGLE_SIGN_ON = {
    "OIDC_ISSUER": "https://login.example.com/realms/team",
    "OIDC_CLIENT_ID": "access-es",
    "OIDC_CLIENT_SECRET": "a-client-secret",
    "OIDC_ALLOW": "group:search-users",
    "OIDC_MACHINES": json.dumps(MACHINES),
}
PERMISSIONS = {"PERMISSIONS": json.dumps(ROLES), "CONTACT": "search@example.com"}
STORES = {"TASKS_TABLE": "access-es-tasks", "OVERFLOW_BUCKET": "access-es-overflow"}
BARE_APP = """
from flask import Flask

app = Flask(__name__)


@app.get("/<path:path>")
def answer(path):
    return {"path": path}
"""


@dataclass(frozen=True)
class Subject:
    """Something to measure: a function, and what it is asked for."""

    name: str
    function: Function
    path: str = ECHO
    headers: HeaderPairs = ()
    streams: bool = False  # behind a REST API that does


@dataclass(frozen=True)
class Bench:
    cloud: Cloud
    cache: Path
    folder: Path
    runtime: VirtualEnvironment
    domain: str

    def ours(self, packed: Package, name: str, given: Mapping[str, str], path: str = ECHO) -> Subject:
        """access-es; a request to the domain is signed in by a token.

        Where the settings have a CONFIG, the others are read from there at the start.
        """
        settings = {
            "ES_ENDPOINT": self.domain, "ES_REGION": "us-east-1", "ES_SERVICE": "es", "HOME_PATH": "/_plugin/kibana/",
            "SESSION_SECRET": SECRET, **given,
        }  # fmt: skip
        slug = re.sub(r"[^a-z]+", "-", name.lower())
        headers = () if path == SIGN_IN else ((b"Authorization", f"Bearer {self._token(settings, slug)}".encode()),)
        if "CONFIG" in settings:
            config = f"{settings['CONFIG']}-{slug}"
            self._keep(config, {key: text for key, text in settings.items() if key != "CONFIG"})
            settings = {"CONFIG": config}
        function = self.cloud.create_function(packed, self.runtime, settings, name=slug)
        return Subject(name, function, path, headers, streams="STREAMING" in given)

    def bare(self, packed: Package) -> Subject:
        on_import = {"INSTANTIATE_LAMBDA_HANDLER_ON_IMPORT": "1"}  # as ours: the app is loaded in the init phase
        function = self.cloud.create_function(packed, self.runtime, on_import, name="bare")
        return Subject("bare Flask", function)

    def _keep(self, config: str, settings: Mapping[str, str]) -> None:
        name = config.removeprefix("ssm:")
        self.cloud.aws.client("ssm").put_parameter(Name=name, Value=json.dumps(settings), Type="SecureString")

    def _token(self, settings: Mapping[str, str], user: str) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        needed = {name: text for name, text in settings.items() if name in ("SESSION_SECRET", "USERS")}
        environment = {**kept, **self.cloud.aws.environment, **needed}
        command(environment, "users", "add", user, "--password-stdin", given="correct horse battery staple")
        return command(environment, "tokens", "add", user, "bench").strip()


def command(environment: Mapping[str, str], *words: str, given: str = "") -> str:
    return subprocess.run(
        [sys.executable, "-m", "access_es", *words],
        cwd=ROOT, env=dict(environment), input=given, text=True, check=True, stdout=subprocess.PIPE,
    ).stdout  # fmt: skip


def event(path: str, headers: HeaderPairs, *, streams: bool = False) -> bytes:
    """A GET of `/_demo/echo` through a REST API, which has come just now."""
    pairs = ((b"Host", b"kibana.example.com"), (b"Accept", b"application/json"), *headers)
    arrived = Arrived("GET", path.encode(), pairs, b"", "127.0.0.1", Moment.now())
    variables = {STREAM_VARIABLE: "300"} if streams else {}
    return json.dumps(RestApi(ApiSettings(variables=variables)).build_event(arrived)).encode()


def ask(bench: Bench, subject: Subject) -> None:
    given = event(subject.path, subject.headers, streams=subject.streams)
    invocation = bench.cloud.loop.run(
        invoke_streaming(subject, given) if subject.streams else subject.function.invoke(given)
    )
    status = None if invocation.error else json.loads(invocation.payload.partition(bytes(8))[0]).get("statusCode")
    if status != 200:
        raise RuntimeError(f"{subject.name}: {invocation.payload[:500]!r}\n{subject.function.log()[-2000:]}")


async def invoke_streaming(subject: Subject, given: bytes) -> Invocation:
    """As InvokeWithResponseStream does; the payload is what was streamed."""
    stream = ResponseStream()
    running = asyncio.ensure_future(subject.function.invoke(given, stream))
    streamed = b"".join([piece async for piece in stream.drain()])
    invocation = await running
    return invocation if invocation.error else Invocation(streamed)


@dataclass(frozen=True)
class Start:
    """From the start of the process to its answer: seconds, those before the event, and those of the processor."""

    seconds: float
    init_seconds: float
    cpu_seconds: float


def cold_start(bench: Bench, subject: Subject) -> Start:
    bench.cloud.loop.run(subject.function.recycle())
    ask(bench, subject)
    report, sandbox = subject.function.reports[-1], subject.function.sandboxes[-1]
    return Start(report.seconds, report.init_seconds or 0.0, sandbox.cpu_seconds)


def warm_cpu(bench: Bench, subject: Subject, requests: int) -> float:
    """Seconds of processor time for one request to a warm sandbox."""
    for _ in range(20):
        ask(bench, subject)
    function = subject.function
    while True:
        before = {sandbox: sandbox.cpu_seconds for sandbox in function.sandboxes}
        for _ in range(requests):
            ask(bench, subject)
        if before.keys() == set(function.sandboxes):  # else a start is among them: on a busy machine it may come to one
            return sum(sandbox.cpu_seconds - spent for sandbox, spent in before.items()) / requests


def pack_bare(bench: Bench, ours: Deployment) -> Package:
    """The bare app in a project of its own, with the settings and the environment of ours."""
    folder = bench.folder / "bare"
    package = folder / "project" / "access_es"
    shutil.copytree(ours.project / "access_es" / "provision", package / "provision")
    (package / "__init__.py").touch()
    (package / "bare.py").write_text(BARE_APP)
    stages = json.loads((ours.project / SETTINGS).read_text())
    stages[ours.stage].update(app_function="access_es.bare.app", project_name="bare")
    del stages[ours.stage]["lambda_handler"]
    (folder / "project" / SETTINGS).write_text(json.dumps(stages))
    deployment = replace(ours, project=folder / "project")
    deployment.deploy()
    return deployment.download(folder)


@contextmanager
def running_bench() -> Iterator[Bench]:
    cache = cache_folder(os.environ, os.geteuid())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="access-es-bench-")))
        gateway = stack.enter_context(running_gateway([CREDENTIAL]))
        cloud = stack.enter_context(running_cloud(folder, CREDENTIAL))
        cloud.create_users_table()
        yield Bench(cloud, cache, folder, virtual_environment("lambda-runtime", [RUNTIME], cache, print), gateway.url)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--requests", type=int, default=500)
    args = parser.parse_args()
    with running_bench() as bench:
        deployment = prepare_deployment(bench.folder, bench.cloud.aws, bench.cache, print)
        deployment.deploy()
        packed = deployment.download(bench.folder)
        print(f"zip: {packed.zip_bytes / 1e6:.1f} MB")
        subjects = [bench.bare(pack_bare(bench, deployment)), *our_subjects(bench, packed)]
        report(bench, subjects, args.rounds, args.requests)


def our_subjects(bench: Bench, packed: Package) -> list[Subject]:
    """From what has to be set to what can be."""
    users = {"USERS": f"dynamodb:{USERS_TABLE}"}
    in_parameter = {**users, "CONFIG": CONFIG}
    single_sign_on = {**in_parameter, **SINGLE_SIGN_ON}
    everything = {**single_sign_on, **PERMISSIONS, **STORES}
    return [
        bench.ours(packed, "accounts in a file", {"USERS": f"file:{bench.folder / 'users.db'}"}),
        bench.ours(packed, "accounts in DynamoDB", users),
        bench.ours(packed, "and settings in SSM", in_parameter),
        bench.ours(packed, "and single sign-on", single_sign_on),
        bench.ours(packed, "and PERMISSIONS, TASKS_TABLE, OVERFLOW_BUCKET", everything, SEARCH),
        bench.ours(packed, "and the sign-in page first", everything, SIGN_IN),
        bench.ours(packed, "accounts in DynamoDB, streaming", {**users, "STREAMING": "true"}),
    ]


def report(bench: Bench, subjects: list[Subject], rounds: int, requests: int) -> None:
    starts: dict[str, list[Start]] = {subject.name: [] for subject in subjects}
    for _ in range(rounds):
        for subject in subjects:  # in turn, so that a busy moment meets all
            starts[subject.name].append(cold_start(bench, subject))
    costs = {subject.name: warm_cpu(bench, subject, requests) for subject in subjects}
    bare = subjects[0].name
    print("Start to first answer, in ms, and how many times the bare app's. On a busy machine the fastest and")
    print("the processor time say most.\n")
    print("| | fastest | median | processor, median | init, fastest | warm CPU a request | beyond bare |")
    print("|---|---|---|---|---|---|---|")
    for name, found in starts.items():
        measures = [
            (min(each.seconds for each in found), min(each.seconds for each in starts[bare])),
            (_median("seconds", found), _median("seconds", starts[bare])),
            (_median("cpu_seconds", found), _median("cpu_seconds", starts[bare])),
        ]
        cells = " | ".join(f"{ours * 1000:.0f} ({ours / theirs:.2f}×)" for ours, theirs in measures)
        init = min(each.init_seconds for each in found)
        print(
            f"| {name} | {cells} | {init * 1000:.0f} "
            f"| {costs[name] * 1000:.2f} ms | {(costs[name] - costs[bare]) * 1000:.2f} ms |"
        )


def _median(measure: str, found: list[Start]) -> float:
    values: list[float] = [getattr(each, measure) for each in found]
    return statistics.median(values)


if __name__ == "__main__":
    main()
