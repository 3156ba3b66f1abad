"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from access_es.errors import AccessEsError, Forbidden, FormExpired, MethodNotAllowed, NotSignedIn
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
    is_over = "signed-out" in request.args
    sign_on = page.accounts().single_sign_on
    is_by_provider = request.args.get("signed-out") == "provider"
    is_over_here_alone = is_by_provider and sign_on is not None and sign_on.may_sign_out()
    notice = "You are signed out." if is_over else ""
    return _login_page(notice=notice, again=is_over, is_over_here_alone=is_over_here_alone)


@pages.post("/login")
def sign_in() -> AnyResponse:
    name = normalize_name(request.form.get("username", ""))
    if not page.sign_on_facts()["has_passwords"]:
        raise Forbidden("Passwords are not accepted here.")
    page.check_origin()  # no page of ours answers it: its new session would take the place of the person's own
    try:
        page.check_form()
        user = page.check_password(name, request.form.get("password", ""))
    except FormExpired as error:
        return _answer_expired_form(error, name)
    except AccessEsError as error:
        if not page.wants_page():
            raise
        return _login_page(error, username=name)
    page.begin_session(user, "password")
    page.audit("sign_in", user=user.name, how="password")
    return redirect(_next(), 303)


@pages.get("/", strict_slashes=False)
def show_start() -> AnyResponse:
    return redirect(f"{page.base_path()}/--access-es/account", 303)


@pages.get("/logout")
def show_sign_out() -> AnyResponse:
    """For people who type the address. Only the button signs out: a link of another site must not."""
    if not page.wants_page():
        raise MethodNotAllowed
    return _sign_out_page() if current_user.is_authenticated else redirect(_login_address(), 303)


@pages.post("/logout")
def sign_out() -> AnyResponse:
    ending = page.current_session()
    is_by_provider = ending is not None and ending.renew_at > 0
    if current_user.is_authenticated:
        try:
            page.check_form()
        except FormExpired as error:
            if not page.wants_page():
                raise
            return _sign_out_page(error)
        page.audit("sign_out")
        page.end_session()
        logout_user()
        page.renew_session()
    return redirect(f"{_login_address()}?signed-out{'=provider' if is_by_provider else ''}", 303)


def ask_to_sign_in() -> AnyResponse:
    """People are sent to the sign-in page and then to their account; programs get the error."""
    if not page.wants_page():
        raise NotSignedIn
    return redirect(f"{_login_address()}?next={page.base_path()}/--access-es/account", 303)


def _answer_expired_form(error: FormExpired, name: str) -> AnyResponse:
    """The form of a tab that was open when the person signed in on another one: on to where this one wanted to go."""
    if not page.wants_page():
        raise error
    if not current_user.is_authenticated:
        return _login_page(error, username=name)
    if current_user.id == name:
        return redirect(_next(), 303)
    change = f"You are already signed in as {current_user.id}. Enter the password again to sign in as {name} instead."
    return _login_page(FormExpired(change), username=name)


def _sign_out_page(error: AccessEsError | None = None) -> Response:
    return page.render("sign_out.html", error, user=current_user.caller.title)


def _login_address() -> str:
    return f"{page.base_path()}/--access-es/login"


def _login_page(error: AccessEsError | None = None, **shown: str | bool) -> Response:
    return page.render("login.html", error, next=_asked_next(), **page.sign_on_facts(), **shown)


def _next() -> str:
    return _asked_next() or page.base_path() + page.accounts().settings.home_path()


def _asked_next() -> str:
    """The page that the person asked for, or "" if it is not on this site."""
    asked = request.form.get("next") or request.args.get("next", "")
    return asked if is_safe_next(asked) else ""
