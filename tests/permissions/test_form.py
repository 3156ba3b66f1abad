"""The setting PERMISSIONS: what it may say, and that all its faults are told at once."""

from __future__ import annotations

import json

import pytest

from access_es.errors import SettingsError
from access_es.permissions.form import parse_permissions
from access_es.permissions.roles import Role, describe, is_unlimited

EXAMPLE = {
    "roles": {
        "analyst": {"read": ["logs-*", "metrics-*"], "dashboards": "view"},
        "shipper": {"write": ["logs-app-*"]},
        "team": {"read": ["logs-*"], "manage": ["team-*"], "dashboards": "edit"},
        "admin": {
            "manage": ["*"],
            "dashboards": "edit",
            "admin": True,
            "sign_with": "arn:aws:iam::123456789012:role/x",
        },
    },
    "groups": {"ops": ["admin"], "data": ["analyst", "team"]},
    "default": ["shipper"],
}


def faults_of(value: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        parse_permissions(value)
    return caught.value.faults


@pytest.mark.parametrize("value", [EXAMPLE, json.dumps(EXAMPLE)], ids=["object", "text"])
def test_the_form_is_read_from_text_and_from_an_object(value: object) -> None:
    permissions = parse_permissions(value)
    assert [role.name for role in permissions.roles_of(["data"])] == ["analyst", "shipper", "team"]
    assert [role.name for role in permissions.roles_of(["nobody-knows"])] == ["shipper"]
    assert permissions.roles["analyst"] == Role("analyst", read=("logs-*", "metrics-*"), dashboards="view")


def test_a_token_narrows_the_roles_and_never_adds_one() -> None:
    permissions = parse_permissions(EXAMPLE)
    assert [role.name for role in permissions.roles_of(["data"], only=["team", "admin"])] == ["team"]
    assert permissions.roles_of(["data"], only=[]) == ()


def test_an_empty_setting_allows_nobody_anything() -> None:
    assert parse_permissions("{}").roles_of(["ops"]) == ()
    assert describe(()) == ("You have no role, so nothing is allowed.",)


def test_only_full_administration_with_dashboards_is_unlimited() -> None:
    permissions = parse_permissions(EXAMPLE)
    assert is_unlimited(permissions.roles_of(["ops"]))
    assert not is_unlimited((Role("a", manage=("*",)),))
    assert not is_unlimited((Role("a", write=("*",), dashboards="edit"),))
    assert is_unlimited((Role("a", manage=("*",)), Role("b", dashboards="edit")))


def test_all_faults_are_told_at_once_by_name_and_place() -> None:
    faults = faults_of(
        {
            "roles": {
                "a": {"read": ["Logs", "l*g", "", "**", 7, "_all", "a b", "a,b", ".kib*", ".kibana", "c:d"]},
                "b": {"write": "logs", "dashboards": "all", "may": [], "admin": "yes", "sign_with": "me"},
                "c": [],
                " ": {},
            },
            "groups": {"g": ["a", "x"], "h": "a"},
            "default": {"a": 1},
            "users": {},
        }
    )
    begun = [fault.partition(":")[0] for fault in faults]
    assert begun == [
        "PERMISSIONS",
        *(f"PERMISSIONS.roles.a.read[{n}]" for n in range(11)),
        "PERMISSIONS.roles.b", "PERMISSIONS.roles.b.write", "PERMISSIONS.roles.b.admin",
        "PERMISSIONS.roles.b.dashboards", "PERMISSIONS.roles.b.sign_with", "PERMISSIONS.roles.c",
        "PERMISSIONS.roles", "PERMISSIONS.groups.g[1]", "PERMISSIONS.groups.h", "PERMISSIONS.default",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '"x"', '{"roles":{},"roles":{}}', "[" * 100_000, '{"roles":{"a":{},"a":{}}}'],
    ids=lambda text: text[:10],
)
def test_what_is_not_the_form_is_a_fault_of_the_setting(text: str) -> None:
    assert all(fault.startswith("PERMISSIONS:") for fault in faults_of(text))


def test_what_one_may_do_is_said_in_words() -> None:
    permissions = parse_permissions(EXAMPLE)
    assert describe(permissions.roles_of(["data"])) == (
        "You may manage team-*.",
        "You may write to logs-app-*.",
        "You may read logs-*, metrics-*.",
        "You may use Dashboards, and save in it.",
    )
    manages_users = "You may manage the users of this site, their tokens and sessions."
    assert describe(permissions.roles_of(["ops"])) == ("You may do everything.", manages_users)
    assert describe((Role("office", admin=True),)) == (manages_users,)
