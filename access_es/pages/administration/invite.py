"""Inviting: a new user, or a user who needs a new password."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from access_es.errors import AccessEsError, Forbidden
from access_es.pages import page
from access_es.pages.administration.view import show as show_page
from access_es.pages.administrators import admin_roles
from access_es.sign_in.identity import Caller
from access_es.users.invitations import PATH
from access_es.users.user import normalize_name


def show(caller: Caller) -> AnyResponse:
    return _form(caller)


def add(caller: Caller) -> AnyResponse:
    """Answers with the page that has the link: it is there, and nowhere else."""
    name, groups = normalize_name(request.form.get("name", "")), request.form.get("groups", "")
    try:
        page.check_form()
        _require_passwords()
        lines = [line for line in groups.splitlines() if line.strip()]
        user = page.directory(caller).add_invited(name, lines)
        page.audit("user_created", target=user.name, detail=", ".join(user.groups) or "none")
        return _link(caller, user.name)
    except AccessEsError as error:
        if not page.wants_page():
            raise
        return _form(caller, error, name=name, groups=groups)


def invite_again(caller: Caller) -> AnyResponse:
    """A link for a new password. The old one works until it is used."""
    name = request.form.get("name", "")
    try:
        page.check_form()
        _require_passwords()
        answer = _link(caller, name)
        page.audit("user_invited", target=name)
    except AccessEsError as error:
        if not page.wants_page():
            raise
        return _form(caller, error, name=name)
    return answer


def _link(caller: Caller, name: str) -> AnyResponse:
    invitation, sealed = page.directory(caller).invite(name)
    link = f"{request.scheme}://{request.host}{page.base_path()}{PATH}{sealed}"
    return show_page("invited.html", caller=caller, user=name, link=link, until=invitation.until)


def _form(caller: Caller, error: AccessEsError | None = None, **typed: str) -> AnyResponse:
    setting = admin_roles()
    known = sorted(setting.roles_by_group()) if setting else ()
    has_passwords = page.sign_on_facts()["has_passwords"]
    return show_page("invite.html", error, caller=caller, known_groups=known, has_passwords=has_passwords, **typed)


def _require_passwords() -> None:
    if not page.sign_on_facts()["has_passwords"]:
        raise Forbidden("Passwords are not accepted here: people come through the provider, without an invitation.")
