"""The settings of single sign-on as values: who may come in, and which machines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

from access_es.errors import SettingsError
from access_es.lazy_dataclass import dataclass

_MACHINES = "OIDC_MACHINES"
_MACHINE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_MACHINE_KEYS = ("name", "issuer", "audience", "claims", "roles", "jwks")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Allow:
    """Who of the provider's users may come in: whoever one of these names. Nothing named: nobody."""

    everyone: bool = False
    groups: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()  # of a verified mail address
    hosted_domains: frozenset[str] = frozenset()  # Google's claim `hd`
    users: frozenset[str] = frozenset()  # subjects, or verified mail addresses


@dataclass(frozen=True, slots=True)
class MachineRule:
    """Whose tokens are accepted as which machine: every claim must have one of the values."""

    name: str
    issuer: str
    audience: str
    claims: Mapping[str, tuple[str, ...]]
    roles: tuple[str, ...] | None = None  # of PERMISSIONS; None: those of everybody
    key_set: Mapping[str, Any] | None = field(default=None, repr=False)  # by hand, where the issuer cannot be reached


def parse_issuer(text: str) -> str:
    """The issuer, as the provider spells it: https, or http on this machine. Raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError(f"{text!r} must be the https:// address of the provider")
    if not parts.hostname or parts.query or parts.fragment or parts.username is not None or not text.isprintable():
        raise ValueError(f"{text!r} is not an issuer: an address without user, query and fragment")
    if "{" in text or parts.path.rstrip("/").endswith("/.well-known/openid-configuration"):
        raise ValueError(f"{text!r} is not the issuer itself; it is what the provider's configuration has as `issuer`")
    return text


def parse_allow(text: str) -> Allow:
    """Who may come in, from `group:…`, `domain:…`, `hd:…`, `user:…` and `everyone`, with commas between them."""
    found: dict[str, set[str]] = {"group": set(), "domain": set(), "hd": set(), "user": set(), "everyone": set()}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        kind, colon, value = entry.partition(":")
        if kind not in found or bool(colon) == (kind == "everyone") or (colon and not value.strip()):
            raise ValueError(f"{entry!r} is not group:<name>, domain:<name>, hd:<name>, user:<id or mail> or everyone")
        if kind in ("domain", "hd") and not re.fullmatch(r"[A-Za-z0-9.-]+", value):
            raise ValueError(f"{entry!r} does not name a domain, such as domain:example.com")
        found[kind].add(value.strip().lower() if kind in ("domain", "hd") else value.strip())
    return Allow(
        bool(found["everyone"]),
        frozenset(found["group"]),
        frozenset(found["domain"]),
        frozenset(found["hd"]),
        frozenset(found["user"]),
    )


def parse_machines(text: str) -> tuple[MachineRule, ...]:
    """The rules of OIDC_MACHINES. Raises SettingsError with every fault."""
    try:
        listed = json.loads(text)
    except json.JSONDecodeError as fault:
        raise SettingsError([f"{_MACHINES}: no JSON: {fault.msg} in line {fault.lineno}."]) from None
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise SettingsError([f"{_MACHINES}: must be a list of objects."])
    faults = [f"{_MACHINES}: {fault}" for number, entry in enumerate(listed, 1) for fault in _faults(number, entry)]
    names = [entry.get("name") for entry in listed]
    faults += [
        f"{_MACHINES}: there are several named {name!r}." for name in dict.fromkeys(names) if names.count(name) > 1
    ]
    if faults:
        raise SettingsError(faults)
    return tuple(_rule(entry) for entry in listed)


def _faults(number: int, entry: Mapping[str, Any]) -> Iterator[str]:
    name, issuer, audience = entry.get("name"), entry.get("issuer"), entry.get("audience")
    where = f"entry {number}"
    yield from (
        f"{where}: {key!r} is not known; it has {', '.join(_MACHINE_KEYS)}." for key in entry.keys() - _MACHINE_KEYS
    )
    if not isinstance(name, str) or not _MACHINE_NAME.fullmatch(name):
        yield f"{where}: 'name' must have 1 to 64 lower-case letters, digits and . _ -."
    try:
        parse_issuer(issuer if isinstance(issuer, str) else "")
    except ValueError as fault:
        yield f"{where}: 'issuer': {fault}."
    if not isinstance(audience, str) or not audience:
        yield f"{where}: 'audience' must be the text that the tokens must be issued for, such as our own address."
    claims = entry.get("claims")
    if not isinstance(claims, dict) or not claims or not all(_values(value) for value in claims.values()):
        yield f"{where}: 'claims' must name at least one claim, each with its value or a list of values, in quotes."
    if "roles" in entry and not (isinstance(entry["roles"], list) and all(isinstance(r, str) for r in entry["roles"])):
        yield f"{where}: 'roles' must be a list of roles of PERMISSIONS."
    if "jwks" in entry and not (isinstance(entry["jwks"], dict) and isinstance(entry["jwks"].get("keys"), list)):
        yield f"{where}: 'jwks' must be an object with a list of 'keys', as the issuer publishes it."


def _rule(entry: Mapping[str, Any]) -> MachineRule:
    claims = {name: _values(value) for name, value in entry["claims"].items()}
    roles = tuple(entry["roles"]) if "roles" in entry else None
    return MachineRule(entry["name"], entry["issuer"], entry["audience"], claims, roles, entry.get("jwks"))


def _values(value: Any) -> tuple[str, ...]:
    """The values that a claim may have; none where the setting is not text."""
    listed = value if isinstance(value, list) else [value]
    return tuple(listed) if listed and all(isinstance(one, str) and one for one in listed) else ()
