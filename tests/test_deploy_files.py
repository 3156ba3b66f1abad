"""The unit of systemd, the Containerfile and the commands of docs/own-server.md."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from access_es.cli import make_parser
from access_es.users.sqlite_stores import open_file_stores
from access_es.users.user import User

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "deploy" / "access-es.service"
CONTAINERFILE = (ROOT / "deploy" / "Containerfile").read_text()
DOCS = (ROOT / "docs" / "own-server.md").read_text()


def service() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT)
    return parser["Service"]


def test_the_unit_runs_a_command_that_there_is() -> None:
    program, *words = shlex.split(service()["ExecStart"])
    assert program == "/opt/access-es/bin/access-es"
    assert make_parser().parse_args(words).trusted_proxy == ["127.0.0.1/32"]


def test_the_unit_stores_what_it_stores_in_its_own_folder() -> None:
    found = service()
    folder = f"/var/lib/{found['StateDirectory']}"
    assert (found["WorkingDirectory"], found["Environment"]) == (folder, f"ACCESS_ES_STATE={folder}")
    assert (found["User"], found["StateDirectoryMode"], found["UMask"]) == ("access-es", "0700", "0077")
    for told in (found["EnvironmentFile"], f"ACCESS_ES_STATE={folder}", "useradd --system"):
        assert told in DOCS


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """Where there is systemd; elsewhere, each line at least is of the form that it reads."""
    analyze = shutil.which("systemd-analyze")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/access-es/bin/access-es", sys.executable))
    if analyze:
        checked = subprocess.run([analyze, "verify", str(copy)], capture_output=True, text=True)
        assert (checked.returncode, checked.stderr) == (0, "")
    lines = [line for line in UNIT.read_text().splitlines() if line and line[0] not in "#["]
    assert [line for line in lines if not re.fullmatch(r"[A-Z][A-Za-z]+=.*", line)] == []


def instructions() -> Iterator[tuple[str, str]]:
    for line in CONTAINERFILE.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


def test_the_container_is_built_of_files_that_are_sent(tmp_path: Path) -> None:
    """Those that it copies make a wheel, and all of them are let through to the builder."""
    copied = [rest.split()[:-1] for word, rest in instructions() if word == "COPY" and "--from" not in rest]
    names = [name for some in copied for name in some]
    ignore = (ROOT / "deploy" / "Containerfile.dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in names} == {line for line in ignore if line.startswith("!")}
    for name in names:
        source = ROOT / name
        shutil.copytree(source, tmp_path / name) if source.is_dir() else shutil.copy(source, tmp_path)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert list((tmp_path / "dist").glob("access_es-*.whl"))


def test_the_container_runs_a_command_that_there_is() -> None:
    last = dict(instructions())
    assert json.loads(last["ENTRYPOINT"]) == ["/opt/access-es/bin/access-es"]
    args = make_parser().parse_args(json.loads(last["CMD"]))
    assert (args.host, args.port) == ("0.0.0.0", int(last["EXPOSE"]))
    assert last["WORKDIR"] == last["VOLUME"] == "/var/lib/access-es" and "USER" in last


def test_what_is_for_servers_is_not_packed_for_lambda() -> None:
    stages = json.loads((ROOT / "zappa_settings.json").read_text())
    assert "deploy" in stages["dev"]["exclude_glob"]


def test_the_documented_backup_is_whole_while_the_file_is_open(tmp_path: Path) -> None:
    (line,) = re.findall(r"umask 077\n/opt/access-es/bin/python -c \"(import sqlite3;[^\"]*)\"", DOCS)
    database, copy = tmp_path / "users.db", tmp_path / "copy.db"
    users = open_file_stores(database).users
    names = [f"user{number}" for number in range(5)]
    assert all(users.add(User(name, "hash", 0)) for name in names)
    code = line.replace("/var/lib/access-es/users.db", str(database)).replace("users-backup.db", str(copy))
    subprocess.run([sys.executable, "-c", code], check=True, umask=0o077)
    assert (tmp_path / "users.db-wal").stat().st_size, "what was written last is in a second file"
    assert [user.name for user in open_file_stores(copy).users.all()] == names
