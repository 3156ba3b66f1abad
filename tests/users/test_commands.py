"""The commands `users` and `tokens`."""

from __future__ import annotations

import argparse
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from access_es.sign_in.build import Accounts
from access_es.users import commands
from access_es.users.change_log import Actor
from access_es.users.last_use import Use
from access_es.users.sessions import SessionRecord
from access_es.users.sqlite_stores import open_file_stores
from access_es.users.user import User
from tests.account_fixtures import PASSWORD, Clock

HOME = "192.0.2.1"
Run = Callable[..., int]


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="access_es")
    commands.register(parser.add_subparsers(required=True))
    return parser.parse_args(words)


@pytest.fixture
def run(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line, with `typed` on standard input, and gives the exit status."""

    def run(*words: str, typed: str = "") -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        args = parse(*words)
        return cast(int, args.accounts_command(args, accounts.directory))

    return run


def test_a_user_is_added_with_a_password_from_standard_input(run: Run, accounts: Accounts) -> None:
    assert run("users", "add", "bob", "--password-stdin", typed="bob's long password\n") == 0
    assert accounts.password_check.check("bob", "bob's long password", HOME).name == "bob"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\nsecond line\n"])
def test_only_the_end_of_the_line_is_taken_off_a_password(run: Run, accounts: Accounts, ending: str) -> None:
    assert run("users", "passwd", "ann", "--password-stdin", typed="  spaces are part of it  " + ending) == 0
    assert accounts.password_check.check("ann", "  spaces are part of it  ", HOME)


@pytest.mark.parametrize(
    ("words", "typed", "said"),
    [
        (("users", "add", "ann", "--password-stdin"), PASSWORD, "There is a user 'ann' already."),
        (("users", "add", "Bob", "--password-stdin"), PASSWORD, "lower-case letters"),
        (("users", "add", "bob", "--password-stdin"), "short", "use 12 characters or more"),
        (("users", "add", "bob", "--password-stdin"), "", "use 12 characters or more"),
        (("users", "add", "bob", "--password-stdin"), "zw\udcf6lf gr\udcfcne Fl", "not text in UTF-8"),
        (("users", "add", "bob"), PASSWORD, "add --password-stdin"),
        (("users", "add", "ann"), "", "There is a user 'ann' already."),
        (("users", "add", "Bob"), "", "lower-case letters"),
        (("users", "passwd", "bob", "--password-stdin"), PASSWORD, "There is no user 'bob'."),
        (("users", "disable", "bob"), "", "There is no user 'bob'."),
        (("users", "enable", "bob"), "", "There is no user 'bob'."),
        (("users", "remove", "bob"), "", "There is no user 'bob'."),
        (("tokens", "add", "bob", "ci"), "", "There is no user 'bob'."),
        (("tokens", "add", "ann", "ci", "--days", "0"), "", "1 to 366 days"),
        (("tokens", "list", "bob"), "", "There is no user 'bob'."),
        (("tokens", "revoke", "ann", "ci"), "", "There is no token with the label 'ci'."),
        (("tokens", "revoke", "bob", "ci"), "", "There is no user 'bob'."),
    ],
)
def test_a_refusal_is_one_line_on_stderr(
    run: Run, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], typed: str, said: str
) -> None:
    assert run(*words, typed=typed) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words", [("users",), ("users", "add"), ("tokens", "add", "ann"), ("tokens", "add", "ann", "ci", "--days", "x")]
)
def test_wrong_usage_is_2(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(*words)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_an_unusable_file_is_named(run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(accounts.settings.users.removeprefix("file:"))
    accounts.stores.changes.close()  # type: ignore[attr-defined]
    path.write_bytes(b"no database " * 100)
    assert run("users", "list") == 1
    assert f"{path} cannot be used: file is not a database" in capsys.readouterr().err


def test_without_users_the_list_says_how_to_add_one(
    run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]
) -> None:
    for user in accounts.directory.users():
        accounts.directory.remove_user(user.name)
    assert run("users", "list") == 0
    assert "no users yet. To add one: " in (said := capsys.readouterr().out) and "users add NAME" in said
    assert run("users", "list", "--json") == 0 and json.loads(capsys.readouterr().out) == []


def test_users_are_listed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("users", "add", "bob", "--password-stdin", "--group", "ops", "--group", "/search/admins", typed=PASSWORD)
    run("users", "disable", "bob")
    capsys.readouterr()
    assert run("users", "list") == 0
    assert capsys.readouterr().out == (
        "name  groups               origin  created               last sign-in  last used  state\n"
        "ann   -                    local   2027-01-15T08:00:00Z  -             -          enabled\n"
        "bob   ops, /search/admins  local   2027-01-15T08:00:00Z  -             -          disabled\n"
    )
    assert run("users", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out)[1] == {
        "name": "bob",
        "groups": ["ops", "/search/admins"],
        "origin": "local",
        "created": "2027-01-15T08:00:00Z",
        "disabled": True,
        "state": "disabled",
        "signed_in": None,
        "last_used": None,
    }


def test_users_of_a_provider_are_listed_with_what_they_are_called(
    run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]
) -> None:
    added = User("sso-x", "", 0, ("/search",), False, "e", "https://id.example", "ann-1", "Ann", 1_800_000_000)
    accounts.stores.users.add(added)
    assert run("users", "list") == 0
    assert "sso-x (Ann)  /search" in capsys.readouterr().out
    assert run("users", "list", "--json") == 0
    found = json.loads(capsys.readouterr().out)[1]
    assert (found["issuer"], found["subject"], found["display_name"]) == ("https://id.example", "ann-1", "Ann")
    assert found["signed_in"] == "2027-01-15T08:00:00Z"


def test_users_are_disabled_enabled_and_removed(run: Run, accounts: Accounts) -> None:
    assert run("users", "disable", "ann") == 0
    assert accounts.directory.user("ann").disabled
    assert run("users", "enable", "ann") == 0
    assert not accounts.directory.user("ann").disabled
    assert run("users", "remove", "ann", "--yes") == 0
    assert accounts.directory.users() == []


def test_each_change_says_what_it_did(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for words, told in (
        (("users", "add", "bob", "--password-stdin"), "Added the user 'bob'."),
        (("users", "passwd", "bob", "--password-stdin"), "Changed the password of 'bob'."),
        (("users", "disable", "bob"), "Disabled 'bob'."),
        (("users", "enable", "bob"), "Enabled 'bob'."),
        (("tokens", "add", "bob", "a"), "aes_"),
        (("tokens", "add", "bob", "b"), "aes_"),
        (("tokens", "revoke", "bob", "a"), "Revoked the token 'a' of 'bob'."),
        (("users", "remove", "bob", "--yes"), "Removed the user 'bob' and 1 API token."),
    ):
        assert run(*words, typed=PASSWORD) == 0
        out, err = capsys.readouterr()
        assert out.startswith(told) and out.count("\n") == 1 and err == ""


def test_each_change_is_also_json(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*words: str) -> dict[str, object]:
        assert run(*words, "--json", typed=PASSWORD) == 0
        return cast(dict[str, object], json.loads(capsys.readouterr().out))

    bob = said("users", "add", "bob", "--password-stdin", "--group", "ops")
    assert (bob["name"], bob["groups"], bob["disabled"]) == ("bob", ["ops"], False)
    assert said("users", "passwd", "bob", "--password-stdin")["name"] == "bob"
    assert said("users", "groups", "bob", "data")["groups"] == ["data"]
    assert said("users", "disable", "bob")["disabled"] is True
    assert said("users", "enable", "bob")["disabled"] is False
    invited = said("users", "add", "eve", "--invite", "--url", "https://kibana.example.com")
    assert str(invited["link"]).startswith("https://kibana.example.com/--access-es/invite/")
    assert (invited["user"], invited["valid_until"]) == ("eve", "2027-01-17T08:00:00Z")
    assert run("users", "list", "--json") == 0
    states = {user["name"]: user["state"] for user in json.loads(capsys.readouterr().out)}
    assert states == {"ann": "enabled", "bob": "enabled", "eve": "no_password_yet"}
    token = said("tokens", "add", "bob", "ci", "--days", "1")
    assert str(token["token"]).startswith(f"aes_{token['id']}_") and token["expires"] == "2027-01-16T08:00:00Z"
    assert said("tokens", "revoke", "bob", "ci") == {"user": "bob", "label": "ci"}
    assert said("users", "remove", "bob", "--yes") == {"removed": "bob", "tokens": 0}


def test_what_a_terminal_could_obey_is_not_printed(
    run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]
) -> None:
    named = User("sso-x", "", 0, (), False, "e", "https://id.example", "1", "Ann\x1b]0;title\x07\n", 1)
    accounts.stores.users.add(named)
    assert run("users", "list") == 0
    assert "sso-x (Ann?]0;title??)" in capsys.readouterr().out


def test_nobody_is_removed_unasked(run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("users", "remove", "ann", typed="y\n") == 1
    assert "Add --yes" in capsys.readouterr().err
    assert [user.name for user in accounts.directory.users()] == ["ann"]


@pytest.mark.parametrize(("answer", "status"), [(b"y\n", 0), (b"\n", 1), (b"ann\n", 1), (b"\x04", 1)])
def test_a_user_is_removed_after_a_yes(tmp_path: Path, answer: bytes, status: int) -> None:
    stores = open_file_stores(tmp_path / "accounts.db")
    stores.users.add(User("bob", "hash", 0))
    ours, theirs = pty.openpty()
    process = on_terminal(theirs, tmp_path, "users", "remove", "bob")
    read_until(ours, b"Remove the user 'bob' and 0 API tokens? This cannot be undone. [y/N] ")
    os.write(ours, answer)
    read_until(ours, b"Removed the user 'bob'" if status == 0 else b"Nothing was removed.")
    assert process.wait(30) == status
    os.close(ours)
    assert (stores.users.find("bob") is None) == (status == 0)


def test_a_disabled_user_gets_no_token(run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    run("users", "disable", "ann")
    capsys.readouterr()
    assert run("tokens", "add", "ann", "ci") == 1
    assert capsys.readouterr() == ("", "The user 'ann' is disabled: a token would not work. Enable the user first.\n")
    assert accounts.directory.tokens("ann") == []


def test_a_token_is_printed_alone_and_works(run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tokens", "add", "ann", "ci", "--days", "7") == 0
    out, err = capsys.readouterr()
    text = out.removesuffix("\n")
    assert err == ""
    headers = (("Authorization", f"Bearer {text}"),)
    caller = accounts.identity.identify(headers, scheme="http", client_address=HOME)
    assert caller and caller.token == "ci"


def test_tokens_are_listed_without_their_secret(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("tokens", "add", "ann", "nightly job", "--days", "7")
    text = capsys.readouterr().out.strip()
    token_id = text.split("_")[1]
    assert run("tokens", "list", "ann") == 0
    assert capsys.readouterr().out == (
        "user  label        id            roles  created               last used  expires               state\n"
        f"ann   nightly job  {token_id}  all    2027-01-15T08:00:00Z  -          2027-01-22T08:00:00Z  valid\n"
    )
    assert run("tokens", "list", "ann", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed[0]["expired"] is False
    assert text.split("_")[2] not in json.dumps(listed)


def test_everybodys_tokens_are_listed_with_their_last_use(
    run: Run, accounts: Accounts, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    run("users", "add", "bob", "--password-stdin", typed=PASSWORD)
    token, _ = accounts.directory.add_token("ann", "ci")
    accounts.directory.add_token("bob", "job")
    accounts.stores.last_use.note(Use(token=token, user="ann"), int(clock.now), 0)
    capsys.readouterr()
    assert run("tokens", "list", "--json") == 0
    listed = [(one["user"], one["label"], one["last_used"]) for one in json.loads(capsys.readouterr().out)]
    assert listed == [("ann", "ci", "2027-01-15T08:00:00Z"), ("bob", "job", None)]
    assert run("users", "list") == 0
    assert "2027-01-15T08:00:00Z  -             2027-01-15T08:00:00Z  enabled" in capsys.readouterr().out


def test_sessions_are_listed_and_ended(
    run: Run, accounts: Accounts, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    epoch, now = accounts.directory.user("ann").epoch, int(clock.now)
    for id, device in (("s1", "Firefox on Linux"), ("s2", "Safari on iPhone"), ("s3", "Chrome on Windows")):
        until, place = now + 3_600, "192.0.2.7"
        accounts.stores.sessions.put(SessionRecord(id, "ann", epoch, device, place, "password", now, until, now))
    assert run("sessions", "list") == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "user  device             address    by        signed in             last used             id",
        "ann   Firefox on Linux   192.0.2.7  password  2027-01-15T08:00:00Z  2027-01-15T08:00:00Z  s1",
    ]
    assert run("sessions", "end", "ann", "s1") == 0
    assert capsys.readouterr().out == "Ended the session of 'ann' on Firefox on Linux.\n"
    assert accounts.stores.revocations.is_revoked("s1")
    assert run("sessions", "end", "ann", "s1") == 1
    assert capsys.readouterr().err == "This session has ended already.\n"
    assert run("sessions", "list", "ann", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in listed] == ["s2", "s3"]
    assert listed[0]["until"] == "2027-01-15T09:00:00Z"
    assert run("sessions", "end", "ann", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"user": "ann", "ended": "all"}
    assert accounts.directory.user("ann").epoch != epoch and accounts.directory.sessions("ann") == []


def test_machines_are_listed(run: Run, accounts: Accounts, clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    accounts.stores.last_use.note(Use(machine="nightly import"), int(clock.now), 0)
    assert run("machines") == 0
    assert capsys.readouterr().out == "name            last used\nnightly import  2027-01-15T08:00:00Z\n"
    assert run("machines", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [{"name": "nightly import", "last_used": "2027-01-15T08:00:00Z"}]


def test_changes_of_long_ago_are_found(run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    """Behind more changes than are read at a time."""
    accounts.directory.by(Actor("root", "command")).disable("ann")
    with accounts.stores.changes.write() as connection:  # type: ignore[attr-defined]
        lines = [
            (f"{1_800_000_000_001 + n:014d}-0000-0", 1.8e9, "", "", "user_enabled", "bob", "") for n in range(5_100)
        ]
        connection.executemany("INSERT INTO change_log VALUES (?, ?, ?, ?, ?, ?, ?)", lines)
    assert run("changes", "--user", "root", "--json") == 0
    assert [one["action"] for one in json.loads(capsys.readouterr().out)] == ["user_disabled"]
    assert run("changes", "--limit", "5102") == 0
    assert len(capsys.readouterr().out.splitlines()) == 5_103


def test_changes_are_listed_with_who_made_them(
    run: Run, accounts: Accounts, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts.directory.by(Actor("root", "command")).set_groups("ann", ["ops", "data"])
    clock.now += 60
    accounts.directory.by(Actor("ann", "session")).add_token("ann", "ci", 7, ["analyst"])
    assert run("changes") == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].split() == ["time", "who", "via", "what", "user", "detail"]
    assert out[1].startswith("2027-01-15T08:01:00Z  ann   session  token_created   ann   ci (")
    assert out[2] == "2027-01-15T08:00:00Z  root  command  groups_changed  ann   none → ops, data"
    assert out[3].split()[1:] == ["-", "-", "user_created", "ann", "groups:", "none"]
    assert run("changes", "--user", "root", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [
        {
            "time": "2027-01-15T08:00:00Z",
            "actor": "root",
            "via": "command",
            "action": "groups_changed",
            "target": "ann",
            "detail": "none → ops, data",
        }
    ]
    assert run("changes", "--limit", "1") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_groups_are_replaced(run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("users", "groups", "ann", "ops", "data", "ops") == 0
    assert accounts.directory.user("ann").groups == ("ops", "data")
    assert capsys.readouterr().out == "ann is in ops, data.\n"
    assert run("users", "groups", "ann") == 0
    assert accounts.directory.user("ann").groups == ()
    assert run("users", "groups", "ann", "a\nb") == 1 and run("users", "groups", "nobody", "ops") == 1


def test_a_token_may_have_fewer_roles_than_its_user(
    run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("tokens", "add", "ann", "ci", "--role", "analyst", "--role", "shipper") == 0
    text = capsys.readouterr().out.strip()
    headers = (("Authorization", f"Bearer {text}"),)
    caller = accounts.identity.identify(headers, scheme="http", client_address=HOME)
    assert caller is not None and caller.only_roles == ("analyst", "shipper")
    assert run("tokens", "list", "ann") == 0
    assert "analyst, shipper" in capsys.readouterr().out


def test_a_token_is_revoked(run: Run, accounts: Accounts) -> None:
    run("tokens", "add", "ann", "ci")
    assert run("tokens", "revoke", "ann", "ci") == 0
    assert accounts.directory.tokens("ann") == []


TERMINAL = """
import argparse, sys
from access_es.users import commands
from access_es.users.sqlite_stores import open_file_stores
from access_es.users.user import User
from access_es.sign_in.build import AccountSettings, build_accounts
accounts = build_accounts(AccountSettings(("secret",), sys.argv[1], password_method="scrypt:1024:8:1"))
parser = argparse.ArgumentParser()
commands.register(parser.add_subparsers())
args = parser.parse_args(sys.argv[2:])
sys.exit(args.accounts_command(args, accounts.directory))
"""


def on_terminal(theirs: int, folder: Path, *words: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", TERMINAL, f"file:{folder / 'accounts.db'}", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    return process


def read_until(ours: int, words: bytes) -> bytes:
    seen = b""
    while words not in seen:
        seen += os.read(ours, 1_000)
    return seen


@pytest.mark.parametrize(("second", "status"), [("typed on a terminal", 0), ("typed otherwise", 1)])
def test_a_password_is_asked_for_twice_on_a_terminal_and_never_shown(tmp_path: Path, second: str, status: int) -> None:
    ours, theirs = pty.openpty()
    process = on_terminal(theirs, tmp_path, "users", "add", "bob")
    seen = read_until(ours, b"Password: ")
    assert b"A password has 12 characters or more." in seen
    os.write(ours, b"typed on a terminal\n")
    seen += read_until(ours, b"The same again: ")
    os.write(ours, f"{second}\n".encode())
    assert process.wait(30) == status
    os.close(ours)
    assert b"typed" not in seen


def test_ctrl_d_instead_of_a_password_changes_nothing(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = on_terminal(theirs, tmp_path, "users", "add", "bob")
    read_until(ours, b"Password: ")
    os.write(ours, b"\x04")
    seen = read_until(ours, b"changed.")
    assert process.wait(30) == 1
    os.close(ours)
    assert b"No password was given. Nothing was changed." in seen and b"Traceback" not in seen


def test_a_password_that_cannot_be_is_refused_before_it_is_typed_again(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = on_terminal(theirs, tmp_path, "users", "add", "bob")
    read_until(ours, b"Password: ")
    os.write(ours, b"too short\n")
    seen = read_until(ours, b"use 12 characters or more")
    assert process.wait(30) == 1
    os.close(ours)
    assert b"again" not in seen


def test_an_invitation_is_printed_once_and_lets_a_person_choose(
    run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("users", "add", "bob", "--group", "readers", "--invite") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("/--access-es/invite/") and printed.out.count("\n") == 1
    assert "works once" in printed.err and "--url" in printed.err
    user = accounts.directory.accept(printed.out.strip().rpartition("/")[2], "what bob has chosen")
    assert (user.name, user.groups) == ("bob", ("readers",))


def test_an_invitation_for_a_new_password_with_the_whole_address(
    run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("users", "passwd", "ann", "--invite", "--url", "https://kibana.example.com/dev/") == 0
    link = capsys.readouterr().out.strip()
    assert link.startswith("https://kibana.example.com/dev/--access-es/invite/")
    assert accounts.directory.accept(link.rpartition("/")[2], "a new one of hers").name == "ann"


def test_a_deployed_stage_knows_its_address(accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    args = parse("users", "passwd", "ann", "--invite")
    args.start_page = lambda: "https://abc.execute-api.us-east-1.amazonaws.com/dev/"
    assert args.accounts_command(args, accounts.directory) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("https://abc.execute-api.us-east-1.amazonaws.com/dev/--access-es/invite/")
    assert "--url" not in printed.err
