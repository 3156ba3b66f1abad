"""The command `users import`."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from access_es.sign_in.build import Accounts
from access_es.storage.errors import StoreUnusable
from access_es.users.passwords import is_unset
from access_es.users.user import User
from tests.account_fixtures import PASSWORD
from tests.users.test_commands import parse

Run = Callable[..., int]
LIST = "name,groups\nann,ops\nbob,ops;data\ncarl,\n"


@pytest.fixture
def run(accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Imports a file of this content with these options, and gives the exit status."""

    def run(content: str, *options: str, name: str = "") -> int:
        path = tmp_path / "users.csv"
        path.write_text(content)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
        args = parse("users", "import", name or str(path), *options)
        return cast(int, args.accounts_command(args, accounts.directory))

    return run


def groups(accounts: Accounts) -> dict[str, tuple[str, ...]]:
    return {user.name: user.groups for user in accounts.directory.users()}


def links(text: str) -> list[str]:
    return re.findall(r"/--access-es/invite/(\S+)", text)


def test_users_are_added_without_a_password(run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(LIST) == 0
    assert groups(accounts) == {"ann": (), "bob": ("ops", "data"), "carl": ()}
    assert is_unset(accounts.directory.user("bob").password_hash)
    assert not is_unset(accounts.directory.user("ann").password_hash)
    assert capsys.readouterr().out == (
        "name  groups     what\n"
        "ann   -          unchanged; is in other groups; --update changes them\n"
        "bob   ops, data  added\n"
        "carl  -          added\n"
    )


def test_it_can_be_repeated(run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    run(LIST)
    before = accounts.directory.users()
    revision = accounts.stores.changes.revision()
    capsys.readouterr()
    assert run(LIST, "--json") == 0
    assert {one["action"] for one in json.loads(capsys.readouterr().out)} == {"keep"}
    assert accounts.directory.users() == before
    assert accounts.stores.changes.revision() == revision


def test_groups_change_only_where_it_is_asked_for(run: Run, accounts: Accounts) -> None:
    """And of those alone who are listed with groups; their sessions go on."""
    accounts.directory.add_user("dora", PASSWORD, ["kept"])
    epoch = accounts.directory.user("ann").epoch
    assert run(LIST, "--update") == 0
    assert groups(accounts)["ann"] == ("ops",)
    assert run("name\nann\n", "--update") == 0
    assert (groups(accounts)["ann"], groups(accounts)["dora"]) == (("ops",), ("kept",))
    assert accounts.directory.user("ann").epoch == epoch


def test_a_dry_run_changes_nothing(run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    before, revision = accounts.directory.users(), accounts.stores.changes.revision()
    assert run(LIST, "--update", "--invite", "--dry-run") == 0
    assert capsys.readouterr().out == (
        "name  groups     what                  link\n"
        "ann   ops        groups to be changed  -\n"
        "bob   ops, data  to be added           to be made\n"
        "carl  -          to be added           to be made\n"
        "Nothing was changed: this was a dry run.\n"
    )
    assert (accounts.directory.users(), accounts.stores.changes.revision()) == (before, revision)


def test_whoever_has_no_password_is_invited(run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    """Again at each import, until the person has chosen one: links last for two days."""
    assert run(LIST, "--invite", "--url", "https://search.example.com/") == 0
    out, err = capsys.readouterr()
    assert out.count("https://search.example.com/--access-es/invite/") == 2
    assert err == "Each link works once, for 48 hours, and is not shown again.\n"
    accounts.directory.accept(links(out)[0], "bob's long password")
    assert accounts.password_check.check("bob", "bob's long password", "::1").groups == ("ops", "data")
    run(LIST, "--invite", "--json", "--url", "https://search.example.com")
    again = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in again if one["invited"]] == ["carl"]
    assert again[2] == {
        "name": "carl", "groups": [], "action": "keep", "note": None, "invited": True,
        "link": again[2]["link"], "valid_until": "2027-01-17T08:00:00Z",
    }  # fmt: skip


def test_without_an_address_the_links_are_paths(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("name\nbob\n", "--invite")
    out, err = capsys.readouterr()
    assert "  /--access-es/invite/" in out
    assert "name it with --url" in err


def test_a_disabled_user_is_not_invited(run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    accounts.directory.add_invited("bob")
    accounts.directory.disable("bob")
    assert run("name\nbob\n", "--invite") == 0
    assert "disabled, so not invited" in capsys.readouterr().out
    assert accounts.directory.user("bob").disabled


def test_one_fault_and_nothing_is_written(run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(LIST + "Dora,\nbob,\n", "--update", "--invite") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[1:] == ["line 6: 'bob' is there already, at line 3", "Nothing was imported."]
    assert err.startswith("line 5: 'Dora' cannot be a name.")
    assert groups(accounts) == {"ann": ()}


def test_where_it_stops_the_links_so_far_are_shown(
    run: Run, accounts: Accounts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They work, and nobody would ever see them."""
    add = accounts.stores.users.add

    def fail_for_carl(user: User) -> bool:
        if user.name == "carl":
            raise StoreUnusable(detail="The accounts file cannot be used: disk full")
        return add(user)

    monkeypatch.setattr(accounts.stores.users, "add", fail_for_carl)
    assert run(LIST, "--invite", "--url", "https://search.example.com") == 1
    out, err = capsys.readouterr()
    assert [line.partition(" ")[0] for line in out.splitlines()] == ["name", "ann", "bob"]
    assert accounts.directory.invited(links(out)[0]).name == "bob"
    assert err.splitlines()[-1] == (
        "Stopped at 'carl': The accounts file cannot be used: disk full "
        "What is listed is done; import the file again for the rest."
    )
    monkeypatch.undo()
    assert run(LIST, "--invite", "--json", "--url", "https://search.example.com") == 0
    assert [one["invited"] for one in json.loads(capsys.readouterr().out)] == [False, True, True]


def test_standard_input_is_read(run: Run, accounts: Accounts) -> None:
    assert run('[{"name": "bob", "groups": ["ops"]}]', name="-") == 0
    assert groups(accounts)["bob"] == ("ops",)


def test_a_file_that_cannot_be_read_is_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(LIST, name="/nowhere/users.csv") == 1
    expected = "The file '/nowhere/users.csv' cannot be read: No such file or directory. Nothing was imported.\n"
    assert capsys.readouterr().err == expected


def test_users_of_the_provider_cannot_be_listed(
    run: Run, accounts: Accounts, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts.stores.users.add(User("sso-x", "", 0, ("/search",), False, "e", "https://id.example", "ann-1", "Ann"))
    assert run("name,groups\nsso-x,admins\n", "--update") == 1
    assert "users who sign in through the provider" in capsys.readouterr().err


def test_the_change_log_says_who_was_added(run: Run, accounts: Accounts) -> None:
    run(LIST, "--invite")
    changes = accounts.directory.change_log.newest(4)
    assert [(one.action, one.target) for one in changes] == [
        ("user_invited", "carl"), ("user_created", "carl"), ("user_invited", "bob"), ("user_created", "bob"),
    ]  # fmt: skip
