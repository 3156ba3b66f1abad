"""The settings of single sign-on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from access_es.errors import SettingsError
from access_es.settings.read import read_settings
from access_es.settings.single_sign_on import parse_allow, parse_issuer, parse_machines

RULE: dict[str, Any] = {
    "name": "nightly",
    "issuer": "https://token.actions.githubusercontent.com",
    "audience": "https://kibana.example.com",
    "claims": {"repository_id": "123", "ref": ["refs/heads/main", "refs/heads/next"]},
}


@pytest.mark.parametrize(
    "text", ["https://id.example", "https://id.example/realms/a", "http://127.0.0.1:8580/realms/a"]
)
def test_an_issuer_is_taken_as_it_is(text: str) -> None:
    assert parse_issuer(text) == text


@pytest.mark.parametrize(
    "text",
    ["id.example", "http://id.example", "https://", "https://a?b", "https://u@a", "ftp://a",
     "https://login.microsoftonline.com/{tenantid}/v2.0", "https://a/.well-known/openid-configuration"],
)  # fmt: skip
def test_what_is_no_issuer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"issuer|https://|configuration"):
        parse_issuer(text)


@pytest.mark.parametrize("text", ["admins", "group:", "everyone:x", "everyone,all", "domain:@example.com", "mail:a@b"])
def test_who_may_come_in_is_named_in_five_ways(text: str) -> None:
    with pytest.raises(ValueError):
        parse_allow(text)


def test_the_client_is_needed_with_the_issuer() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({"OIDC_ISSUER": "https://id.example", "ES_ENDPOINT": "https://x"})
    assert any(fault.startswith("OIDC_CLIENT_ID is missing") for fault in caught.value.faults)


def test_the_secret_shows_nowhere() -> None:
    values = {"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "a", "OIDC_CLIENT_SECRET": "the-secret"}
    needed = {"ES_ENDPOINT": "http://x", "ES_SIGN": "false", "USERS": "file:x", "SESSION_SECRET": "s" * 32}
    settings = read_settings({**needed, **values})
    assert settings.oidc_client_secret == "the-secret" and "the-secret" not in repr(settings)


def test_a_machine_s_rule_is_read() -> None:
    (rule,) = parse_machines(json.dumps([RULE]))
    assert rule.claims == {"repository_id": ("123",), "ref": ("refs/heads/main", "refs/heads/next")}
    assert (rule.name, rule.roles, rule.key_set) == ("nightly", None, None)


@pytest.mark.parametrize(
    "changes",
    [{"name": "Nightly"}, {"issuer": "http://x"}, {"audience": ""}, {"claims": {}}, {"claims": {"a": 1}},
     {"claims": {"a": []}}, {"roles": "admin"}, {"jwks": []}, {"subject": "x"}],
    ids=str,
)  # fmt: skip
def test_a_rule_with_a_fault_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        parse_machines(json.dumps([{**RULE, **changes}]))


@pytest.mark.parametrize("text", ["", "{}", "[1]", "[", json.dumps([RULE, RULE])])
def test_what_is_no_list_of_rules_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        parse_machines(text)
