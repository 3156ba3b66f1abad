"""What the administrators' pages share: how they are shown, and where an action leads."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from access_es.errors import AccessEsError
from access_es.pages import page
from access_es.pages.administrators import PATH
from access_es.pages.times import iso
from access_es.sign_in.identity import Caller
from access_es.users.user import User

_NOTICES = {
    "groups": "The groups are changed.",
    "disabled": "The user is disabled. Open sessions end within a minute, and API tokens are refused.",
    "enabled": "The user is enabled and can sign in again.",
    "removed": "The user and the user's API tokens are removed.",
    "sessions": "The user's sessions are ended.",
    "session": "The session is ended.",
    "revoked": "The token is revoked.",
}
ACTIONS = {  # the actions of the change log, in words
    "user_created": "added the user",
    "user_invited": "made an invitation",
    "user_disabled": "disabled the user",
    "user_enabled": "enabled the user",
    "user_removed": "removed the user",
    "groups_changed": "changed the groups",
    "password_changed": "changed the password",
    "session_ended": "ended a session",
    "sessions_ended": "ended the sessions",
    "token_created": "made a token",
    "token_revoked": "revoked a token",
}


def show(
    template: str, error: AccessEsError | None = None, *, caller: Caller, done: str = "", **shown: object
) -> Response:
    """A page; `done` names a notice, else the query does."""
    return page.render(
        f"admin/{template}",
        error,
        caller=caller,
        admin=address(),
        notice=_NOTICES.get(done or request.args.get("done", ""), ""),
        now=page.accounts().clock(),
        iso=iso,
        moment=_moment,
        actions=ACTIONS,
        **shown,
    )


def address(place: str = "", **query: str) -> str:
    """The path of one of these pages, as the browser sees it."""
    asked = f"?{urlencode(query)}" if query else ""
    return f"{page.base_path()}{PATH}{'/' if place else ''}{place}{asked}"


def lead_to(place: str = "", **query: str) -> AnyResponse:
    return redirect(address(place, **query), 303)


def roles_of(user: User) -> tuple[str, ...]:
    """The names of the user's roles."""
    return page.rights(as_caller(user))[0]


def as_caller(user: User) -> Caller:
    """The user as if signed in."""
    return Caller(user.name, user.groups, "session", display_name=user.display_name)


def origin(user: User) -> str:
    """Where the user comes from, for people."""
    return urlsplit(user.issuer).hostname or user.issuer if user.issuer else "local"


def titles(users: list[User]) -> dict[str, str]:
    """What people call each user, by name. A provider may let people choose how they are called: who is called like
    another user is shown with the name as well.
    """
    called = Counter(title for user in users for title in {user.title.casefold(), user.name})
    return {user.name: full_title(user) if called[user.title.casefold()] > 1 else user.title for user in users}


def full_title(user: User) -> str:
    """What people call the user, and the name, which nobody can choose to be like another's."""
    return f"{user.display_name} ({user.name})" if user.display_name else user.name


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
