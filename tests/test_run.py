"""`make test` names what passed only when it was run once more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.groups import ENGINES, KEYCLOAK, LONGEST, ROOT, group, order
from tests.run import STAGES, main

PASSES = "def test_passes(): pass\n"
PASSES_LATER = """
import pathlib
def test_passes_later():
    before = pathlib.Path("was-here").exists()
    pathlib.Path("was-here").touch()
    assert before
"""
FAILS = "def test_fails(): assert False\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = servers\n  engines\n  browser\n  cloud\n  heavy\n")
    return tmp_path


def lines(capfd: pytest.CaptureFixture[str]) -> list[str]:
    return capfd.readouterr().out.splitlines()


def test_what_passed_the_second_time_is_named_last(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "test_a.py").write_text(PASSES + PASSES_LATER)
    assert main("fast", ["-n", "0"], project) == 0
    *_, said, named = lines(capfd)
    assert said.startswith("These failed, and passed when they were run once more")
    assert named == "  test_a.py::test_passes_later"


def test_what_fails_twice_fails(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "test_a.py").write_text(PASSES_LATER + FAILS)
    assert main("fast", ["-n", "0"], project) == 1
    assert lines(capfd)[-1].startswith("Stage 'units' failed after ")


def test_a_file_that_cannot_be_imported_fails(project: Path) -> None:
    (project / "test_a.py").write_text("import nothing_of_this_name\n")
    assert main("fast", ["-n", "0"], project) == 1


def test_without_failures_nothing_is_named(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "test_a.py").write_text(PASSES)
    assert main("fast", ["-n", "0", "test_a.py"], project) == 0
    assert lines(capfd)[-1].startswith("Stage 'units' passed in ")


def test_a_stage_has_each_test_once() -> None:
    """By its marks, every test is in one stage."""
    expressions = [stage.marks for stage in STAGES]
    for servers in (True, False):
        for heavy in (True, False):
            for alone in (True, False):
                names = {
                    "servers": servers,
                    "engines": False,
                    "browser": False,
                    "cloud": False,
                    "heavy": heavy,
                    "alone": alone,
                }
                chosen = [bool(eval(text, {}, names)) for text in expressions]
                assert sum(chosen) == 1


def test_what_begins_first_is_there() -> None:
    assert [name for name in LONGEST if name not in (ENGINES, KEYCLOAK) and not (ROOT / name).is_file()] == []


def test_tests_that_share_the_engines_or_keycloak_are_one_group() -> None:
    assert group("tests/browser/test_kibana.py") == group("tests/demo/test_stack.py") == ENGINES
    assert group("tests/keycloak/test_keycloak.py") == group("tests/keycloak/test_front_doors.py") == KEYCLOAK
    assert group("tests/cloud/test_long_queries.py") == "tests/cloud/test_long_queries.py"
    assert order("tests/browser/test_kibana.py") < order("tests/cloud/test_battery.py") < order("tests/test_cli.py")


def test_a_group_stays_in_one_worker(project: Path) -> None:
    """With the scheduler of these tests; pytest-xdist's own groups are not always found."""
    for name in ("a", "b"):
        body = "import os, pytest\n@pytest.mark.parametrize('n', range(20))\ndef test_x(n): print(os.getpid())\n"
        (project / f"test_{name}.py").write_text(body)
    (project / "conftest.py").write_text(
        "from tests.groups import ByGroup\n"
        "def pytest_xdist_make_scheduler(config, log): return ByGroup(config, log)\n"
        "def pytest_runtest_logreport(report):\n"
        "    if report.when == 'call' and hasattr(report, 'node'):\n"
        "        with open('log', 'a') as log: print(report.nodeid.partition('::')[0], report.node.gateway.id, file=log)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]
    subprocess.run(command, cwd=project, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    pairs = {tuple(line.split()) for line in (project / "log").read_text().splitlines()}
    assert len(pairs) == 2 and {name for name, _ in pairs} == {"test_a.py", "test_b.py"}
