"""A machine's token, wherever an API token goes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from access_es.authorization import Authorization
from access_es.errors import AccessEsError, WrongCredentials
from access_es.live_permissions import LivePermissions
from access_es.permissions.form import parse_permissions
from access_es.settings.single_sign_on import MachineRule
from access_es.sign_in.build import Accounts, AccountSettings, build_accounts
from access_es.sign_in.identity import Caller
from tests.account_fixtures import FAST_HASHING, Clock, close
from tests.sign_in.oidc.fake_provider import FakeProvider

OURS = "https://kibana.example.com"
PERMISSIONS = '{"roles": {"shipper": {"write": ["logs-*"]}, "admin": {"manage": ["*"], "dashboards": "edit"}}, "default": ["admin"]}'


@pytest.fixture
def accounts(tmp_path: Path, fake: FakeProvider, clock: Clock) -> Iterator[Accounts]:
    rule = MachineRule("nightly", fake.issuer, OURS, {"repository_id": ("123",)}, roles=("shipper",))
    settings = AccountSettings(("s",), f"file:{tmp_path / 'a.db'}", machines=(rule,), password_method=FAST_HASHING)
    built = build_accounts(settings, clock)
    yield built
    close(built)


def token(fake: FakeProvider, **changes: object) -> str:
    return fake.sign(fake.claims(**{"aud": OURS, "repository_id": 123, "sub": "repo:a", **changes}))


def ask(accounts: Accounts, authorization: str) -> Caller:
    headers = (("Authorization", authorization),)
    caller = accounts.identity.identify(headers, scheme="https", client_address="192.0.2.1")
    assert caller
    return caller


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_as_bearer_and_as_the_password_of_basic(accounts: Accounts, fake: FakeProvider) -> None:
    expected = Caller("machine:nightly", (), "machine", display_name="nightly", named_roles=("shipper",))
    for offered in (f"Bearer {token(fake)}", basic("anything", token(fake)), basic("", token(fake))):
        assert ask(accounts, offered) == expected
    assert expected.title == "nightly"


def test_it_is_verified_once_and_holds_until_its_end(accounts: Accounts, fake: FakeProvider, clock: Clock) -> None:
    offered = f"Bearer {token(fake)}"
    for _ in range(3):
        ask(accounts, offered)
        clock.now += 90
    assert sum(fake.asked.values()) == 2
    clock.now += 90
    with pytest.raises(WrongCredentials):
        ask(accounts, offered)


def test_its_last_use_is_noted(accounts: Accounts, fake: FakeProvider, clock: Clock) -> None:
    ask(accounts, f"Bearer {token(fake)}")
    assert accounts.stores.last_use.machines() == {"nightly": clock.now}


def test_it_has_the_roles_of_its_rule_and_no_others(accounts: Accounts, fake: FakeProvider) -> None:
    authorization = Authorization(LivePermissions(parse_permissions(PERMISSIONS)), ("s",))
    caller = ask(accounts, f"Bearer {token(fake)}")
    assert [role.name for role in authorization.limiting_roles(caller) or ()] == ["shipper"]
    nothing = authorization.limiting_roles(replace(caller, named_roles=("unknown",)))
    assert nothing == ()
    assert authorization.limiting_roles(replace(caller, named_roles=None)) is None  # those of everybody: admin


@pytest.mark.parametrize(
    "changes", [{"repository_id": 124}, {"aud": "https://github.com/owner"}, {"repository_id": "1"}]
)
def test_another_repository_or_audience_is_refused(
    accounts: Accounts, fake: FakeProvider, changes: dict[str, object]
) -> None:
    for offered in (f"Bearer {token(fake, **changes)}", basic("nightly", token(fake, **changes))):
        with pytest.raises(WrongCredentials):
            ask(accounts, offered)
    assert not fake.asked


def test_where_no_machine_is_named_such_a_token_is_nothing(tmp_path: Path, fake: FakeProvider, clock: Clock) -> None:
    plain = build_accounts(AccountSettings(("s",), f"file:{tmp_path / 'b.db'}", password_method=FAST_HASHING), clock)
    for offered in (f"Bearer {token(fake)}", basic("nightly", token(fake))):
        with pytest.raises(AccessEsError):
            ask(plain, offered)
    close(plain)
    assert not fake.asked
