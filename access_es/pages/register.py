"""Registers the accounts with the Flask app."""

from __future__ import annotations

import secrets

from flask import Flask
from flask_login import LoginManager

from access_es.pages import account, administrators, invite, sign_in
from access_es.pages.page import EXTENSION, RIGHTS, DescribeRights, load_offered, load_signed_in, nobody_is_limited
from access_es.sign_in.build import Accounts
from access_es.sign_in.flask_session import Sessions


def register_accounts(
    app: Flask,
    accounts: Accounts,
    describe_rights: DescribeRights = nobody_is_limited,
    permissions: administrators.AdminRoles | None = None,
) -> None:
    """Give the app its sessions, Flask-Login, and the pages below `/--access-es/`.

    `describe_rights` gives the names of a caller's roles, and what they allow, in sentences; `permissions` says who is
    an administrator. The app renders every `AccessEsError` that the pages raise for programs.
    """
    app.extensions[EXTENSION] = accounts
    app.extensions[RIGHTS] = describe_rights
    app.session_interface = Sessions(accounts.cookies, accounts.clock)
    # Flask-Login would take a remember-me cookie signed with this key. There are none: nobody ever knows the key.
    app.secret_key = secrets.token_hex(32)
    manager = LoginManager()
    manager.session_protection = None  # ties sessions to addresses, which change under phones and proxies
    manager.user_loader(load_signed_in)
    manager.request_loader(load_offered)
    manager.unauthorized_handler(sign_in.ask_to_sign_in)
    manager.init_app(app)
    app.register_blueprint(sign_in.pages)
    app.register_blueprint(account.pages)
    app.register_blueprint(invite.pages)
    administrators.register(app, permissions)
    if accounts.single_sign_on is not None:
        from access_es.pages import oidc  # where it is set

        app.register_blueprint(oidc.pages)
