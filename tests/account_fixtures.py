"""Accounts in a file of their own, with a cheap password hash and a clock that tests can move."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from flask import Flask
from flask.testing import FlaskClient

from access_es.errors import AccessEsError
from access_es.pages.register import register_accounts
from access_es.sign_in.build import Accounts, AccountSettings, build_accounts
from access_es.storage.sqlite_file import SqliteFile

FAST_HASHING = "scrypt:1024:8:1"
PASSWORD = "correct horse battery"
PAGE = {"Accept": "text/html"}


class Clock:
    """Seconds since 1970, when the test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path) -> AccountSettings:
    return AccountSettings(
        secrets=("a secret of these tests",),
        users=f"file:{tmp_path / 'state' / 'accounts.db'}",
        session_seconds=3_600,
        recheck_seconds=60,
        home_path=lambda: "/_dashboards/",
        password_method=FAST_HASHING,
    )


@pytest.fixture
def accounts(settings: AccountSettings, clock: Clock) -> Iterator[Accounts]:
    """With one user, ann."""
    built = build_accounts(settings, clock)
    built.directory.add_user("ann", PASSWORD)
    yield built
    close(built)


def close(accounts: Accounts) -> None:
    cast(SqliteFile, accounts.stores.changes).close()


@pytest.fixture
def app(accounts: Accounts) -> Flask:
    """Our pages alone, with the plainest rendering of errors."""
    app = Flask("access_es", static_url_path="/--access-es/static")
    app.testing = True
    app.register_error_handler(
        AccessEsError, lambda error: ({"code": error.code}, error.status, list(error.extra_headers))
    )
    register_accounts(app, accounts)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
