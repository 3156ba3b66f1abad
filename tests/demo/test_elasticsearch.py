from pathlib import Path

import pytest

from access_es.demo import elasticsearch
from access_es.demo.health import ask
from access_es.demo.stack import Engines

from .listening_processes import listening_addresses, owner, port_of


def test_all_that_it_writes_is_in_its_data_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    (home / "config" / "log4j2.properties").touch()
    elasticsearch.prepare_folders(home, tmp_path / "data")
    assert (tmp_path / "data" / "conf" / "scripts").is_dir()
    assert (tmp_path / "data" / "conf" / "log4j2.properties").exists()
    command = elasticsearch.start_command(home, Path("/java"), tmp_path / "data", (1, 2))
    assert command[0] == "/java/bin/java"
    assert {f"-Epath.{name}={tmp_path / 'data' / name}" for name in ("conf", "data", "logs")} <= set(command)


@pytest.mark.engines
def test_it_is_the_pinned_version_on_loopback_alone_and_not_root(engines: Engines) -> None:
    port = port_of(engines.elasticsearch)
    answer = ask(port, "/")
    assert answer is not None
    assert answer["version"]["number"] == "5.6.16"
    assert listening_addresses(port) == {"127.0.0.1"}
    assert owner(port) != 0


@pytest.mark.engines
def test_it_runs_on_the_java_of_the_demo(engines: Engines) -> None:
    nodes = ask(port_of(engines.elasticsearch), "/_nodes/_local/jvm")
    assert nodes is not None
    (node,) = nodes["nodes"].values()
    assert node["jvm"]["version"].startswith("17.")
