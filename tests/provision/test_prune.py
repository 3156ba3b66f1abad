"""The package's botocore without what no call of ours reads, and still able to make every call of ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import botocore.loaders
import botocore.model
import botocore.session
import pytest

import access_es
from access_es.provision.packaging import compile_folder
from access_es.provision.prune import (
    OPERATIONS,
    packed_services,
    prune_package,
    unchecked,
    unrelated_names,
    without_documentation,
)

SERVICES = ("dynamodb", "s3", "sts")
PACKAGES = ("delivery", "settings", "sign_in", "storage", "tasks", "upstream", "users")
CLIENTS = """
import boto3, botocore, sys
assert botocore.__file__.startswith(sys.argv[1]), botocore.__file__
for name in sys.argv[2:]:
    client = boto3.client(name, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y")
    print(client.meta.endpoint_url, client.meta.service_model.metadata["protocol"])
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """botocore with three services, packed."""
    root = Path(botocore.__file__).parent
    zipped = tmp_path_factory.mktemp("package") / "package.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for file in sorted(root.rglob("*")):
            place = file.relative_to(root)
            is_other = place.parts[0] == "data" and len(place.parts) > 2 and place.parts[1] not in SERVICES
            if file.is_file() and "__pycache__" not in place.parts and not is_other:
                archive.write(file, Path("botocore") / place)
        archive.writestr("access_es/x.py", "pass\n")
    return zipped


def clients(package: Path, folder: Path) -> str:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", CLIENTS, str(folder), *SERVICES]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_the_same_clients_come_from_much_less(package: Path, tmp_path: Path) -> None:
    before, size = clients(package, tmp_path / "before"), package.stat().st_size
    with zipfile.ZipFile(package) as archive:
        table = len(archive.read("botocore/data/endpoints.json"))
    prune_package(package)
    assert clients(package, tmp_path / "after") == before
    with zipfile.ZipFile(package) as archive:
        assert archive.testzip() is None
        assert len(archive.read("botocore/data/endpoints.json")) * 10 < table
        assert archive.read("access_es/x.py") == b"pass\n"
    assert package.stat().st_size < size


def test_of_the_project_our_package_alone_is_packed(tmp_path: Path) -> None:
    project, installed = tmp_path / "project", tmp_path / "installed"
    names = ["access_es", "config.json", "notes", "flask"]  # the last is a folder that is called as a library
    for folder, each in [*((project, name) for name in names), (installed, "flask")]:
        (folder / each).mkdir(parents=True)
    package = tmp_path / "package.zip"
    packed = ["access_es/x.py", "config.json", "notes/plan.md", "flask/app.py", "zappa_settings.py"]
    with zipfile.ZipFile(package, "w") as archive:
        for name in packed:
            archive.writestr(name, "")
    prune_package(package, unrelated_names(project, installed))
    with zipfile.ZipFile(package) as archive:
        assert archive.namelist() == ["access_es/x.py", "flask/app.py", "zappa_settings.py"]


def test_a_file_of_permissions_is_packed_as_it_is_now_whatever_is_excluded(tmp_path: Path) -> None:
    package = tmp_path / "package.zip"
    with zipfile.ZipFile(package, "w") as archive:
        for name in ("access_es/x.py", "conf/permissions.json", "conf/secrets.json"):
            archive.writestr(name, "old")
    prune_package(package, frozenset(("conf",)), {"conf/permissions.json": b"new"})
    with zipfile.ZipFile(package) as archive:
        assert archive.namelist() == ["access_es/x.py", "conf/permissions.json"]
        assert archive.read("conf/permissions.json") == b"new"
        assert archive.getinfo("conf/permissions.json").external_attr >> 16 & 0o444 == 0o444


def test_services_are_those_with_a_model() -> None:
    names = [
        "botocore/data/s3/2006-03-01/service-2.json.gz",
        "botocore/data/ec2/2016-11-15/waiters-2.json",
        "botocore/x.py",
    ]
    assert packed_services(names) == {"s3"}


def test_a_shape_that_is_called_documentation_stays() -> None:
    model = {"documentation": "text", "members": {"documentation": {"shape": "String", "documentation": "text"}}}
    shape = {"shape": "String", "documentation": ""}
    assert without_documentation(model) == {"documentation": "", "members": {"documentation": shape}}


def test_bytecode_is_loaded_without_a_look_at_its_source(tmp_path: Path) -> None:
    (tmp_path / "answer.py").write_text("WHICH = 'compiled'\n")
    compile_folder(tmp_path, tmp_path)
    (bytecode,) = tmp_path.glob("__pycache__/*.pyc")
    bytecode.write_bytes(unchecked(bytecode.read_bytes()))
    (tmp_path / "answer.py").write_text("WHICH = 'as the source has it now'\n")
    printed = subprocess.run(
        [sys.executable, "-c", "import answer; print(answer.WHICH)"], cwd=tmp_path, capture_output=True, text=True
    )
    assert printed.stdout == "compiled\n"


def test_bytecode_that_goes_by_times_stays_so() -> None:
    by_time = b"\xa7\r\r\n" + bytes(4) + b"rest"
    assert unchecked(by_time) == by_time


@pytest.mark.parametrize("service", OPERATIONS)
def test_every_operation_that_lambda_calls_is_kept(service: str) -> None:
    """Looked for as the code writes them: in quotes, in their Python names."""
    package = Path(access_es.__file__).parent
    files = [*package.glob("*.py"), *(file for room in PACKAGES for file in (package / room).glob("*.py"))]
    running = [file for file in files if file.name != "dynamodb_schema.py"]  # what provisioning makes of it
    words = set(re.findall(r'"([a-z_]+)"', "".join(file.read_text() for file in running)))
    known = botocore.session.get_session().get_service_model(service).operation_names
    called = {name for name in known if botocore.xform_name(name) in words}
    assert called <= OPERATIONS[service]
    assert called >= OPERATIONS[service] - {"DescribeEndpoints", "Invoke"}


def test_a_kept_operation_has_all_of_its_shapes(package: Path, tmp_path: Path) -> None:
    prune_package(package)
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path)
    loader = botocore.loaders.Loader(
        extra_search_paths=[str(tmp_path / "botocore" / "data")], include_default_search_paths=False
    )
    model = botocore.model.ServiceModel(loader.load_service_model("dynamodb", "service-2"))
    assert frozenset(model.operation_names) == OPERATIONS["dynamodb"]
    for name in model.operation_names:
        operation = model.operation_model(name)
        for shape in (operation.input_shape, operation.output_shape, *operation.error_shapes):
            if shape is not None:
                walk(shape, set())


def walk(shape: Any, seen: set[str]) -> None:
    """Raises NoShapeFoundError where a shape that it is made of is missing."""
    if shape.name in seen:
        return
    seen.add(shape.name)
    parts = shape.members.values() if shape.type_name == "structure" else ()
    inner = {"list": "member", "map": "value"}.get(shape.type_name)
    for part in [getattr(shape, inner)] if inner else parts:
        walk(part, seen)
