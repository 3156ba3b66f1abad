"""A person browses a real Kibana through access-es."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from access_es.demo.kibana import BASE_PATH
from access_es.demo.sample_data import PATTERN
from access_es.demo.stack import Engines
from tests.browser import engine_queries
from tests.browser.conftest import Screenshot
from tests.browser.kibana import (
    APP,
    ERRORS,
    LAST_10_DAYS,
    LOGIN_TITLE,
    bars,
    expect_hits,
    run_in_console,
    save_dashboard,
    save_visualization,
    settle,
    sign_in,
    sign_out,
)
from tests.browser.network_log import Watch
from tests.running_proxy import RunningProxy

pytestmark = [pytest.mark.browser, pytest.mark.engines]

VISUALIZATION, DASHBOARD = "Requests per service", "Shop at a glance"
VISUALIZATION_ID, DASHBOARD_ID = "Requests-per-service", "Shop-at-a-glance"
NOT_FOUND_IN_PLAIN_KIBANA_TOO = (f"{BASE_PATH}/elasticsearch/logstash-*/_mapping/field/*",)


def test_a_deep_link_leads_there_after_signing_in(
    page: Page, watched: Watch, site: RunningProxy, engines: Engines, screenshot: Screenshot
) -> None:
    """All of it, with the `#/...` that no server ever sees, and Kibana shows what it says."""
    page.goto(ERRORS)
    expect(page).to_have_title(LOGIN_TITLE)
    been: list[str] = []
    page.on("framenavigated", lambda frame: been.append(frame.url))
    sign_in(page, "alice")
    expect_hits(page, engine_queries.count(engines, PATTERN, "level:ERROR"))
    assert been == [site.url + ERRORS]
    expect(page.get_by_label("Search input")).to_have_value("level:ERROR")
    screenshot(page, "deep-link")
    assert watched.complaints() == []


def test_discover_shows_the_hits_of_a_week_and_a_histogram(
    page: Page, watched: Watch, engines: Engines, screenshot: Screenshot
) -> None:
    page.goto("/")
    sign_in(page, "alice")
    expect_hits(page, engine_queries.count(engines, PATTERN, "@timestamp:[now-7d+1h TO now]"))
    assert bars(page).count() >= 50  # one for three hours, of seven days
    expect(page.locator("doc-table tbody tr").first).to_be_visible()
    screenshot(page, "discover")
    assert watched.complaints() == []


def test_dev_tools_run_a_query(page: Page, watched: Watch, engines: Engines, screenshot: Screenshot) -> None:
    page.goto(f"{APP}#/dev_tools/console")
    sign_in(page, "alice")
    settle(page)
    answer = run_in_console(
        page, f'GET {PATTERN}/_search?size=0\n{{"aggs": {{"services": {{"terms": {{"field": "service"}}}}}}}}'
    )
    expect(answer).to_contain_text(f'"total": {engine_queries.count(engines, PATTERN)}')
    expect(answer).to_contain_text('"key": "checkout"')
    settle(page)
    screenshot(page, "dev-tools")
    assert watched.complaints() == []


@pytest.fixture
def nothing_saved(engines: Engines) -> Iterator[None]:
    """Kibana knows none of our titles, neither before the test nor after it."""
    saved = (f"/.kibana/visualization/{VISUALIZATION_ID}", f"/.kibana/dashboard/{DASHBOARD_ID}")
    for moment in ("before", "after"):
        for path in saved:
            engine_queries.ask(engines.elasticsearch, "DELETE", f"{path}?refresh=true")
        if moment == "before":
            yield


@pytest.mark.usefixtures("nothing_saved")
def test_a_dashboard_is_saved_and_found_at_its_address_after_signing_in_again(
    page: Page, watched: Watch, screenshot: Screenshot
) -> None:
    page.goto(APP)
    sign_in(page, "alice")
    settle(page)
    save_visualization(page, VISUALIZATION)
    save_dashboard(page, DASHBOARD, VISUALIZATION)
    screenshot(page, "dashboard-saved")
    page.wait_for_load_state("networkidle")  # what is still asked for would be broken off by leaving the page
    sign_out(page)
    page.goto(f"{APP}#/dashboard/{DASHBOARD_ID}?{LAST_10_DAYS}")
    sign_in(page, "alice")
    expect(page.get_by_text(VISUALIZATION)).to_be_visible()
    expect(bars(page)).to_have_count(5)
    settle(page)
    screenshot(page, "dashboard-again")
    assert watched.complaints() == []


@pytest.mark.parametrize("place", ["app/timelion", "status", "app/kibana#/management/kibana/objects"])
def test_the_rest_of_kibana_opens_without_a_failure(page: Page, watched: Watch, place: str) -> None:
    page.goto(f"{BASE_PATH}/{place}")
    sign_in(page, "alice")
    page.wait_for_load_state("networkidle")
    assert watched.complaints() == []


def test_what_kibana_does_not_find_is_what_it_does_not_find_without_us(
    page: Page, watched: Watch, engines: Engines, screenshot: Screenshot
) -> None:
    """Management guesses that there are `logstash-*` logs before anybody asks."""
    page.goto(f"{APP}#/management/kibana/index?{LAST_10_DAYS}")
    sign_in(page, "alice")
    expect(page.get_by_role("heading", name="Configure an index pattern")).to_be_visible()
    settle(page)
    screenshot(page, "management")
    assert watched.complaints(NOT_FOUND_IN_PLAIN_KIBANA_TOO) == []
    assert {answer.path for answer in watched.refusals()} == set(NOT_FOUND_IN_PLAIN_KIBANA_TOO)
    assert [answer.status for answer in watched.refusals()] == [
        engine_queries.kibana_says(engines, answer) for answer in watched.refusals()
    ]
