"""Kibana for people who may view, who may edit, and who may not use it: what works, what is refused, and how it looks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from access_es.demo.kibana import BASE_PATH
from access_es.demo.sample_data import PATTERN
from access_es.demo.stack import Engines
from tests.browser import engine_queries
from tests.browser.chromium import new_window
from tests.browser.conftest import Screenshot
from tests.browser.kibana import (
    APP,
    ERRORS,
    LAST_10_DAYS,
    bars,
    expect_hits,
    menu,
    run_in_console,
    save_visualization,
    settle,
    sign_in,
)
from tests.browser.network_log import Watch
from tests.running_proxy import RunningProxy, running_proxy

pytestmark = [pytest.mark.browser, pytest.mark.engines]

PERMISSIONS = {
    "roles": {
        "viewer": {"read": [PATTERN], "dashboards": "view"},
        "editor": {"read": [PATTERN], "dashboards": "edit"},
        "program": {"read": [PATTERN]},
    },
    "groups": {"viewers": ["viewer"], "editors": ["editor"], "programs": ["program"]},
}
GROUPS = {"vera": "viewers", "ed": "editors", "paula": "programs"}
TITLE, TITLE_ID = "Of an editor", "Of-an-editor"


@pytest.fixture(scope="module")
def limited(site: RunningProxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    """The same domain, behind permissions: vera may view, ed may edit, paula may read logs but not use Kibana."""
    folder, domain = tmp_path_factory.mktemp("limited"), site.environment["ES_ENDPOINT"]
    with running_proxy(domain, folder, users=tuple(GROUPS), PERMISSIONS=json.dumps(PERMISSIONS)) as proxy:
        for user, group in GROUPS.items():
            assert proxy.command("users", "groups", user, group).returncode == 0
        yield proxy


@pytest.fixture
def window(browser: Browser, limited: RunningProxy) -> Iterator[BrowserContext]:
    with new_window(browser, limited.url) as window:
        yield window


@pytest.fixture
def saved(engines: Engines) -> Iterator[str]:
    """The address of what an editor saves, in Elasticsearch; it is not there before and after the test."""
    address = f"/.kibana/visualization/{TITLE_ID}"
    engine_queries.ask(engines.elasticsearch, "DELETE", f"{address}?refresh=true")
    yield address
    engine_queries.ask(engines.elasticsearch, "DELETE", f"{address}?refresh=true")


def test_a_viewer_looks_at_everything_that_the_role_reads(
    page: Page, watched: Watch, engines: Engines, screenshot: Screenshot
) -> None:
    page.goto(ERRORS)
    sign_in(page, "vera")
    expect_hits(page, engine_queries.count(engines, PATTERN, "level:ERROR"))
    screenshot(page, "viewer-discover")
    page.goto(f"{APP}#/visualize/create?type=histogram&indexPattern={PATTERN}&{LAST_10_DAYS}")
    expect(bars(page)).to_have_count(1)
    settle(page)
    assert watched.complaints() == []


def test_saving_is_refused_to_a_viewer_in_a_sentence_that_kibana_shows(
    page: Page, watched: Watch, engines: Engines, saved: str, screenshot: Screenshot
) -> None:
    page.goto(f"{APP}#/visualize/create?type=histogram&indexPattern={PATTERN}&{LAST_10_DAYS}")
    sign_in(page, "vera")
    expect(bars(page)).to_have_count(1)
    settle(page)
    menu(page, "Save").click()
    page.locator("input[name=visTitle]").fill(TITLE)
    page.locator("input[name=visTitle]").press("Enter")
    # Kibana 5 shows a failed save of a visualization on its error page, and others in a red bar.
    shown = page.locator("body")
    expect(shown).to_contain_text("vera may not save in Dashboards")
    expect(shown).to_contain_text("Ask an administrator for 'dashboards: edit'")
    screenshot(page, "viewer-save-refused")
    assert engine_queries.ask(engines.elasticsearch, "GET", saved)[0] == 404


def test_the_console_runs_what_the_role_allows_and_says_why_not(
    page: Page, engines: Engines, screenshot: Screenshot
) -> None:
    page.goto(f"{APP}#/dev_tools/console")
    sign_in(page, "vera")
    settle(page)
    answer = run_in_console(page, f"GET {PATTERN}/_search?size=0")
    expect(answer).to_contain_text(f'"total": {engine_queries.count(engines, PATTERN)}')
    editor = page.get_by_test_id("request-editor").locator("textarea")
    editor.focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("GET _cat/indices")
    editor.press("Control+Enter")
    expect(answer).to_contain_text("vera may not read every index")
    screenshot(page, "viewer-console-refused")


def test_an_editor_saves(page: Page, watched: Watch, engines: Engines, saved: str, screenshot: Screenshot) -> None:
    page.goto(APP)
    sign_in(page, "ed")
    settle(page)
    save_visualization(page, TITLE)
    screenshot(page, "editor-saved")
    assert engine_queries.ask(engines.elasticsearch, "GET", saved)[0] == 200
    assert watched.complaints() == []


def test_without_dashboards_a_page_says_whom_to_ask(page: Page, limited: RunningProxy, screenshot: Screenshot) -> None:
    page.goto(APP)
    sign_in(page, "paula")
    expect(page.get_by_text("paula may not use Dashboards")).to_be_visible()
    screenshot(page, "no-dashboards")
    bearer = {"Authorization": f"Bearer {limited.tokens['paula']}"}
    assert limited.ask("GET", f"/{PATTERN}/_search?size=1", bearer).status == 200


def test_timelion_begins_with_every_index_which_a_viewer_of_some_may_not_read(
    page: Page, watched: Watch, screenshot: Screenshot
) -> None:
    """Its first sheet is `.es(*)`."""
    with page.expect_response("**/api/timelion/run") as run:
        page.goto(f"{BASE_PATH}/app/timelion")
        sign_in(page, "vera")
    assert run.value.status == 403 and "vera" in run.value.json()["message"]
    settle(page)
    screenshot(page, "viewer-timelion")
    assert {answer.path for answer in watched.refusals()} == {f"{BASE_PATH}/api/timelion/run"}
