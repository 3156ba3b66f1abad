"""The account page: who one is, the sessions, the API tokens, the password."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, redirect, request
from flask_login import current_user, login_required
from werkzeug.wrappers import Response as AnyResponse

from access_es.errors import AccessEsError, BadRequest
from access_es.pages import page
from access_es.pages.administrators import is_administrator
from access_es.pages.times import ago, iso, utc
from access_es.sign_in.identity import Caller
from access_es.users.passwords import MIN_CHARACTERS
from access_es.users.sessions import SessionRecord
from access_es.users.tokens import DEFAULT_DAYS, MAX_DAYS

_NOTICES = {
    "revoked": "The token is revoked.",
    "password": "The password is changed. Your other sessions have ended.",
    "ended": "The session has ended.",
    "others": "All your other sessions have ended.",
}
_MAX_SESSIONS = 100  # that are shown
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
    user = page.accounts().stores.users.find(caller.user)  # None: a machine
    return jsonify(
        user=caller.user,
        name=caller.title,
        issuer=(user and user.issuer) or None,
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


@pages.post("/sessions/end")
@_signed_in_only
def end_session() -> AnyResponse:
    try:
        page.check_form()
        page.directory(_caller()).end_session(_user(), request.form.get("id", ""))
    except AccessEsError as error:
        return _refuse("sessions", error)
    page.audit("session_ended")
    return _done("ended")


@pages.post("/sessions/end-others")
@_signed_in_only
def end_other_sessions() -> AnyResponse:
    """Also those of which there is no record."""
    try:
        page.check_form()
        page.end_other_sessions(_caller())
    except AccessEsError as error:
        return _refuse("sessions", error)
    page.audit("sessions_ended")
    return _done("others")


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
    directory, now = page.accounts().directory, page.accounts().clock()
    user, sessions = directory.user(_user()), _sessions()
    return page.render(
        "account.html",
        error,
        caller=_caller(),
        user=user,
        roles=roles,
        rights=rights,
        by_provider=urlsplit(user.issuer).hostname,
        is_administrator=is_administrator(_caller()),
        has_password=not user.issuer and page.sign_on_facts()["has_passwords"],
        home_path=page.accounts().settings.home_path(),
        sessions=sessions[:_MAX_SESSIONS],
        unshown_sessions=len(sessions[_MAX_SESSIONS:]),
        own_session=_own_session_id(),
        tokens=directory.tokens(_user()),
        now=now,
        iso=iso,
        utc=utc,
        ago=lambda seconds: ago(seconds, now),
        notice=_NOTICES.get(request.args.get("done", ""), ""),
        default_days=DEFAULT_DAYS,
        max_days=MAX_DAYS,
        min_characters=MIN_CHARACTERS,
        **shown,
    )


def _sessions() -> list[SessionRecord]:
    """The user's sessions, this one first, even if it began before there were records."""
    own = _own_session_id()
    found = page.accounts().directory.sessions(_user())
    others = [record for record in found if record.id != own]
    if not own:
        return others
    return [next((record for record in found if record.id == own), None) or page.own_record(), *others]


def _own_session_id() -> str:
    open_now = page.current_session()
    return open_now.id if open_now and open_now.user == _user() else ""


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
