"""The list of users."""

from __future__ import annotations

from collections.abc import Iterator

from flask import jsonify
from werkzeug.wrappers import Response as AnyResponse

from access_es.pages import page
from access_es.pages.administration.paging import asked_part
from access_es.pages.administration.view import origin, roles_of
from access_es.pages.administration.view import show as show_page
from access_es.sign_in.identity import Caller
from access_es.users.fields import state, user_fields
from access_es.users.user import User


def show(caller: Caller) -> AnyResponse:
    part = asked_part(page.accounts().directory.users(), _texts)
    if not page.wants_page():
        found = [{**user_fields(user), "roles": list(roles_of(user))} for user in part.items]
        return jsonify(users=found, **part.facts)
    return show_page("users.html", caller=caller, part=part, roles_of=roles_of, origin=origin, state=state)


def _texts(user: User) -> Iterator[str]:
    """Roles too: so one finds who may do what."""
    yield from (user.name, user.display_name, *user.groups, origin(user), *roles_of(user))
    yield state(user)
