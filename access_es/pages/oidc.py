"""Single sign-on: on to the provider, back from it, and what the provider says when a person signed out there."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, request
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from access_es.errors import AccessEsError, Forbidden, MethodNotAllowed, NotFound
from access_es.pages import page
from access_es.pages.next_path import is_safe_next
from access_es.sign_in.oidc.attempt import MAX_SECONDS, Attempt, cookie_name, was_retried
from access_es.sign_in.oidc.errors import ProviderUnavailable, SignInLost, SignInRefused, TokenInvalid
from access_es.sign_in.oidc.members import end_session, end_sessions, take_in
from access_es.sign_in.oidc.person import Person, session_key
from access_es.sign_in.oidc.single_sign_on import SingleSignOn
from access_es.users.change_log import Actor
from access_es.users.user import name_by_provider

_POSTPONE_SECONDS = 300  # how long a session goes on before the provider is asked again, where it does not answer

pages = Blueprint("oidc", __name__, url_prefix="/--access-es/oidc")


@pages.after_request
def forbid_caching(response: Response) -> Response:
    """Redirects too: they carry cookies."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@pages.get("/start")
def start() -> AnyResponse:
    """On to the provider. For people who navigate: what else a page loads would leave a cookie each time."""
    if not page.wants_page():
        raise Forbidden("Single sign-on is for people who navigate here.")
    asked = request.args.get("next", "")
    next = asked if is_safe_next(asked) else ""
    if not current_user.is_authenticated:
        return _leave(next, prompt="login" if "again" in request.args else "")
    try:  # only a renewal: where the provider is down, the session goes on, and the browser is not sent there
        _sign_on().check_up()
        return _leave(next)
    except ProviderUnavailable:
        return _go_on_without(next)


@pages.get("/callback")
def come_back() -> AnyResponse:
    state = request.args.get("state", "")
    sign_on = _sign_on()
    attempt = sign_on.cookies.find(request.cookies, request.scheme, state, page.accounts().clock())
    if attempt is None:
        return _begin_anew(state)
    try:
        person = sign_on.finish(attempt, request.args.items(multi=True))
        _let_in(person)
    except AccessEsError as error:
        return _forget(attempt, _refusal(error))
    return _forget(attempt, redirect(attempt.next or _home(), 303))


@pages.get("/logout")
def sign_out_there() -> AnyResponse:
    """On to the provider's own sign-out: the session here has ended before."""
    if not page.wants_page():
        raise MethodNotAllowed
    back = f"{_own_url()}/--access-es/login"
    address = _sign_on().sign_out_address(back)
    if address is None:
        raise NotFound("The provider of your account has no page to sign out. Close the browser, or sign out there.")
    return redirect(address, 303)


@pages.post("/backchannel-logout")
def end_by_provider() -> AnyResponse:
    """The provider's own server says that a session, or all those of a person, ended there."""
    try:
        said = _sign_on().read_logout(request.form.get("logout_token", ""))
    except TokenInvalid as error:
        page.audit("sign_out_failed", how="provider")
        page.note_failure(error)
        return _json_reply({"error": "invalid_request"}, 400)
    accounts, issuer = page.accounts(), _sign_on().settings.issuer
    stores, until = accounts.stores, accounts.clock() + accounts.settings.session_seconds
    name = name_by_provider(issuer, said["sub"]) if said.get("sub") else None
    used = session_key(issuer, f"jti {said['jti']}")
    if not stores.revocations.is_revoked(used):
        if said.get("sid"):
            end_session(stores, session_key(issuer, said["sid"]), until, name)
        else:
            end_sessions(stores, issuer, said["sub"])
        stores.revocations.revoke(used, until)
    page.audit("sign_out", user=name, how="provider")
    return _json_reply({}, 200)


def _leave(next: str, *, prompt: str = "", is_retry: bool = False) -> AnyResponse:
    sign_on = _sign_on()
    address, attempt = sign_on.begin(f"{_own_url()}/--access-es/oidc/callback", next, prompt=prompt, is_retry=is_retry)
    response = redirect(address, 303)
    for name in sign_on.cookies.superfluous(request.cookies, request.scheme, page.accounts().clock()):
        _set_cookie(response, name, "", 0)
    _set_cookie(response, cookie_name(request.scheme, attempt.state), sign_on.cookies.seal(attempt), MAX_SECONDS)
    return response


def _begin_anew(state: str) -> AnyResponse:
    """Back without an attempt: the back button, a restored tab, a link of another site, or no cookies at all."""
    if current_user.is_authenticated:
        return redirect(_home(), 303)
    if not page.wants_page() or was_retried(state):
        page.audit("sign_in_failed", how="provider")
        raise SignInLost
    return _leave("", is_retry=True)


def _let_in(person: Person) -> None:
    """Begin the person's session, or renew the one that is open."""
    sign_on, accounts = _sign_on(), page.accounts()
    issuer, now = sign_on.settings.issuer, accounts.clock()
    try:
        sign_on.admit(person)
        before, user = take_in(accounts.stores.users, issuer, person, now)
    except SignInRefused as error:
        name = name_by_provider(issuer, person.subject)
        if current_user.is_authenticated and current_user.id == name:
            page.end_session()  # a renewal: whoever was let in before is not any more
            logout_user()
            page.renew_session()
        error.about(name if accounts.stores.users.find(name) else None)
        raise
    accounts.directory.by(Actor(urlsplit(issuer).hostname or issuer, "provider")).note_provider(before, user)
    is_renewal = current_user.is_authenticated and current_user.id == user.name
    renew_at = int(now + sign_on.settings.renew_seconds)
    page.begin_session(user, "provider", session_key(issuer, person.session), renew_at, keep=is_renewal)
    if is_renewal:
        page.audit("session_renewed", user=user.name, how="provider", name=user.display_name)
    else:
        page.audit("sign_in", user=user.name, how="provider", name=user.display_name)


def _go_on_without(next: str) -> AnyResponse:
    page.postpone_renewal(int(page.accounts().clock()) + _POSTPONE_SECONDS)
    return redirect(next or _home(), 303)


def _refusal(error: AccessEsError) -> Response:
    """The sign-in page with the reason, and the button to try again."""
    page.audit("sign_in_failed", user=error.user, how="provider")
    if not page.wants_page():
        raise error
    return page.render("login.html", error, **page.sign_on_facts(), title=error.title, again=True)


def _forget(attempt: Attempt, response: AnyResponse) -> AnyResponse:
    _set_cookie(response, cookie_name(request.scheme, attempt.state), "", 0)
    return response


def _set_cookie(response: AnyResponse, name: str, value: str, seconds: int) -> None:
    """Lax: the way back is a navigation that begins at another site, and a Strict cookie would stay away."""
    is_tls = request.scheme == "https"
    response.set_cookie(name, value, max_age=seconds, path="/", secure=is_tls, httponly=True, samesite="Lax")


def _json_reply(body: dict[str, str], status: int) -> AnyResponse:
    from flask import jsonify

    response = jsonify(body)
    response.status_code = status
    return response


def _own_url() -> str:
    """Where the browser sees us, as the front door says; compared whole by the provider, which knows what is ours."""
    return f"{request.scheme}://{request.host}{page.base_path()}"


def _home() -> str:
    return page.base_path() + page.accounts().settings.home_path()


def _sign_on() -> SingleSignOn:
    return cast(SingleSignOn, page.accounts().single_sign_on)
