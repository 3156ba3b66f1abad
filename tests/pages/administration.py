"""A whole access-es in this process, with an administrator, for tests of the administrators' page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from access_es.app import create_app
from access_es.live_permissions import open_permissions
from access_es.services import build_services
from access_es.settings.read import read_settings
from access_es.sign_in.build import Accounts, build_accounts
from access_es.storage.dynamodb_table import Call
from tests.account_fixtures import FAST_HASHING, PAGE, PASSWORD
from tests.pages.browsing import hidden, sign_in

ADMIN = "/--access-es/admin"
PERMISSIONS: dict[str, Any] = {
    "roles": {
        "analyst": {"read": ["logs-*"], "dashboards": "view"},
        "boss": {"admin": True},
        "everything": {"manage": ["*"], "dashboards": "edit"},
    },
    "groups": {"data": ["analyst"], "office": ["boss"], "ops": ["everything"]},
}


def make_app(
    folder: Path,
    permissions: dict[str, Any] | None = PERMISSIONS,
    audit: list[str] | None = None,
    dynamodb: tuple[str, Call] | None = None,
) -> Flask:
    """With ann, who is an administrator; bob, who reads; and carl, who may do everything but administer."""
    values = {
        "ES_ENDPOINT": "http://127.0.0.1:9", "ES_SIGN": "false", "HOME_PATH": "/_dashboards/", "SESSION_SECRET": "s" * 32,
        "USERS": f"dynamodb:{dynamodb[0]}" if dynamodb else f"file:{folder / 'accounts.db'}",
    }  # fmt: skip
    if permissions is not None:
        values["PERMISSIONS"] = json.dumps(permissions)
    read = read_settings(values)
    services = build_services(read, permissions=open_permissions(read))
    fast = replace(services.accounts.settings, password_method=FAST_HASHING)
    accounts = build_accounts(fast, call_dynamodb=dynamodb[1]) if dynamodb else build_accounts(fast)
    app = create_app(replace(services, accounts=accounts, write_audit=(audit if audit is not None else []).append))
    directory = accounts_of(app).directory
    for name, group in (("ann", "office"), ("bob", "data"), ("carl", "ops")):
        directory.add_user(name, PASSWORD, [group])
    return app


def accounts_of(app: Flask) -> Accounts:
    return cast(Accounts, app.extensions["access-es accounts"])


def signed_in(app: Flask, name: str = "ann", base: str = "http://localhost") -> FlaskClient:
    client = app.test_client()
    assert sign_in(client, name, base=base).status_code == 303
    return client


def see(client: FlaskClient, place: str = "", **query: str) -> TestResponse:
    """One of the administrators' pages, as a person opens it."""
    return client.get(f"{ADMIN}{'/' if place else ''}{place}", query_string=query, headers=PAGE, buffered=True)


def do(client: FlaskClient, place: str, **fields: str) -> TestResponse:
    """Send a form to one of the administrators' places."""
    fields.setdefault("anti_forgery", hidden(see(client, "invite")))
    return client.post(f"{ADMIN}/{place}", data=fields, headers=PAGE, buffered=True)
