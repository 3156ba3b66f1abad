"""Checks single sign-on: what the provider says of itself, and who would come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from access_es.errors import AccessEsError
from access_es.permissions.roles import Permissions
from access_es.provision.finding import Finding, fault, good, unknown, warning
from access_es.settings.names import Settings
from access_es.sign_in.oidc.http import ProviderHttp
from access_es.sign_in.oidc.key_set import KEY_TYPES
from access_es.sign_in.oidc.provider import Http, Provider

_TOPIC = "sign-on"
_VPC_FIX = "check OIDC_ISSUER, and the way out from here; from a VPC it needs a NAT gateway or a proxy"


def check_single_sign_on(
    settings: Settings, permissions: Permissions | None, address: str | None, http: Http | None = None
) -> Iterator[Finding]:
    """Nothing where no setting asks for it. `address` is where people open access-es, if that is known."""
    yield from _check_machines(settings, permissions)
    if not settings.oidc_issuer:
        return
    yield from _check_provider(settings.oidc_issuer, http or ProviderHttp())
    yield from _check_allow(settings)
    callback = f"{(address or 'https://<your address>/').rstrip('/')}/--access-es/oidc/callback"
    yield good(_TOPIC, f"the redirect address to register at the provider is {callback}")


def _check_provider(issuer: str, http: Http) -> Iterator[Finding]:
    try:
        Provider(issuer, http).metadata()
        said = http.get(issuer.rstrip("/") + "/.well-known/openid-configuration").body
    except AccessEsError as error:
        yield fault(_TOPIC, error.detail.rstrip("."), _VPC_FIX)
        return
    yield good(_TOPIC, f"{issuer} answers, and is the issuer that it says")
    document: Mapping[str, Any] = said if isinstance(said, dict) else {}
    algorithms = document.get("id_token_signing_alg_values_supported")
    if isinstance(algorithms, list) and not set(algorithms) & set(KEY_TYPES):
        what = f"it signs with {', '.join(map(str, algorithms))}, of which none is accepted"
        yield fault(_TOPIC, what, "have it sign ID tokens with RS256 or ES256; authentik needs a signing key for that")
    challenges = document.get("code_challenge_methods_supported")
    if not isinstance(challenges, list):
        yield unknown(_TOPIC, "it does not say whether it knows PKCE; it is sent in any case")
    elif "S256" not in challenges:
        yield warning(_TOPIC, "it does not offer PKCE with S256", "switch it on at the provider, if it can")


def _check_allow(settings: Settings) -> Iterator[Finding]:
    if settings.oidc_allow is None:
        yield fault(_TOPIC, "OIDC_ALLOW is not set: nobody may come in", "OIDC_ALLOW=group:<name>, or user:<mail>")
    elif settings.oidc_allow.everyone:
        what = "OIDC_ALLOW lets in everybody who has an account at the provider"
        yield warning(_TOPIC, what, "name groups or domains, unless the provider knows your own people alone")


def _check_machines(settings: Settings, permissions: Permissions | None) -> Iterator[Finding]:
    known = permissions.roles if permissions else {}
    for rule in settings.oidc_machines:
        unknown_roles = [role for role in rule.roles or () if role not in known]
        if unknown_roles:
            what = f"OIDC_MACHINES: the roles {', '.join(unknown_roles)} of {rule.name} are not in PERMISSIONS"
            yield fault(_TOPIC, what, "name roles that PERMISSIONS has")
