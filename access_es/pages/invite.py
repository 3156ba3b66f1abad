"""The page behind an invitation: choose a password, and be signed in."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from access_es.errors import AccessEsError, BadRequest, FormExpired
from access_es.pages import page
from access_es.users.invitations import InvitationOver
from access_es.users.passwords import MIN_CHARACTERS
from access_es.users.user import User

pages = Blueprint("invite", __name__, url_prefix="/--access-es/invite")


@pages.after_request
def forbid_caching(response: Response) -> Response:
    """Redirects too: they carry the session cookie."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@pages.get("/<sealed>")
def show_invitation(sealed: str) -> AnyResponse:
    """Opening a link does not use it up: mail programs open links by themselves."""
    page.check_navigation()
    return _page(page.accounts().directory.invited(sealed))


@pages.post("/<sealed>")
def accept_invitation(sealed: str) -> AnyResponse:
    directory = page.accounts().directory
    invited = directory.invited(sealed)
    page.check_origin()
    try:
        page.check_form()
        user = directory.accept(sealed, _chosen_password())
    except InvitationOver:
        raise
    except (FormExpired, BadRequest) as error:
        if not page.wants_page():
            raise
        return _page(invited, error)
    page.begin_session(user, "invitation")
    page.audit("password_changed", user=user.name, how="invitation")
    return redirect(page.base_path() + page.accounts().settings.home_path(), 303)


def _chosen_password() -> str:
    password = request.form.get("new", "")
    if password != request.form.get("repeated", ""):
        raise BadRequest("The two passwords differ.")
    return password


def _page(invited: User, error: AccessEsError | None = None) -> Response:
    return page.render("invite.html", error, user=invited.name, min_characters=MIN_CHARACTERS)
