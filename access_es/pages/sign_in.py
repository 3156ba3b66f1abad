"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from access_es.errors import AccessEsError, NotSignedIn
from access_es.pages import page
from access_es.pages.next_path import is_safe_next
from access_es.users.user import normalize_name

pages = Blueprint("accounts", __name__, url_prefix="/--access-es")


@pages.after_request
def forbid_caching(response: Response) -> Response:
    """Redirects too: they carry the session cookie."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@pages.get("/login")
def show_login() -> AnyResponse:
    if current_user.is_authenticated:
        return redirect(_next(), 303)
    return _login_page(notice="You are signed out." if "signed-out" in request.args else "")


@pages.post("/login")
def sign_in() -> AnyResponse:
    name = normalize_name(request.form.get("username", ""))
    page.check_origin()  # no page of ours answers it: its new session would take the place of the person's own
    try:
        page.check_form()
        user = page.check_password(name, request.form.get("password", ""))
    except AccessEsError as error:
        if not page.wants_page():
            raise
        return _login_page(error, username=name)
    page.begin_session(user)
    return redirect(_next(), 303)


@pages.post("/logout")
def sign_out() -> AnyResponse:
    if current_user.is_authenticated:
        page.check_form()
        page.end_session()
        logout_user()
        page.renew_session()
    return redirect(f"{page.base_path()}/--access-es/login?signed-out", 303)


def ask_to_sign_in() -> AnyResponse:
    """People are sent to the sign-in page and then to their account; programs get the error."""
    if not page.wants_page():
        raise NotSignedIn
    base_path = page.base_path()
    return redirect(f"{base_path}/--access-es/login?next={base_path}/--access-es/account", 303)


def _login_page(error: AccessEsError | None = None, **shown: str) -> Response:
    return page.render("login.html", error, next=_asked_next(), **shown)


def _next() -> str:
    return _asked_next() or page.base_path() + page.accounts().settings.home_path()


def _asked_next() -> str:
    """The page that the person asked for, or "" if it is not on this site."""
    asked = request.form.get("next") or request.args.get("next", "")
    return asked if is_safe_next(asked) else ""
