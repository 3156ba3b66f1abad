import os
from pathlib import Path

import pytest

from access_es.demo import opensearch
from access_es.demo.health import ask
from access_es.demo.stack import Engines

from .listening_processes import listening_addresses, owner, port_of


def test_its_scripts_are_made_executable(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    (home / "bin").mkdir()
    (home / "bin" / "opensearch").touch(mode=0o644)
    opensearch.prepare_folders(home, tmp_path / "data")
    assert os.access(home / "bin" / "opensearch", os.X_OK)
    assert opensearch.start_command(home, tmp_path / "data", (1, 2))[0] == str(home / "bin" / "opensearch")


@pytest.mark.engines
def test_it_is_the_pinned_version_on_loopback_alone_and_not_root(engines: Engines) -> None:
    port = port_of(engines.opensearch)
    answer = ask(port, "/")
    assert answer is not None
    assert answer["version"]["number"] == "2.19.0"
    assert listening_addresses(port) == {"127.0.0.1"}
    assert owner(port) != 0
