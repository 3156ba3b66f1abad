"""The shared parts of our pages: the session, the form check, rendering."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from flask import Request, Response, current_app, make_response, render_template, request, session
from flask_login import UserMixin, login_user

from access_es.audit import Entry
from access_es.client_kind import client_kind
from access_es.errors import AccessEsError, Forbidden, FormExpired, WrongCredentials
from access_es.messages import Headers
from access_es.page_headers import page_headers
from access_es.sign_in.build import Accounts
from access_es.sign_in.cross_site import is_cross_site
from access_es.sign_in.flask_session import AccessSession, Sessions
from access_es.sign_in.identity import Caller
from access_es.sign_in.session_cookie import Session
from access_es.users.change_log import Actor
from access_es.users.directory import Directory
from access_es.users.sessions import SessionRecord
from access_es.users.user import User

EXTENSION, RIGHTS = "access-es accounts", "access-es rights"
DescribeRights = Callable[[Caller], tuple[tuple[str, ...], tuple[str, ...]]]
log = logging.getLogger(__name__)


class SignedIn(UserMixin):  # type: ignore[misc]  # flask_login has no types
    """Who Flask-Login takes to be the current user."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.id = caller.user


def load_signed_in(name: str) -> SignedIn | None:
    """The user of the current session, if it is still open."""
    open_now = current_session()
    caller = accounts().identity.session_caller(open_now) if open_now and open_now.user == name else None
    return _signed_in(caller)


def load_offered(asked: Request) -> SignedIn | None:
    """Who an Authorization header names, on our pages as everywhere; raises `WrongCredentials` if it does not hold."""
    caller = accounts().identity.identify(
        request_headers(), scheme=asked.scheme, client_address=asked.remote_addr or ""
    )
    return _signed_in(caller)


def _signed_in(caller: Caller | None) -> SignedIn | None:
    if caller and (entry := audit_entry()):
        entry.note_caller(caller)
    return SignedIn(caller) if caller else None


def begin_session(user: User, how: str, provider_session: str = "", renew_at: int = 0, *, keep: bool = False) -> None:
    """Sign the user in, with a new session; `how` is "password", "invitation" or "provider".

    `keep`: the session that is open is the same user's and goes on under its id, so that what other tabs have sent
    with its cookie meanwhile, and their forms, stay good.
    """
    open_now = current_session()
    if not keep:
        end_session()
    begun = _interface().begin(user.name, user.epoch, provider_session, renew_at)
    if keep and open_now:
        begun = replace(begun, id=open_now.id, anti_forgery=open_now.anti_forgery)
    accounts().directory.begin_session(session_record(begun, how))  # a session that nobody could see does not begin
    if not user.issuer:  # of others it is noted with what the provider says
        accounts().identity.last_use.note_sign_in(user)
    login_user(SignedIn(Caller(user.name, user.groups, "session", display_name=user.display_name)))
    cast(AccessSession, session).current = begun


def session_record(begun: Session, how: str) -> SessionRecord:
    """What is recorded of a session of the browser that asks."""
    from access_es.sign_in.device import describe_device  # patterns to compile, which few requests need

    return SessionRecord(
        begun.id,
        begun.user,
        begun.epoch,
        describe_device(request.user_agent.string),
        request.remote_addr or "",
        how,
        begun.begun,
        begun.until,
        int(accounts().clock()),
        begun.provider_session,
    )


def own_record() -> SessionRecord:
    """A record for the open session where it has none: it began in an earlier version."""
    return session_record(cast(Session, current_session()), "")


def end_other_sessions(caller: Caller) -> None:
    """End all sessions of the caller but this one, which goes on under the new epoch; copies of its cookie end, too."""
    open_now, known = cast(Session, current_session()), directory(caller).sessions(caller.user)
    own = next((record for record in known if record.id == open_now.id), None) or own_record()
    epoch = directory(caller).end_sessions(caller.user).epoch
    accounts().stores.sessions.put(replace(own, epoch=epoch))
    cast(AccessSession, session).current = replace(open_now, epoch=epoch)


def postpone_renewal(renew_at: int) -> None:
    """The open session goes on, and asks the provider later."""
    if open_now := current_session():
        cast(AccessSession, session).current = replace(open_now, renew_at=renew_at)


