import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from access_es.demo.cache import cache_folder
from access_es.demo.errors import DemoUnavailable
from access_es.demo.health import ask
from access_es.demo.stack import Engines, data_folder, running_engines

from .listening_processes import port_of

ROOT = Path(__file__).parent.parent.parent
DEMO = """
import sys, time
from pathlib import Path
from access_es.demo.stack import running_engines
with running_engines(Path(sys.argv[1]), print, kibana=False, keep_data=False) as engines:
    print(engines.elasticsearch, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def cache() -> Path:
    return cache_folder(os.environ, os.geteuid())


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that other users may enter, other than pytest's own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def silent(text: str) -> None:
    pass


def test_thrown_away_data_is_thrown_away(tmp_path: Path) -> None:
    with data_folder(tmp_path, keep=False) as folder:
        (folder / "data").touch()
    assert not folder.exists()


@pytest.mark.engines
def test_an_engine_that_was_not_asked_for_has_no_url(engines: Engines, cache: Path) -> None:
    with running_engines(cache, silent, kibana=False, keep_data=False) as running:
        assert running.kibana is None
        assert running.opensearch is None
        port = port_of(running.elasticsearch)
        assert ask(port, "/") is not None
    assert ask(port, "/") is None


@pytest.mark.engines
def test_after_the_first_start_the_next_takes_seconds(engines: Engines, cache: Path) -> None:
    begun = time.monotonic()
    with running_engines(cache, silent, keep_data=False):
        assert time.monotonic() - begun < 60, "about 12 seconds on two idle cores"


@pytest.mark.engines
def test_no_engine_outlives_a_killed_demo(engines: Engines, cache: Path, reachable: Path) -> None:
    command = [sys.executable, "-c", DEMO, str(cache)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.defpath, "TMPDIR": str(reachable)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        url = next(line.strip() for line in demo.stdout if line.startswith("http://"))
        assert ask(port_of(url), "/") is not None
        demo.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 15
    while ask(port_of(url), "/") is not None:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.engines
@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its engines to another user")
def test_a_cache_that_the_engines_cannot_reach_is_refused_at_once(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(DemoUnavailable, match="other users cannot enter"), running_engines(tmp_path / "cache", silent):
        raise AssertionError("started")
