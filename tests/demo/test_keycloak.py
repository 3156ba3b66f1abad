"""The realm and the settings of the demo's Keycloak fit each other. tests/keycloak runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from access_es.demo.keycloak import CLIENT, GROUPS, PEOPLE, REALM, REALM_FILE, Keycloak
from access_es.demo.processes import Child
from access_es.permissions.form import parse_permissions
from access_es.settings.read import read_settings

FOUND: dict[str, Any] = json.loads(Path(REALM_FILE).read_text())
NEEDED = {"ES_ENDPOINT": "http://x", "ES_SIGN": "false", "USERS": "file:x", "SESSION_SECRET": "s" * 32}
KEYCLOAK = Keycloak(8580, "a password", "a client secret", "an admin password", cast(Child, None))


def test_four_people_are_in_three_groups_that_have_roles() -> None:
    assert {user["username"]: user["groups"] for user in FOUND["users"]} == {
        name: [f"/search/{group}"] for name, group in PEOPLE.items()
    }
    (search,) = FOUND["groups"]
    assert {f"/search/{group['name']}" for group in search["subGroups"]} == set(GROUPS)


def test_the_settings_are_good_and_name_the_realm_and_its_client() -> None:
    settings = read_settings({**NEEDED, **KEYCLOAK.settings})
    assert settings.oidc_issuer == f"http://127.0.0.1:8580/realms/{REALM}"
    assert settings.oidc_allow and settings.oidc_allow.groups == set(GROUPS)
    assert parse_permissions(KEYCLOAK.settings["PERMISSIONS"]).roles_of(["/search/nobody"]) == ()
    (client,) = FOUND["clients"]
    assert (client["clientId"], REALM_FILE.name) == (CLIENT, f"{FOUND['realm']}-realm.json")


def test_no_secret_stands_in_the_file_or_in_what_is_printed() -> None:
    (client,) = FOUND["clients"]
    secrets = [client["secret"], *(user["credentials"][0]["value"] for user in FOUND["users"])]
    assert all(secret.startswith("${ACCESS_ES_") for secret in secrets)
    assert not [secret for secret in ("a password", "a client secret", "an admin password") if secret in repr(KEYCLOAK)]
