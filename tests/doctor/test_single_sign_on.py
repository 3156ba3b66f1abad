"""What the doctor says of single sign-on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from access_es.doctor.single_sign_on import check_single_sign_on
from access_es.permissions.form import parse_permissions
from access_es.settings.read import read_settings
from access_es.sign_in.oidc.errors import ProviderUnavailable
from access_es.sign_in.oidc.http import Reply

ISSUER = "https://id.example"
NEEDED = {"ES_ENDPOINT": "http://x", "ES_SIGN": "false", "USERS": "file:x", "SESSION_SECRET": "s" * 32}
SIGN_ON = {"OIDC_ISSUER": ISSUER, "OIDC_CLIENT_ID": "a", "OIDC_ALLOW": "group:a"}
MACHINE = '[{"name": "m", "issuer": "https://id.example", "audience": "a", "claims": {"sub": "x"}, "roles": ["r"]}]'
GOOD = {
    "issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys", "code_challenge_methods_supported": ["plain", "S256"],
    "id_token_signing_alg_values_supported": ["RS256", "HS256"],
}  # fmt: skip


class Answers:
    def __init__(self, body: Any) -> None:
        self.body = body

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        if self.body is None:
            raise ProviderUnavailable(detail=f"GET {url} failed: ConnectTimeout.")
        return Reply(200, self.body)

    def post(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        raise AssertionError


def said(values: dict[str, str], body: Any = GOOD, address: str | None = None) -> list[tuple[str, str]]:
    settings = read_settings({**NEEDED, **values})
    permissions = parse_permissions('{"roles": {"other": {}}}')
    return [(found.level, found.says) for found in check_single_sign_on(settings, permissions, address, Answers(body))]


def test_nothing_where_it_is_not_set() -> None:
    assert said({}) == []


def test_a_good_provider_and_the_address_to_register() -> None:
    assert said(SIGN_ON, address="https://abc.example/dev/") == [
        ("good", "https://id.example answers, and is the issuer that it says"),
        (
            "good",
            "the redirect address to register at the provider is https://abc.example/dev/--access-es/oidc/callback",
        ),
    ]


@pytest.mark.parametrize(
    ("values", "body", "expected"),
    [
        (SIGN_ON, None, ("fault", "ConnectTimeout")),
        (SIGN_ON, {**GOOD, "issuer": ISSUER + "/"}, ("fault", "must be exactly that")),
        (SIGN_ON, {**GOOD, "id_token_signing_alg_values_supported": ["HS256"]}, ("fault", "none is accepted")),
        (SIGN_ON, {**GOOD, "code_challenge_methods_supported": ["plain"]}, ("warning", "PKCE")),
        ({**SIGN_ON, "OIDC_ALLOW": ""}, GOOD, ("fault", "nobody may come in")),
        ({**SIGN_ON, "OIDC_ALLOW": "everyone"}, GOOD, ("warning", "everybody")),
        ({"OIDC_MACHINES": MACHINE}, GOOD, ("fault", "roles r of m")),
    ],
)
def test_what_is_wrong(values: dict[str, str], body: Any, expected: tuple[str, str]) -> None:
    assert [found for found in said(values, body) if found[0] == expected[0] and expected[1] in found[1]]
