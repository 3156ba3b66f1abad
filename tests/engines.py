"""The real engines, one set of them for a whole test run, however many workers it has.

The first test that asks starts this file as a program, the keeper. It runs the engines until no worker holds the
`users` lock any more, be it that they have ended or that they were killed.
"""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from access_es.demo.cache import cache_folder
from access_es.demo.errors import DemoUnavailable
from access_es.demo.stack import Engines, running_engines

ROOT = Path(__file__).parent.parent
ANSWER = "engines.json"
START_SECONDS = 900
"""The first start on a machine downloads and bundles a Kibana."""


@pytest.fixture(scope="session")
def engines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Elasticsearch, OpenSearch and Kibana, with no data in them at the beginning of the test run."""
    folder = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        folder = folder.parent
    with locked(folder / "users", fcntl.LOCK_SH):
        with locked(folder / "starting", fcntl.LOCK_EX):
            keeper = None if (folder / ANSWER).exists() else start_holder(folder)
        yield read_answer(folder)
    if keeper is not None:
        keeper.wait()


@contextmanager
def locked(file: Path, kind: int) -> Iterator[None]:
    with file.open("a") as handle:
        fcntl.flock(handle, kind)
        yield


def read_answer(folder: Path) -> Engines:
    """Return the running engines; fail the test with what the machine lacks."""
    content = json.loads((folder / ANSWER).read_text())
    if "unavailable" in content:
        pytest.fail(content["unavailable"])
    return Engines(**content)


def start_holder(folder: Path) -> "subprocess.Popen[bytes]":
    log = folder / "engines.log"
    with log.open("w") as output:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.engines", str(folder), str(cache_folder(os.environ, os.geteuid()))],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not (folder / ANSWER).exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"The engines did not start:\n{log.read_text()}")
        time.sleep(0.1)
    return keeper


def keep(folder: Path, cache: Path) -> None:
    """Run the engines until the last worker is gone."""
    with running_engines(cache, lambda text: print(text, flush=True), opensearch=True, keep_data=False) as running:
        publish(folder, asdict(running))
        with locked(folder / "users", fcntl.LOCK_EX):
            # A late worker waits for this lock, and then finds no engines and starts new ones.
            (folder / ANSWER).unlink()


def publish(folder: Path, content: dict[str, str | None]) -> None:
    partial = folder / f"{ANSWER}.partial"
    partial.write_text(json.dumps(content))
    partial.rename(folder / ANSWER)


if __name__ == "__main__":
    try:
        keep(Path(sys.argv[1]), Path(sys.argv[2]))
    except DemoUnavailable as reason:
        publish(Path(sys.argv[1]), {"unavailable": str(reason)})
