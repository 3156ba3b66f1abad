"""The administrators' pages."""

from __future__ import annotations

from urllib.parse import quote

from playwright.sync_api import expect

from access_es.users.user import name_by_provider
from tests.accessibility.site import LONG_NAME
from tests.accessibility.visit import Visit, shows

ADMIN = "/--access-es/admin"


def goto(visit: Visit, place: str = "", **query: str) -> None:
    visit.sign_in()
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    visit.goto(f"{ADMIN}{place}?{asked}")


@shows("Users")
def admin_users(visit: Visit) -> None:
    goto(visit)


@shows("Users")
def admin_users_none(visit: Visit) -> None:
    goto(visit, q="nobody of this name")


@shows(LONG_NAME)
def admin_user(visit: Visit) -> None:
    goto(visit, "/user", name=LONG_NAME)


@shows("dora")
def admin_user_disabled(visit: Visit) -> None:
    goto(visit, "/user", name="dora", done="disabled")


@shows(LONG_NAME)
def admin_user_of_single_sign_on(visit: Visit) -> None:
    visit.through_provider()
    visit.page.context.clear_cookies()
    goto(visit, "/user", name=name_by_provider(visit.site.provider.issuer, visit.site.provider.person["sub"]))


@shows("bob")
def admin_user_with_groups_refused(visit: Visit) -> None:
    goto(visit, "/user", name="bob")
    visit.page.get_by_label("One group on each line").fill("x" * 300)
    visit.press("Change groups")
    expect(visit.page.get_by_role("alert")).to_be_visible()


@shows(f"Remove {LONG_NAME}?")
def admin_confirm(visit: Visit) -> None:
    goto(visit, "/user/remove", name=LONG_NAME)


@shows("Invite a user")
def admin_invite(visit: Visit) -> None:
    goto(visit, "/invite")


@shows("Invite a user")
def admin_invite_refused(visit: Visit) -> None:
    goto(visit, "/invite")
    visit.page.get_by_label("User name").fill("bob")
    visit.press("Invite")
    expect(visit.page.get_by_role("alert")).to_be_visible()


@shows("Invitation for dora")
def admin_invited(visit: Visit) -> None:
    goto(visit, "/user", name="dora")
    visit.press("Enable")
    visit.press("Invite for a new password")
    visit.site.accounts.directory.disable("dora")


@shows("Sessions")
def admin_sessions(visit: Visit) -> None:
    goto(visit, "/sessions")


@shows("API tokens")
def admin_tokens(visit: Visit) -> None:
    """With a machine of OIDC_MACHINES below them, which has been here."""
    provider = visit.site.provider
    token = provider.sign(provider.claims(aud="https://kibana.example.com", sub="nobody"))
    visit.site.full.ask("GET", "/--access-es/account", {"Authorization": f"Bearer {token}"})
    goto(visit, "/tokens")
    expect(visit.page.get_by_role("heading", name="Machines")).to_be_visible()


@shows("Changes")
def admin_changes(visit: Visit) -> None:
    goto(visit, "/changes")