def end_session() -> None:
    """Revoke the session that the browser had until now, and so all copies of its cookie."""
    ending = current_session()
    if ending and ending.user:
        accounts().stores.revocations.revoke(ending.id, ending.until)
        accounts().stores.sessions.remove(ending.user, ending.id)


def renew_session() -> Session:
    """A session of nobody, in the place of the one that the browser had."""
    begun = _interface().begin()
    cast(AccessSession, session).current = begun
    return begun


def _interface() -> Sessions:
    return cast(Sessions, current_app.session_interface)


def check_origin() -> None:
    """Raises `Forbidden` for a form of another site: the browser may have kept the person's cookie back (SameSite)."""
    if is_cross_site(request_headers()):
        raise Forbidden("Another site made your browser send this form. Nothing was done.")


def check_navigation() -> None:
    """Raises `Forbidden` for a page that a script requests. Ours never do; a script of the domain, which shares our
    origin, could make itself a token.
    """
    if client_kind(request_headers()) == "script":
        raise Forbidden("A script requested this page, which only people may use. Nothing was done.")


def check_form() -> None:
    """Raises `FormExpired` unless the form is one that this browser got from us in this session, or `Forbidden`."""
    check_origin()
    check_navigation()
    open_now = current_session()
    sent = request.form.get("anti_forgery", "").encode()
    if open_now is None or not hmac.compare_digest(open_now.anti_forgery.encode(), sent):
        raise FormExpired


def check_password(name: str, password: str) -> User:
    """The user; raises `WrongCredentials` in the words of a form, or `TooManyFailures`."""
    try:
        return accounts().password_check.check(name, password, request.remote_addr or "")
    except WrongCredentials as error:
        raise WrongCredentials("The user name or password is wrong.").about(error.user) from None


def sign_on_facts() -> dict[str, Any]:
    """What the sign-in page needs to know of single sign-on."""
    settings = accounts().settings.single_sign_on
    return {"sign_on": settings.label if settings else "", "has_passwords": not (settings and settings.is_only)}


def note_failure(error: AccessEsError) -> None:
    """An error that is answered in another form than ours."""
    log.warning("%s: %s", error.code, error.detail)
    if entry := audit_entry():
        entry.note_failure(error)


def audit(
    event: str,
    *,
    user: str | None = None,
    how: str | None = None,
    token: str | None = None,
    name: str = "",
    target: str = "",
    detail: str = "",
) -> None:
    """Name what happened, in the audit line of this request; `token` is a label, `name` what people call the user.

    `target` is the user whom an administrator changed, `detail` how.
    """
    if entry := audit_entry():
        entry.target, entry.detail = target, detail
        entry.event, entry.name = event, name or entry.name
        entry.user, entry.how, entry.token = user or entry.user, how or entry.how, token or entry.token


def audit_entry() -> Entry | None:
    entry: Entry | None = request.environ.get("access_es.entry")
    return entry


def render(template: str, error: AccessEsError | None, **shown: Any) -> Response:
    """The page, with the headers of our pages; `error` gives the status."""
    if error and error.detail:
        log.warning("%s: %s", error.code, error.detail)
    if error and (entry := audit_entry()):
        entry.note_failure(error)
    open_now = current_session() or renew_session()
    html = render_template(template, base_path=base_path(), error=error, anti_forgery=open_now.anti_forgery, **shown)
    response = make_response(html, error.status if error else 200)
    response.headers.extend((*page_headers(accounts().settings.form_origins), *(error.extra_headers if error else ())))
    return response


def wants_page() -> bool:
    """Whether a person's browser asks, rather than a script or a program."""
    return client_kind(request_headers()) == "person"


def base_path() -> str:
    """What the front door puts before our paths, such as API Gateway's stage."""
    return request.script_root


def request_headers() -> Headers:
    return tuple((str(name), str(value)) for name, value in request.headers)


def current_session() -> Session | None:
    return cast(AccessSession, session).current


def accounts() -> Accounts:
    return cast(Accounts, current_app.extensions[EXTENSION])


def directory(caller: Caller) -> Directory:
    """What the caller changes, under the caller's name in the change log."""
    return accounts().directory.by(Actor(caller.user, caller.how))


def nobody_is_limited(caller: Caller) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where the setting PERMISSIONS is not there: no roles, and nothing to say about them."""
    return (), ()


def rights(caller: Caller) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the caller's roles, and what they allow, in sentences."""
    return cast(DescribeRights, current_app.extensions[RIGHTS])(caller)
