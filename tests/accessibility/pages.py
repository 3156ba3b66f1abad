"""Every page of ours but the administrators', each by a name and how a person comes to see it.

A new page is one function more, here or there.
"""

from __future__ import annotations

import threading
import time

from playwright.sync_api import expect

from access_es.provision.gateway_responses import REFUSALS, gateway_response
from access_es.sign_in.throttle import Throttle
from tests.accessibility.site import LONG_NAME
from tests.accessibility.visit import ACCOUNT, LOGIN, LOGOUT, Visit, shows
from tests.browser.other_site import another_site, form
from tests.eventually import eventually
from tests.running_proxy import PASSWORD


@shows("Sign in")
def sign_in(visit: Visit) -> None:
    visit.goto(f"{LOGIN}?next={ACCOUNT}")


@shows("Sign in")
def sign_in_with_passwords_alone(visit: Visit) -> None:
    visit.goto(LOGIN, visit.site.bare)


@shows("Sign in")
def sign_in_refused(visit: Visit) -> None:
    visit.goto(LOGIN)
    visit.fill_in("alice", "mistyped")


@shows("Sign in")
def sign_in_refused_for_a_while(visit: Visit) -> None:
    throttle = Throttle(visit.site.accounts.stores.failures)
    for _ in range(12):
        throttle.failed("nobody", "127.0.0.1", time.time())
    visit.goto(LOGIN)
    visit.fill_in("nobody", "mistyped")
    expect(visit.page.get_by_role("alert")).to_contain_text("Too many failed attempts")


@shows("Sign in")
def sign_in_with_an_old_form(visit: Visit) -> None:
    visit.goto(LOGIN)
    visit.page.context.clear_cookies()
    visit.fill_in("alice", PASSWORD)


@shows("Sign in")
def signed_out(visit: Visit) -> None:
    visit.sign_in(again=True)
    visit.press("Sign out")


@shows("Sign in")
def signed_out_of_single_sign_on(visit: Visit) -> None:
    visit.through_provider()
    visit.press("Sign out")
    expect(visit.page.get_by_role("link", name="Sign out of that account, too")).to_be_visible()


@shows("The sign-in was cancelled")
def single_sign_on_cancelled(visit: Visit) -> None:
    visit.through_provider(code="", error="access_denied")


@shows("Single sign-on is not set up correctly")
def single_sign_on_misconfigured(visit: Visit) -> None:
    visit.through_provider(code="", error="invalid_scope")


@shows("Single sign-on does not answer")
def single_sign_on_unavailable(visit: Visit) -> None:
    visit.through_provider(code="", error="temporarily_unavailable")


@shows("You cannot sign in here")
def single_sign_on_refused(visit: Visit) -> None:
    person = visit.site.provider.person
    groups, subject = person["groups"], person["sub"]
    person |= {"groups": ["/others"], "sub": "another"}
    visit.through_provider()
    person |= {"groups": groups, "sub": subject}


@shows("This sign-in has expired")
def single_sign_on_expired(visit: Visit) -> None:
    visit.goto("/--access-es/oidc/callback?state=r-unknown")


@shows("Sign out")
def sign_out(visit: Visit) -> None:
    visit.sign_in()
    visit.goto(LOGOUT)


@shows("Sign out")
def sign_out_with_an_old_form(visit: Visit) -> None:
    visit.sign_in()
    visit.goto(LOGOUT)
    visit.page.locator("[name=anti_forgery]").evaluate("field => { field.value = 'old'; }")
    visit.press("Sign out")


@shows("alice")
def account(visit: Visit) -> None:
    visit.sign_in()


@shows(LONG_NAME)
def account_with_long_names(visit: Visit) -> None:
    visit.sign_in(LONG_NAME)
    expect(visit.page.locator("th", has_text="Samsung Internet on Android")).to_be_visible()


@shows("bob")
def account_of_somebody_who_may_do_nothing(visit: Visit) -> None:
    visit.sign_in("bob")


@shows("alice")
def account_without_permissions_and_tokens(visit: Visit) -> None:
    visit.sign_in(proxy=visit.site.bare)


@shows(LONG_NAME)
def account_of_single_sign_on(visit: Visit) -> None:
    visit.through_provider()


