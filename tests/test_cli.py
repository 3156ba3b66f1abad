import io
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from access_es.aws import CREDENTIALS_FIX
from access_es.cli import main
from access_es.demo.running_gateway import RunningGateway
from tests.running_proxy import KEY


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serve", "--port", "abc"], "--port: 'abc' is not a port, 0 to 65535"),
        (["serve", "--port", "65536"], "--port: '65536' is not a port, 0 to 65535"),
        (["demo", "--port", "-1"], "--port: '-1' is not a port, 0 to 65535"),
        (
            ["serve", "--trusted-proxy", "nginx"],
            "'nginx' is not an address or a network, such as 127.0.0.1 or 10.0.0.0/8",
        ),
        (["serve", "--trusted-proxy", "10.0.0.1/8"], "'10.0.0.1/8' is not an address or a network"),
        (["serve", "--workers", "0"], "--workers: '0' is not a number of 1 or more"),
        (["serve", "--workers", "two"], "--workers: 'two' is not a number of 1 or more"),
    ],
)
def test_wrong_usage_is_explained_in_the_words_of_the_person(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err


def test_serving_without_a_domain_says_what_to_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.delenv("ES_ENDPOINT", raising=False)
    monkeypatch.setenv("ACCESS_ES_STATE", str(tmp_path))
    assert main(["serve"]) == 1
    told = capsys.readouterr().err
    assert "ES_ENDPOINT" in told
    assert "access_es demo" in told


def test_a_profile_of_the_stage_signs_what_is_served(
    gateway: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"ES_ENDPOINT": gateway.url, "ES_REGION": "us-east-1"}
    file = tmp_path / "zappa_settings.json"
    file.write_text(json.dumps({"local": {"profile_name": "work", "environment_variables": variables}}))
    keys = f"aws_access_key_id = {KEY[0]}\naws_secret_access_key = {KEY[1]}\n"
    (tmp_path / "credentials").write_text(f"[work]\n{keys}")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    apps: list[Flask] = []

    def serve(make_app: Callable[[], Flask], *how: Any) -> int:
        apps.append(make_app())
        return 0

    monkeypatch.setattr("access_es.server.master.serve", serve)
    assert main(["--settings", str(file), "serve"]) == 0
    apps[0].test_client().get("/--access-es/ready")
    assert [seen.verdict for seen in gateway.log.last()] == ["verified"]


def test_serving_before_there_is_a_user_says_how_to_add_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ES_ENDPOINT", "https://search-logs-abc.us-east-1.es.amazonaws.com")
    monkeypatch.setenv("USERS", f"file:{tmp_path / 'users.db'}")
    monkeypatch.setenv("ACCESS_ES_STATE", str(tmp_path))
    monkeypatch.setattr("access_es.server.master.serve", lambda make_app, place, announce: 0)
    assert main(["serve"]) == 0
    assert "users.db (none yet: python -m access_es users add NAME)" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("a password of ann's"))
    assert main(["users", "add", "ann", "--password-stdin"]) == 0
    assert main(["serve"]) == 0
    assert "none yet" not in capsys.readouterr().err


@pytest.mark.parametrize("keys", [{}, {"AWS_ACCESS_KEY_ID": KEY[0], "AWS_SECRET_ACCESS_KEY": KEY[1]}])
def test_serving_without_credentials_says_so_once_it_is_ready(
    keys: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        **keys, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nowhere", "ACCESS_ES_STATE": str(tmp_path),
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "ES_ENDPOINT": "https://search-a-b.us-east-1.es.amazonaws.com",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    def serve(make_app: Callable[[], Flask], place: Any, announce: Callable[[str], None]) -> int:
        make_app()
        before = set(threading.enumerate())
        announce("http://127.0.0.1:8080")
        for thread in set(threading.enumerate()) - before:
            thread.join(20)
        return 0

    monkeypatch.setattr("access_es.server.master.serve", serve)
    assert main(["serve"]) == 0
    ready, *rest = capsys.readouterr().err.splitlines()[4:]
    assert ready == "access-es is ready at http://127.0.0.1:8080"
    assert len(rest) == (0 if keys else 1)
    for line in rest:
        assert line.startswith("No AWS credentials to sign with: found none in the environment, a profile or the role")
        assert line.endswith(f". Fix: {CREDENTIALS_FIX}.")


@pytest.mark.parametrize("is_set", [True, False])
def test_a_token_with_a_role_that_does_not_exist(
    is_set: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would allow nothing; without PERMISSIONS there are no roles to compare it with."""
    monkeypatch.setenv("ACCESS_ES_STATE", str(tmp_path))
    if is_set:
        permissions = {"roles": {"team": {"read": ["logs-*"]}, "shipper": {"write": ["logs-*"]}}}
        monkeypatch.setenv("PERMISSIONS", json.dumps(permissions))
    monkeypatch.setattr("sys.stdin", io.StringIO("a password of the test\n"))
    assert main(["users", "add", "ann", "--password-stdin"]) == 0
    assert main(["tokens", "add", "ann", "ci", "--role", "team"]) == 0
    capsys.readouterr()
    assert main(["tokens", "add", "ann", "typo", "--role", "team", "--role", "taem"]) == (1 if is_set else 0)
    if is_set:
        assert capsys.readouterr().err == "There is no role 'taem'. PERMISSIONS has the roles team, shipper.\n"


@pytest.mark.parametrize("setting", ["valid", "absent", "faulty"])
def test_a_group_that_gets_no_role_is_named(
    setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The user is changed all the same: the role may be added later, and PERMISSIONS may be on another machine."""
    monkeypatch.setenv("ACCESS_ES_STATE", str(tmp_path))
    if setting != "absent":
        permissions = tmp_path / "permissions.json"
        permissions.write_text('{"roles": {"r": {"read": ["*"]}}, "groups": {"data": ["r"]}}')
        monkeypatch.setenv("PERMISSIONS", f"file:{permissions}")
        (tmp_path / "users.csv").write_text("name,groups\nann,old\nbob,data;dtaa\ncyd,data\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("a password of the test\n"))
    if setting == "faulty":
        permissions.write_text("{")
    assert main(["users", "add", "ann", "--password-stdin", "--group", "data", "--group", "dtaa"]) == 0
    note = "Note: PERMISSIONS gives no role to 'dtaa'.\n" if setting == "valid" else ""
    assert capsys.readouterr().err == note
    assert main(["users", "groups", "ann", "dtaa", "more", "data"]) == 0
    assert capsys.readouterr().err == note.replace("'.", "', 'more'.")
    assert main(["users", "groups", "ann"]) == 0 and capsys.readouterr().err == ""
    if setting == "valid":
        assert main(["users", "import", str(tmp_path / "users.csv"), "--dry-run"]) == 0
        assert capsys.readouterr().err == note
