"""What the demo prints first, and the settings that make it true."""

from __future__ import annotations

from typing import cast

import pytest

from access_es.demo.command import demo_settings
from access_es.demo.first_words import first_words
from access_es.demo.keycloak import GROUPS, PEOPLE, PERMISSIONS, Keycloak
from access_es.demo.processes import Child
from access_es.permissions.form import parse_permissions
from access_es.permissions.roles import is_unlimited
from access_es.settings.read import read_settings

URL = "http://127.0.0.1:8080"
KEYCLOAK = Keycloak(8580, "their-password", "a client secret", "admin-password", cast(Child, None))
NEEDED = {"ES_ENDPOINT": "http://x", "ES_SIGN": "false", "USERS": "file:x", "SESSION_SECRET": "s" * 32}


def test_each_address_is_there_whole() -> None:
    shown = first_words(URL, "demo", "secret", None, administers=True, metrics=True)
    for path in ("/", "/--access-es/account", "/--access-es/admin", "/--access-es/metrics"):
        assert f"  {URL}{path}" in shown
    assert "user      demo\n  password  secret\n" in shown
    assert "Keycloak" not in shown


def test_what_the_stage_decides_itself_is_not_promised() -> None:
    shown = first_words(URL, "demo", "secret", None, administers=False, metrics=False)
    assert "/admin" not in shown and "/metrics" not in shown


def test_of_the_four_people_those_are_called_administrators_who_are() -> None:
    lines = first_words(URL, "demo", "secret", KEYCLOAK, administers=True, metrics=True).splitlines()
    described = {person: next(line for line in lines if line.startswith(f"  {person} ")) for person in PEOPLE}
    permissions = parse_permissions(PERMISSIONS)
    administrators = {
        person
        for person, group in PEOPLE.items()
        if any(role.admin for role in permissions.roles_of([f"/search/{group}"]))
    }
    assert GROUPS.keys() == {f"/search/{group}" for group in PEOPLE.values()}
    assert administrators == {"alice"}
    assert {person for person, line in described.items() if "manage users" in line} == administrators
    assert any("'Sign in with Keycloak', with the password their-password" in line for line in lines)


def test_the_demo_limits_nobody_and_its_user_is_an_administrator() -> None:
    permissions = parse_permissions(demo_settings({}, "127.0.0.1")["PERMISSIONS"])
    assert is_unlimited(permissions.roles_of([]))
    assert not any(role.admin for role in permissions.roles_of([]))
    assert any(role.admin for role in permissions.roles_of(["demo-admins"]))


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("127.0.0.1", "127.0.0.1,::1"),
        ("localhost", "127.0.0.1,::1"),
        ("192.0.2.7", "127.0.0.1,::1,192.0.2.7"),
        ("0.0.0.0", "127.0.0.1,::1,0.0.0.0"),
    ],
)
def test_this_machine_may_read_the_metrics_and_no_other(host: str, addresses: str) -> None:
    added = demo_settings({}, host)
    assert added["METRICS_ADDRESSES"] == addresses
    assert read_settings({**NEEDED, **added}).metrics_addresses


def test_settings_of_the_stage_stay() -> None:
    assert demo_settings({"PERMISSIONS": "{}", "METRICS_TOKEN": "t" * 32}, "127.0.0.1") == {}
    assert list(demo_settings({"METRICS_ADDRESSES": "192.0.2.1"}, "127.0.0.1")) == ["PERMISSIONS"]
