"""access-es with a provider, permissions and people, and one with nothing of that: all our pages are in one of them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from access_es.demo.running_gateway import RunningGateway
from access_es.sign_in.build import Accounts, AccountSettings, build_accounts
from access_es.users.sessions import SessionRecord
from tests.account_fixtures import FAST_HASHING, close
from tests.running_proxy import PASSWORD, RunningProxy, running_proxy
from tests.sign_in.oidc.fake_provider import CLIENT, SECRET, FakeProvider, running_provider

SESSION_SECRET = "the session secret of the accessible pages"
CONTACT = "search-team@example.com"
LONG_NAME = "maria-magdalena.freifrau-von-und-zu-hohenlohe@search.example.com"
PERMISSIONS = {
    "roles": {
        "admin": {"manage": ["*"], "dashboards": "edit", "admin": True},
        "analyst": {"read": ["logs-*", "metrics-*"], "dashboards": "view"},
    },
    "groups": {"ops": ["admin", "analyst"], "/search/readers-of-everything": ["analyst"]},
    "default": [],
}


@dataclass(frozen=True)
class Site:
    """`full` has single sign-on, permissions, tasks and whom to ask; `bare` none of it, and its domain is gone."""

    full: RunningProxy
    bare: RunningProxy
    provider: FakeProvider
    accounts: Accounts
    token: str
    sessions: dict[tuple[str, str], Any] = field(default_factory=dict)


@contextmanager
def running_site(gateway: RunningGateway, folder: Path) -> Iterator[Site]:
    for name in ("full", "bare"):
        (folder / name).mkdir()
    with (
        running_provider() as provider,
        running_proxy(gateway.url, folder / "full", users=(), **_settings(provider)) as full,
        running_proxy("http://127.0.0.1:9", folder / "bare", users=(), SESSION_SECRET=SESSION_SECRET) as bare,
    ):
        provider.person |= {"preferred_username": LONG_NAME, "groups": ["/search/readers-of-everything"]}
        accounts, others, long_ago = _open(full), _open(bare), _open(full, days_ago=200)
        token = _add_people(accounts, long_ago)
        others.directory.add_user("alice", PASSWORD)
        yield Site(full, bare, provider, accounts, token)
        for each in (accounts, others, long_ago):
            close(each)


def _settings(provider: FakeProvider) -> dict[str, Any]:
    machine = {"name": "nightly", "issuer": provider.issuer, "audience": "https://kibana.example.com"}
    return {
        "OIDC_MACHINES": json.dumps([{**machine, "claims": {"sub": "nobody"}}]),
        "SESSION_SECRET": SESSION_SECRET, "CONTACT": CONTACT, "PERMISSIONS": json.dumps(PERMISSIONS),
        "OIDC_ISSUER": provider.issuer, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_ALLOW": "group:/search/readers-of-everything", "FRONT_DOOR": "rest:2", "REQUESTS_PER_USER": "2",
    }  # fmt: skip


def _open(proxy: RunningProxy, days_ago: int = 0) -> Accounts:
    """The users of a running server, as of today or of then."""
    settings = AccountSettings((SESSION_SECRET,), f"file:{proxy.state / 'users.db'}", password_method=FAST_HASHING)
    return build_accounts(settings, lambda: time.time() - days_ago * 86_400)


def _add_people(accounts: Accounts, long_ago: Accounts) -> str:
    """Return a token of alice, who may do everything; bob may do nothing, and somebody has a long name."""
    directory = accounts.directory
    for name, groups in (("alice", ["ops"]), ("bob", []), (LONG_NAME, ["ops", "a-group-" + "of-many-people-" * 3])):
        directory.add_user(name, PASSWORD, groups)
    directory.add_user("dora", PASSWORD)
    directory.disable("dora")
    _, token = directory.add_token("alice", "nightly job")
    directory.add_token("alice", "a laptop whose label is as long as labels may be, 64 characters!", 90, ("analyst",))
    long_ago.directory.add_token("alice", "of last year", 90)
    directory.add_token(LONG_NAME, "x" * 64)
    for device in ("x" * 32, "Samsung Internet on Android"):
        _add_session(accounts, device)
    return token


def _add_session(accounts: Accounts, device: str) -> None:
    """Of the user with the long name, at an address that is as long as addresses may be."""
    now, epoch = int(accounts.clock()), accounts.directory.user(LONG_NAME).epoch
    place = "2001:db8:1234:5678:9abc:def0:1234:5678"
    record = SessionRecord(device, LONG_NAME, epoch, device, place, "password", now, now + 3_600, now - 3_500)
    accounts.stores.sessions.put(record)
