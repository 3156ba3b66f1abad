"""The command that says whether a user may send a request."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from access_es.cli import main
from tests.running_proxy import PASSWORD

PERMISSIONS = {
    "roles": {"analyst": {"read": ["logs-*"], "dashboards": "view"}, "boss": {"manage": ["*"], "dashboards": "edit"}},
    "groups": {"data": ["analyst"], "bosses": ["boss"]},
}


@pytest.fixture(autouse=True)
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With alice, who is an analyst."""
    monkeypatch.setenv("ACCESS_ES_STATE", str(tmp_path))
    monkeypatch.setenv("PERMISSIONS", json.dumps(PERMISSIONS))
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD))
    assert main(["users", "add", "alice", "--password-stdin", "--group", "data"]) == 0
    capsys.readouterr()


def test_an_allowed_request_names_the_rule_and_what_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["may", "alice", "GET", "/logs-2024/_search"]) == 0
    assert capsys.readouterr().out == "allowed\n  rule    read logs-*\n  role    analyst\n  names   logs-2024\n"


def test_a_refused_request_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["may", "alice", "DELETE", "/secret-2024"]) == 1
    told = capsys.readouterr().out
    assert told.startswith("refused\n") and "alice may not manage secret-2024" in told


def test_a_body_decides_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = tmp_path / "body"
    body.write_text('{"index":"logs-1"}\n{}\n{"index":"secret-1"}\n{}\n')
    words = ["may", "alice", "POST", "/_msearch", "--header", "Content-Type: application/x-ndjson", "--json"]
    assert main([*words, "--body-file", str(body)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["index"], told["need"], told["line"]) == ("refused", "secret-1", "read", 3)


def test_it_names_the_role_that_would_sign(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    arn = "arn:aws:iam::123456789012:role/readers"
    signing = {"roles": {"a": {"read": ["logs-*"], "sign_with": arn}}, "groups": {"data": ["a"]}}
    monkeypatch.setenv("PERMISSIONS", json.dumps(signing))
    assert main(["may", "alice", "GET", "/logs-2024/_search"]) == 0
    assert f"  signs   {arn}\n" in capsys.readouterr().out


def test_groups_count_as_they_are_now(capsys: pytest.CaptureFixture[str]) -> None:
    main(["users", "groups", "alice", "bosses"])
    assert main(["may", "alice", "DELETE", "/secret-2024"]) == 0
    main(["users", "groups", "alice"])
    assert main(["may", "alice", "GET", "/logs-2024/_search"]) == 1


def test_without_the_setting_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("PERMISSIONS")
    assert main(["may", "alice", "DELETE", "/secret-2024"]) == 0
    assert "PERMISSIONS is not set" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nobody", "GET", "/"], "There is no user 'nobody'."),
        (["alice", "GET", "logs"], "must begin with /"),
        (["alice", "GET", "/", "--header", "x"], "has no colon"),
        (["alice", "GET", "/", "--body-file", "/none"], "The body cannot be read: /none"),
    ],
)
def test_what_cannot_be_judged_is_told_in_a_line(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["may", *words]) == 1
    told = capsys.readouterr()
    assert says in told.err and not told.out


def test_a_disabled_user_may_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    main(["users", "disable", "alice"])
    assert main(["may", "alice", "GET", "/logs-2024/_search"]) == 1
    assert "disabled" in capsys.readouterr().err
