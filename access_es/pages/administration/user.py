"""One user: what is known, and what an administrator can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from access_es.errors import AccessEsError, BadRequest
from access_es.pages import page
from access_es.pages.administration.paging import PER_PAGE
from access_es.pages.administration.view import as_caller, full_title, lead_to, origin
from access_es.pages.administration.view import show as show_page
from access_es.pages.administrators import admin_roles, is_administrator
from access_es.sign_in.identity import Caller
from access_es.users.change_log import find_changes
from access_es.users.directory import Directory
from access_es.users.fields import change_fields, session_fields, state, token_fields, user_fields
from access_es.users.user import check_groups

_CHANGES = 10
Act = Callable[[Directory, str], object]


def show(caller: Caller) -> AnyResponse:
    name = request.args.get("name", "")
    return _user_page(caller, name) if page.wants_page() else _user_json(name)


def set_groups(caller: Caller) -> AnyResponse:
    groups = tuple(line for line in request.form.get("groups", "").splitlines() if line.strip())

    def act(directory: Directory, name: str) -> None:
        _require_administrator(caller, name, groups)
        changed = directory.set_groups(name, groups)
        page.audit("groups_changed", target=name, detail=", ".join(changed.groups) or "none")

    return _perform(caller, act, "groups", groups="\n".join(groups))


def enable(caller: Caller) -> AnyResponse:
    def act(directory: Directory, name: str) -> None:
        directory.enable(name)
        page.audit("user_enabled", target=name)

    return _perform(caller, act, "enabled")


def disable(caller: Caller) -> AnyResponse:
    def act(directory: Directory, name: str) -> None:
        _require_other(caller, name, "disable yourself")
        directory.disable(name)
        page.audit("user_disabled", target=name)

    return _perform(caller, act, "disabled")


def end_sessions(caller: Caller) -> AnyResponse:
    def act(directory: Directory, name: str) -> None:
        _require_other(caller, name, "end all of your own sessions here")
        directory.end_sessions(name)
        page.audit("sessions_ended", target=name, detail="all")

    return _perform(caller, act, "sessions")


def remove(caller: Caller) -> AnyResponse:
    def act(directory: Directory, name: str) -> None:
        _require_other(caller, name, "remove yourself")
        directory.remove_user(name)
        page.audit("user_removed", target=name)

    return _perform(caller, act, "removed")


def ask_to_disable(caller: Caller) -> AnyResponse:
    why = "Open sessions end, and API tokens are refused, until you enable the user again."
    return _ask(caller, "disable", "Disable", "Disable", why)


def ask_to_end_sessions(caller: Caller) -> AnyResponse:
    why = "Every browser must sign in again. API tokens stay valid. An invitation that was not used yet ends, too."
    return _ask(caller, "end-sessions", "End sessions", "End all sessions of", why)


def ask_to_remove(caller: Caller) -> AnyResponse:
    tokens = len(page.accounts().directory.tokens(request.args.get("name", "")))
    gone = f"The user and {tokens} API token{'' if tokens == 1 else 's'} are deleted."
    return _ask(caller, "remove", "Remove", "Remove", f"{gone} This cannot be undone.")


def _ask(caller: Caller, place: str, verb: str, what: str, why: str) -> AnyResponse:
    user = page.accounts().directory.user(request.args.get("name", ""))
    fields = {"name": user.name}
    return show_page(
        "confirm.html",
        caller=caller,
        place=f"user/{place}",
        verb=verb,
        question=f"{what} {full_title(user)}",
        why=why,
        fields=fields,
        back=fields,
    )


def _perform(caller: Caller, act: Act, done: str, **typed: str) -> AnyResponse:
    """Do what a form says. People see a refusal on the user's page, programs get the error itself."""
    name = request.form.get("name", "")
    try:
        page.check_form()
        act(page.directory(caller), name)
    except AccessEsError as error:
        if not page.wants_page():
            raise
        return _user_page(caller, name, error, **typed)
    return lead_to(done=done) if done == "removed" else lead_to("user", name=name, done=done)


def _require_other(caller: Caller, name: str, what: str) -> None:
    if name == caller.user:
        raise BadRequest(f"You cannot {what}. Another administrator can.")


def _require_administrator(caller: Caller, name: str, groups: tuple[str, ...]) -> None:
    """Nobody shuts themselves out by accident."""
    changed = replace(caller, groups=check_groups(groups))
    if name == caller.user and not is_administrator(changed):
        raise BadRequest(
            "You would not be an administrator any more with these groups. Another administrator can do it."
        )


def _user_page(caller: Caller, name: str, error: AccessEsError | None = None, groups: str | None = None) -> AnyResponse:
    directory = page.accounts().directory
    user = directory.user(name)
    open_now, setting, sessions = page.current_session(), admin_roles(), directory.sessions(name)
    roles, rights = page.rights(as_caller(user))
    return show_page(
        "user.html",
        error,
        caller=caller,
        user=user,
        origin=origin(user),
        titles={user.name: user.title},
        roles=roles,
        rights=rights,
        groups="\n".join(user.groups) if groups is None else groups,
        known_groups=sorted(setting.roles_by_group()) if setting else (),
        state=state(user),
        has_password=not user.issuer and page.sign_on_facts()["has_passwords"],
        sessions=sessions[:PER_PAGE],
        more_sessions=len(sessions[PER_PAGE:]),
        this_session=open_now.id if open_now else "",
        tokens=directory.tokens(name),
        found=find_changes(directory.change_log, _CHANGES, wanted=lambda change: change.target == name),
    )


def _user_json(name: str) -> AnyResponse:
    directory = page.accounts().directory
    user = directory.user(name)
    changes = find_changes(directory.change_log, _CHANGES, wanted=lambda change: change.target == name).changes
    return jsonify(
        **user_fields(user),
        roles=list(page.rights(as_caller(user))[0]),
        sessions=[session_fields(session) for session in directory.sessions(name)[:PER_PAGE]],
        tokens=[token_fields(token, directory.now()) for token in directory.tokens(name)],
        changes=[change_fields(change) for change in changes],
    )
