"""The file of PERMISSIONS goes into the package, and is found in it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from access_es.errors import SettingsError
from access_es.live_permissions import open_permissions
from access_es.provision.callbacks import prune
from access_es.provision.deployment import read_deployment
from access_es.settings.read import read_settings
from tests.provision.conftest import ENDPOINT, MakeStage

ROLES = json.dumps({"roles": {"reader": {"read": ["logs-*"]}}, "default": ["reader"]})
SECRET = "s" * 40


@pytest.fixture
def project(make_stage: MakeStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file that names a file in a folder of its own."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "permissions.json").write_text(ROLES)
    make_stage({"PERMISSIONS": "file:conf/permissions.json", "CONFIG": "", "SESSION_SECRET": SECRET})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def packed(project: Path) -> Path:
    """The folder that the package is unpacked to, as `/var/task` is."""
    package = project / "package.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("access_es/x.py", "")
    prune(SimpleNamespace(zip_path=str(package), api_stage="dev", command="deploy", vargs=None))
    task = project / "task"
    with zipfile.ZipFile(package) as archive:
        archive.extractall(task)
    return task


def test_what_was_packed_is_what_counts(project: Path) -> None:
    task = packed(project)
    settings = read_settings({
        "ES_ENDPOINT": ENDPOINT, "USERS": "dynamodb:users", "SESSION_SECRET": SECRET,
        "PERMISSIONS": "file:conf/permissions.json",
    })  # fmt: skip
    permissions = open_permissions(settings, folder=task).current()
    assert permissions is not None and permissions.default == ("reader",)


def test_a_faulty_file_stops_the_deployment(project: Path) -> None:
    (project / "conf" / "permissions.json").write_text('{"default": ["nobody"]}')
    with pytest.raises(SettingsError, match="no role 'nobody'"):
        read_deployment(project / "zappa_settings.json", "dev", "1", lambda place: "{}")
    with pytest.raises(SystemExit, match="no role 'nobody'"):
        packed(project)


@pytest.mark.parametrize("path", ["/etc/passwd", "../permissions.json", "conf/../../x"])
def test_only_the_project_is_packed(path: str, make_stage: MakeStage) -> None:
    file = make_stage({"PERMISSIONS": f"file:{path}", "CONFIG": "", "SESSION_SECRET": SECRET})
    with pytest.raises(SettingsError, match="outside of the package"):
        read_deployment(file, "dev", "1", lambda place: "{}")