@shows("alice")
def account_with_a_new_token(visit: Visit) -> None:
    visit.sign_in()
    visit.page.get_by_label("What is it for?").fill(f"a-job-with-a-name-of-one-long-word-{time.time()}")
    visit.press("Create token")
    expect(visit.page.get_by_label("Copy it now")).to_be_visible()


@shows("alice")
def account_after_a_token_is_revoked(visit: Visit) -> None:
    visit.sign_in()
    visit.goto(f"{ACCOUNT}?done=revoked")


@shows("alice")
def account_with_a_token_refused(visit: Visit) -> None:
    visit.sign_in()
    visit.page.get_by_label("What is it for?").fill("nightly job")
    visit.press("Create token")
    expect(visit.page.get_by_role("alert")).to_be_visible()


@shows("alice")
def account_with_a_password_refused(visit: Visit) -> None:
    visit.sign_in()
    for label in ("Current password", "New password", "New password again"):
        visit.page.get_by_label(label, exact=True).fill("mistyped mistyped")
    visit.press("Change password")
    expect(visit.page.get_by_role("alert")).to_be_visible()


@shows("Choose a password")
def invitation(visit: Visit) -> None:
    _invite(visit)


@shows("Choose a password")
def invitation_with_two_passwords(visit: Visit) -> None:
    _invite(visit)
    visit.page.get_by_label("Password", exact=True).fill("correct horse battery")
    visit.page.get_by_label("Password again").fill("correct horse bakery")
    visit.press("Set the password")
    expect(visit.page.get_by_role("alert")).to_be_visible()


def _invite(visit: Visit) -> None:
    _, sealed = visit.site.accounts.directory.invite("bob")
    visit.goto(f"/--access-es/invite/{sealed}")


@shows("This link no longer works")
def invitation_that_is_over(visit: Visit) -> None:
    visit.goto("/--access-es/invite/over")


@shows("Query still running")
def waiting(visit: Visit) -> None:
    visit.sign_in()
    visit.goto("/demo-slow/_search?delay=25")


@shows("This is not allowed")
def error_403_of_permissions(visit: Visit) -> None:
    visit.sign_in("bob")
    visit.goto("/_cluster/settings?include_defaults=true")


@shows("This is not allowed")
def error_403_of_another_site(visit: Visit) -> None:
    with another_site("localhost", form(f"{visit.site.full.url}{LOGIN}", {})) as address:
        visit.page.goto(address)
        visit.page.get_by_role("button", name="Win").click()
        visit.page.wait_for_url(f"{visit.site.full.url}/**")


@shows("There is nothing here")
def error_404(visit: Visit) -> None:
    visit.sign_in()
    visit.goto("/--access-es/nothing-here")


@shows("Too many requests at a time")
def error_429(visit: Visit) -> None:
    visit.sign_in()
    full, is_over = visit.site.full, threading.Event()

    def keep_busy() -> None:
        while not is_over.is_set():
            full.ask("GET", "/_demo/slow?delay=9", {"Authorization": f"Bearer {visit.site.token}"})

    def is_refused() -> bool:
        answer = visit.page.goto(f"{full.url}/_demo/echo")
        return answer is not None and answer.status == 429

    busy = [threading.Thread(target=keep_busy) for _ in range(3)]
    for each in busy:
        each.start()
    try:
        eventually(is_refused)
    finally:
        is_over.set()
        for each in busy:
            each.join()


@shows("The search domain cannot be reached")
def error_502(visit: Visit) -> None:
    visit.sign_in(proxy=visit.site.bare)
    visit.goto("/_cat/indices", visit.site.bare)


@shows("The search domain takes too long")
def error_504(visit: Visit) -> None:
    visit.sign_in()
    visit.goto("/_demo/slow?delay=9")


@shows("No answer in time")
def error_of_api_gateway(visit: Visit) -> None:
    (refusal,) = [each for each in REFUSALS if each.type == "INTEGRATION_TIMEOUT"]
    address = "https://abcdefghij.execute-api.eu-central-1.amazonaws.com/dev/"
    visit.page.set_content(gateway_response(refusal, address)["responseTemplates"]["text/html"])
