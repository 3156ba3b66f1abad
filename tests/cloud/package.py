"""The zip as Zappa packs it, deployed once for a whole test run, however many workers it has."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from access_es.demo.cache import cache_folder
from access_es.demo.cloud.aws_endpoints import ROOT, running_aws
from access_es.demo.cloud.deploy import Package, prepare_deployment
from access_es.demo.cloud.virtual_environments import VirtualEnvironment, virtual_environment
from access_es.demo.credentials import Credential
from tests.engines import locked

CACHE = cache_folder(os.environ, os.geteuid())
RUNTIME = ROOT / "access_es" / "demo" / "cloud" / "lambda-runtime.txt"
# Credentials of a role, as every function has them: with a session token.
CREDENTIAL = Credential("ASIAEMULATEDCLOUD", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "emulated-session-token")


@pytest.fixture(scope="session")
def runtime() -> VirtualEnvironment:
    """Lambda's Python, with its runtime client and boto3."""
    return virtual_environment("lambda-runtime", [RUNTIME], CACHE, print)


@pytest.fixture(scope="session")
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Package]:
    """Packed without settings of ours: they come from the function's environment, as a test wants them."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if hasattr(request.config, "workerinput") else folder
    with locked(folder / "package.lock", fcntl.LOCK_EX):
        if not (folder / "package.json").exists():
            _pack(folder)
    facts = json.loads((folder / "package.json").read_text())
    yield Package(facts["zip_bytes"], Path(facts["code"]), facts["function"])


def _pack(folder: Path) -> None:
    target = folder / "package"
    target.mkdir()
    with TemporaryDirectory() as scratch, running_aws(Path(scratch), CREDENTIAL, 1, "us-east-1") as aws:
        deployment = prepare_deployment(Path(scratch), aws, CACHE, print)
        deployment.deploy()
        packed = deployment.download(target)
    facts = {"zip_bytes": packed.zip_bytes, "code": str(packed.code), "function": dict(packed.function)}
    (folder / "package.json").write_text(json.dumps(facts, default=str))
