"""The account page: the user, the API tokens, the password."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar, cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, redirect, request
from flask_login import current_user, login_required
from werkzeug.wrappers import Response as AnyResponse

from access_es.errors import AccessEsError, BadRequest
from access_es.pages import page
from access_es.sign_in.identity import Caller
from access_es.users.passwords import MIN_CHARACTERS
from access_es.users.tokens import DEFAULT_DAYS, MAX_DAYS

_NOTICES = {"revoked": "The token is revoked.", "password": "The password is changed. Your other sessions have ended."}
_View = TypeVar("_View", bound=Callable[..., AnyResponse])
_signed_in_only = cast(Callable[[_View], _View], login_required)  # flask_login has no types

pages = Blueprint("account", __name__, url_prefix="/--access-es/account")


@pages.after_request
def forbid_caching(response: Response) -> Response:
    """Redirects too: they carry the session cookie."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@pages.get("")
@_signed_in_only
def show_account() -> AnyResponse:
    if page.wants_page():
        return _account_page()
    page.check_navigation()
    caller = _caller()
    roles, rights = page.rights(caller)
    return jsonify(
        user=caller.user,
        name=caller.title,
        groups=caller.groups,
        roles=roles,
        rights=rights,
        how=caller.how,
        token=caller.token,
    )


@pages.post("/tokens")
@_signed_in_only
def create_token() -> AnyResponse:
    """Answers with the page itself: the token is in it, and nowhere else."""
    label = request.form.get("label", "")
    try:
        page.check_form()
        token, text = page.directory(_caller()).add_token(_user(), label, _days(), _chosen_roles())
    except AccessEsError as error:
        return _refuse("tokens", error, label=label, chosen=request.form.getlist("role"))
    page.audit("token_created", token=token.label)
    return _account_page(created=text, label=token.label)


@pages.post("/tokens/revoke")
@_signed_in_only
def revoke_token() -> AnyResponse:
    label = request.form.get("label", "")
    try:
        page.check_form()
        page.directory(_caller()).revoke_token(_user(), label)
    except AccessEsError as error:
        return _refuse("tokens", error)
    page.audit("token_revoked", token=label.strip())
    return _done("revoked")


@pages.post("/password")
@_signed_in_only
def change_password() -> AnyResponse:
    """Ends the user's other sessions; this one begins anew."""
    try:
        page.check_form()
        if request.form.get("new", "") != request.form.get("repeated", ""):
            raise BadRequest("The two new passwords differ.")
        page.check_password(_user(), request.form.get("current", ""))
        user = page.directory(_caller()).set_password(_user(), request.form.get("new", ""))
    except AccessEsError as error:
        page.audit("password_change_failed")
        return _refuse("password", error)
    page.begin_session(user, "password")
    page.audit("password_changed")
    return _done("password")


def _account_page(error: AccessEsError | None = None, **shown: object) -> Response:
    page.check_navigation()
    roles, rights = page.rights(_caller())
    user = page.accounts().directory.user(_user())
    return page.render(
        "account.html",
        error,
        caller=_caller(),
        roles=roles,
        rights=rights,
        by_provider=urlsplit(user.issuer).hostname,
        subject=user.subject,
        has_password=not user.issuer and page.sign_on_facts()["has_passwords"],
        home_path=page.accounts().settings.home_path(),
        tokens=page.accounts().directory.tokens(_user()),
        now=page.accounts().clock(),
        date=_date,
        notice=_NOTICES.get(request.args.get("done", ""), ""),
        default_days=DEFAULT_DAYS,
        max_days=MAX_DAYS,
        min_characters=MIN_CHARACTERS,
        **shown,
    )


def _refuse(section: str, error: AccessEsError, **shown: object) -> Response:
    """Show the error beside the form that was sent; programs get the error itself."""
    if not page.wants_page():
        raise error
    return _account_page(error, failed=section, **shown)


def _done(what: str) -> AnyResponse:
    return redirect(f"{page.base_path()}/--access-es/account?done={what}", 303)


def _chosen_roles() -> tuple[str, ...] | None:
    """The roles for a token, of those that its user has now; None: all, and those that come later."""
    has, chosen = page.rights(_caller())[0], tuple(request.form.getlist("role"))
    if "choose_roles" not in request.form or (has and set(chosen) == set(has)):
        return None
    if not chosen:
        raise BadRequest("Choose at least one role for the token.")
    for role in chosen:
        if role not in has:
            raise BadRequest(f"You do not have the role '{role}', so your token cannot have it.")
    return chosen


def _days() -> int:
    try:
        return int(request.form.get("days") or DEFAULT_DAYS)
    except ValueError:
        raise BadRequest("The days must be a number.") from None


def _user() -> str:
    return _caller().user


def _caller() -> Caller:
    return cast(Caller, current_user.caller)


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
