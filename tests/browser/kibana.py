"""What a person does in Kibana 5.1, and in our pages on the way there."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from access_es.demo.kibana import BASE_PATH
from access_es.demo.sample_data import PATTERN
from tests.running_proxy import PASSWORD

APP = f"{BASE_PATH}/app/kibana"
ACCOUNT = "/--access-es/account"
LOGIN = "/--access-es/login"
LOGIN_TITLE = "Sign in · access-es"
LAST_10_DAYS = "_g=(refreshInterval:(display:Off,pause:!f,value:0),time:(from:now-10d,mode:quick,to:now))"
"""All of the logs, which reach back seven days from when they were loaded."""

ERRORS = (
    f"{APP}#/discover?{LAST_10_DAYS}&_a=(columns:!(service,level,message),index:'{PATTERN}',interval:auto,"
    "query:(query_string:(analyze_wildcard:!t,query:'level:ERROR')),sort:!('@timestamp',desc))"
)
"""A deep link as Kibana itself writes it, so it has no reason to add to it: the errors among the logs."""


def sign_in(page: Page, user: str, password: str = PASSWORD) -> None:
    """Fill in the sign-in page that is open."""
    expect(page).to_have_title(LOGIN_TITLE)
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def sign_out(page: Page) -> None:
    page.goto(ACCOUNT)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")


def settle(page: Page) -> None:
    """Wait until Kibana has nothing more to load."""
    expect(page.get_by_test_id("globalLoadingIndicator")).to_be_hidden()


def bars(page: Page) -> Locator:
    """The bars of the charts on the page."""
    return page.locator("svg .series rect")


def expect_hits(page: Page, hits: int) -> None:
    """Wait for at least so many in Discover, which asks one index after the other and adds up."""
    shown = page.get_by_test_id("discoverQueryHits").element_handle()
    page.wait_for_function("([shown, hits]) => Number(shown.innerText.replace(',', '')) >= hits", arg=[shown, hits])
    settle(page)


def run_in_console(page: Page, command: str) -> Locator:
    """Put a command in place of the one in the Console, run it, and return where its answer appears."""
    page.get_by_test_id("help-close-button").click()
    editor = page.get_by_test_id("request-editor").locator("textarea")
    editor.focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(command)
    editor.press("Control+Enter")
    return page.get_by_test_id("response-editor").locator(".ace_content")


def save_visualization(page: Page, title: str) -> None:
    """A bar for each service, made by hand as a person would."""
    page.goto(f"{APP}#/visualize/create?type=histogram&indexPattern={PATTERN}&{LAST_10_DAYS}")
    expect(bars(page)).to_have_count(1)
    settle(page)
    page.get_by_text("X-Axis").click()
    page.locator("select[name=agg]").last.select_option(label="Terms")
    page.locator("select[name=field]").last.select_option(label="service")
    page.locator(".vis-editor-sidebar button[type=submit]").click()
    expect(bars(page)).to_have_count(5)
    settle(page)
    save_as(page, "input[name=visTitle]", title)
    expect(bars(page)).to_have_count(5)
    settle(page)


def save_dashboard(page: Page, title: str, visualization: str) -> None:
    """A dashboard with one visualization on it."""
    page.goto(f"{APP}#/dashboard?{LAST_10_DAYS}")
    menu(page, "Add").click()
    page.locator("saved-object-finder").get_by_text(visualization, exact=True).click()
    expect(bars(page)).to_have_count(5)
    settle(page)
    save_as(page, "#dashboardTitle", title)
    expect(bars(page)).to_have_count(5)
    settle(page)


def save_as(page: Page, field: str, title: str) -> None:
    """Kibana opens what it has saved at its own address, and asks for its numbers again."""
    menu(page, "Save").click()
    page.locator(field).fill(title)
    with page.expect_response("**/_msearch*") as numbers:
        page.locator(field).press("Enter")
    numbers.value.finished()


def menu(page: Page, name: str) -> Locator:
    """A word of the menu at the top right."""
    return page.locator("kbn-top-nav").get_by_text(name, exact=True)
