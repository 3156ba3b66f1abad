"""Who may open the administrators' page. For everybody else there is no such path, and its code is not loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

from flask import Flask, current_app, redirect, request
from flask_login import current_user
from werkzeug.routing import Rule
from werkzeug.wrappers import Response as AnyResponse

from access_es.client_kind import client_kind
from access_es.errors import Forbidden, NotFound
from access_es.messages import ProxyRequest
from access_es.pages import page
from access_es.sign_in.identity import Caller

PATH = "/--access-es/admin"
_GRACE_SECONDS = 900
_ROLES = "access-es administrators"


class AdminRoles(Protocol):
    """What the setting PERMISSIONS says of administrators and groups."""

    def is_administrator(self, caller: Caller) -> bool: ...

    def roles_by_group(self) -> Mapping[str, tuple[str, ...]]: ...


def register(app: Flask, permissions: AdminRoles | None) -> None:
    """Add the path. The rules take every method, so that no answer differs from that of an unknown path."""
    app.extensions[_ROLES] = permissions
    for rule in (PATH, f"{PATH}/<path:place>"):
        app.url_map.add(Rule(rule, endpoint="administration"))
    app.view_functions["administration"] = administer


def administer(place: str = "") -> AnyResponse:
    caller = _administrator()
    if way := _renewal(caller):
        return redirect(way, 303)
    _require_recent(caller)
    from access_es.pages.administration.places import answer

    return answer(caller, place)


def is_administrator(caller: Caller) -> bool:
    permissions = admin_roles()
    return permissions is not None and permissions.is_administrator(caller)


def admin_roles() -> AdminRoles | None:
    """None: there is no setting, and nobody is an administrator."""
    return cast("AdminRoles | None", current_app.extensions[_ROLES])


def _administrator() -> Caller:
    """Raises `NotFound` for everybody else, and for scripts: those of the domain's pages share our origin."""
    open_now = page.current_session()
    if admin_roles() is None or open_now is None or not open_now.user:
        raise NotFound
    if not current_user.is_authenticated or not is_administrator(current_user.caller):
        raise NotFound
    if client_kind(page.request_headers()) == "script":
        raise NotFound
    return cast(Caller, current_user.caller)


def _renewal(caller: Caller) -> str:
    """The way through the provider, when a session is due for it: a group may be lost there by now."""
    asked: ProxyRequest | None = request.environ.get("access_es.request")
    if not caller.renew_at or asked is None or not page.wants_page():
        return ""
    from access_es.sign_in.renewal import is_renewal_due, renewal_path

    return renewal_path(asked) if is_renewal_due(caller, asked, page.accounts().clock()) else ""


def _require_recent(caller: Caller) -> None:
    """Raises `Forbidden` where the provider should have been asked long ago. Forms and programs are not sent there, so
    that whoever lost the role there could go on with them until the session ends.
    """
    if caller.renew_at and page.accounts().clock() >= caller.renew_at + _GRACE_SECONDS:
        raise Forbidden("Load the administrators' page again: your provider has not been asked about you for too long.")
