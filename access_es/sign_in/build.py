"""Builds the accounts, sessions and sign-in from the settings, once per process."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from access_es.errors import AwsFailure, SettingsError
from access_es.lazy_dataclass import dataclass
from access_es.sign_in.identity import Identity
from access_es.sign_in.password_check import PasswordCheck
from access_es.sign_in.proofs import MachineCheck, ProviderRule
from access_es.sign_in.session_cookie import SessionCookies
from access_es.sign_in.throttle import Throttle
from access_es.storage.dynamodb_key import TABLE_NAME
from access_es.storage.dynamodb_table import Call
from access_es.users.directory import Directory
from access_es.users.dynamodb_stores import open_dynamodb_stores
from access_es.users.invitations import Invitations
from access_es.users.passwords import METHOD, Passwords, Run, run_here
from access_es.users.stores import Stores

if TYPE_CHECKING:
    from access_es.settings.single_sign_on import MachineRule
    from access_es.sign_in.oidc.single_sign_on import SignOnSettings, SingleSignOn


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """`secrets` is newest first; `home_path` is where a sign-in leads.

    `users` says where the accounts are kept: "file:<path>" or "dynamodb:<table>".
    """

    secrets: tuple[str, ...] = field(repr=False)
    users: str
    session_seconds: int = 12 * 3_600
    recheck_seconds: float = 60.0
    home_path: Callable[[], str] = lambda: "/"
    password_method: str = METHOD
    single_sign_on: SignOnSettings | None = None
    machines: tuple[MachineRule, ...] = ()
    form_origins: tuple[str, ...] = ()  # those that what is asked for after a sign-in may be redirected to


@dataclass(frozen=True, slots=True)
class Accounts:
    """`identity` identifies who sent a request, `directory` changes users and tokens, the rest serves the pages."""

    settings: AccountSettings
    stores: Stores
    cookies: SessionCookies
    password_check: PasswordCheck
    directory: Directory
    identity: Identity
    clock: Callable[[], float] = time.time
    single_sign_on: SingleSignOn | None = None  # None: nobody comes through a provider
    prepare: Callable[[], object] = lambda: None  # makes what the first look-up would wait for, and calls nothing


def _no_dynamodb(operation: str, **parameters: Any) -> dict[str, Any]:
    raise AwsFailure(operation, "NoClient", "these accounts were built without a way to call DynamoDB")


def build_accounts(
    settings: AccountSettings,
    clock: Callable[[], float] = time.time,
    call_dynamodb: Call = _no_dynamodb,
    run_hash: Run = run_here,
) -> Accounts:
    """Opens nothing yet. Raises `SettingsError` where the settings cannot work."""
    faults = [] if settings.secrets and all(settings.secrets) else ["SESSION_SECRET: it is empty"]
    kind, _, place = settings.users.partition(":")
    if not (place if kind == "file" else kind == "dynamodb" and TABLE_NAME.fullmatch(place)):
        faults.append(f"USERS: '{settings.users}' is not 'file:<path>' or 'dynamodb:<table>'")
    if faults:
        raise SettingsError(faults)
    stores = _open_file(place, clock) if kind == "file" else open_dynamodb_stores(place, call_dynamodb, clock)
    passwords = Passwords(settings.password_method, run=run_hash)
    cookies = SessionCookies(settings.secrets, settings.session_seconds)
    check = PasswordCheck(stores.users, passwords, Throttle(stores.failures), clock)
    invitations = Invitations(settings.secrets, clock)
    directory = Directory(stores, passwords, invitations, clock)
    single_sign_on, machines = _single_sign_on(settings, clock), _machines(settings, clock)
    rule = _provider_rule(settings.single_sign_on)
    identity = Identity(stores, cookies, check, settings.recheck_seconds, clock, rule, machines)
    return Accounts(settings, stores, cookies, check, directory, identity, clock, single_sign_on)


def _single_sign_on(settings: AccountSettings, clock: Callable[[], float]) -> SingleSignOn | None:
    if settings.single_sign_on is None:
        return None
    from access_es.sign_in.oidc.build import build_single_sign_on  # where it is set

    return build_single_sign_on(settings.single_sign_on, settings.secrets, clock)


def _machines(settings: AccountSettings, clock: Callable[[], float]) -> MachineCheck | None:
    if not settings.machines:
        return None
    from access_es.sign_in.oidc.build import build_machines  # where they are set

    return build_machines(settings.machines, clock)


def _provider_rule(settings: SignOnSettings | None) -> ProviderRule:
    if settings is None:
        return ProviderRule()
    return ProviderRule(settings.issuer, settings.token_seconds, settings.is_only)


def _open_file(path: str, clock: Callable[[], float]) -> Stores:
    from access_es.users.sqlite_stores import open_file_stores  # SQLite is loaded where it is used

    return open_file_stores(Path(path), clock)
