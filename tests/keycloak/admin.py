"""What an administrator does in Keycloak, through its own API."""

from __future__ import annotations

import time
from typing import Any

import requests

from access_es.demo.keycloak import CLIENT, REALM, Keycloak


class Admin:
    def __init__(self, keycloak: Keycloak) -> None:
        self._keycloak = keycloak
        self._token, self._until = "", 0.0

    def set_backchannel(self, url: str) -> None:
        self.change_client(attributes={"backchannel.logout.url": url})

    def register(self, *addresses: str) -> None:
        """More addresses of access-es, beside those of the realm's file."""
        (client,) = self._ask("GET", f"clients?clientId={CLIENT}")
        back = [client["attributes"]["post.logout.redirect.uris"], *(f"{each}/--access-es/login" for each in addresses)]
        ways = [*client["redirectUris"], *(f"{each}/--access-es/oidc/callback" for each in addresses)]
        self.change_client(redirectUris=ways, attributes={"post.logout.redirect.uris": "##".join(back)})

    def change_client(self, **changes: Any) -> None:
        (client,) = self._ask("GET", f"clients?clientId={CLIENT}")
        attributes = {**client["attributes"], **changes.pop("attributes", {})}
        self._ask("PUT", f"clients/{client['id']}", {**client, **changes, "attributes": attributes})

    def change_user(self, name: str, **changes: Any) -> None:
        user = self._user(name)
        self._ask("PUT", f"users/{user['id']}", {**user, **changes})

    def move(self, name: str, *, out_of: str = "", into: str = "") -> None:
        for path, method in ((out_of, "DELETE"), (into, "PUT")):
            if path:
                group = self._ask("GET", f"group-by-path{path}")
                self._ask(method, f"users/{self._user(name)['id']}/groups/{group['id']}")

    def end_sessions(self, name: str) -> None:
        self._ask("POST", f"users/{self._user(name)['id']}/logout")

    def add_key(self, priority: int) -> None:
        """A new key signs at once; the old one stays listed."""
        wanted = {"priority": [str(priority)], "enabled": ["true"], "active": ["true"],
                  "algorithm": ["RS256"], "keySize": ["2048"]}  # fmt: skip
        kind = {"providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider"}
        self._ask("POST", "components", {"name": f"key {priority}", **kind, "config": wanted})

    def _user(self, name: str) -> dict[str, Any]:
        (user,) = self._ask("GET", f"users?username={name}&exact=true")
        return dict(user)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        if time.monotonic() > self._until:
            self._sign_in()
        url = f"{self._keycloak.url}/admin/realms/{REALM}/{path}"
        answer = requests.request(
            method, url, json=body, headers={"Authorization": f"Bearer {self._token}"}, timeout=30
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def _sign_in(self) -> None:
        form = {"client_id": "admin-cli", "grant_type": "password", "username": "admin"}
        form["password"] = self._keycloak.admin_password
        url = f"{self._keycloak.url}/realms/master/protocol/openid-connect/token"
        answer = requests.post(url, data=form, timeout=30)
        answer.raise_for_status()
        self._token, self._until = answer.json()["access_token"], time.monotonic() + 30
