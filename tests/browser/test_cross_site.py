"""Another site makes a signed-in person's browser send what the person never wanted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Response, expect

from access_es.demo.stack import Engines
from tests.browser import engine_queries
from tests.browser.kibana import ACCOUNT, LOGIN, LOGIN_TITLE, sign_in
from tests.browser.other_site import another_site, form
from tests.running_proxy import PASSWORD, RunningProxy

pytestmark = [pytest.mark.browser, pytest.mark.engines]

INDEX = "dear-to-alice"
SEND_WITH_COOKIES = """([url, method]) => fetch(url, {
    method, mode: "cors", credentials: "include", body: method === "DELETE" ? undefined : "{}"
}).then(answer => answer.status, () => "no answer")"""
# To the browser `localhost` is another site, which cookies do not follow to; a neighbouring port is the same site, with
# another origin: there the cookies go along, and only we can refuse.
ELSEWHERE = pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["other-site", "neighbour"])


@pytest.fixture
def victim(page: Page) -> Page:
    """alice is signed in."""
    page.goto(ACCOUNT)
    sign_in(page, "alice")
    expect(page.get_by_role("heading", name="alice")).to_be_visible()
    return page


@pytest.fixture
def index(engines: Engines) -> Iterator[str]:
    """An index with one document, which must be there after the test as well."""
    target = f"/{INDEX}/note/1?refresh=true"
    engine_queries.ask(engines.elasticsearch, "PUT", target, b'{"text": "mine"}')
    yield INDEX
    left = engine_queries.count(engines, INDEX)
    engine_queries.ask(engines.elasticsearch, "DELETE", f"/{INDEX}")
    assert left == 1


def visit_attack_page(page: Page, host: str, content: str) -> Response:
    """The person visits the other site and clicks; return what the browser shows then."""
    with another_site(host, content) as address:
        page.goto(address)
        with page.expect_navigation() as shown:
            page.get_by_role("button", name="Win").click()
        assert shown.value is not None
        return shown.value


def still_signed_in(page: Page, user: str = "alice") -> None:
    page.goto(ACCOUNT)
    expect(page.get_by_role("heading", name=user)).to_be_visible()


@ELSEWHERE
def test_nobody_is_signed_out_by_another_site(victim: Page, site: RunningProxy, host: str) -> None:
    visit_attack_page(victim, host, form(f"{site.url}/--access-es/logout", {}))
    still_signed_in(victim)


@ELSEWHERE
def test_nobody_is_signed_in_as_somebody_else_by_another_site(victim: Page, site: RunningProxy, host: str) -> None:
    """As the attacker, say, who would read later what was searched for."""
    answer = visit_attack_page(victim, host, form(f"{site.url}{LOGIN}", {"username": "bob", "password": PASSWORD}))
    assert answer.status == 403
    still_signed_in(victim)


@ELSEWHERE
def test_nobody_is_signed_in_by_another_site_at_all(page: Page, site: RunningProxy, host: str) -> None:
    answer = visit_attack_page(page, host, form(f"{site.url}{LOGIN}", {"username": "bob", "password": PASSWORD}))
    assert answer.status == 403
    page.goto(ACCOUNT)
    expect(page).to_have_title(LOGIN_TITLE)


@ELSEWHERE
def test_no_data_is_deleted_by_a_form_of_another_site(victim: Page, site: RunningProxy, index: str, host: str) -> None:
    everything = {'{"query": {"match_all": {}}, "_name": "': '"}'}  # joined by `=`, it is JSON
    address = f"{site.url}/{index}/_delete_by_query?refresh=true"
    assert visit_attack_page(victim, host, form(address, everything, "text/plain")).status in (401, 403)
    still_signed_in(victim)


@ELSEWHERE
def test_no_data_is_changed_by_a_script_of_another_site(
    victim: Page, site: RunningProxy, index: str, host: str
) -> None:
    """Whether the browser asks us first (DELETE, PUT) or just sends it (a POST of text)."""
    note = f"{site.url}/{index}/note/2?refresh=true"
    with another_site(host, "") as address:
        victim.goto(address)
        for method, url in (("DELETE", f"{site.url}/{index}"), ("PUT", note), ("POST", note)):
            assert victim.evaluate(SEND_WITH_COOKIES, [url, method]) == "no answer"
    told = [line["status"] for line in site.audit() if line["path"].startswith(f"/{index}")]
    assert told
    assert set(told) <= {401, 403}
