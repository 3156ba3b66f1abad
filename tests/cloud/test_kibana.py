"""A person browses a real Kibana through the deployed zip, behind an emulated front door."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, expect

from access_es.demo.running_gateway import RunningGateway
from access_es.demo.sample_data import PATTERN
from access_es.demo.stack import Engines
from tests.browser import engine_queries
from tests.browser.chromium import new_window
from tests.browser.kibana import APP, ERRORS, expect_hits, run_in_console, settle, sign_in
from tests.browser.network_log import watch
from tests.cloud.front_door import OpenLambdaDoor

pytestmark = [pytest.mark.cloud, pytest.mark.browser, pytest.mark.engines]
DOCUMENTS = 6000
VIEWER = {"roles": {"viewer": {"read": [PATTERN], "dashboards": "view"}}, "default": ["viewer"]}


@pytest.mark.parametrize("door", ["http", "url"])  # a REST API: test_mounted_kibana
def test_signing_in_and_browsing_without_a_failed_request(
    lambda_door: OpenLambdaDoor, kibana_domain: RunningGateway, browser: Browser, engines: Engines, door: str
) -> None:
    opened = lambda_door(door, domain=kibana_domain.url)
    with new_window(browser, opened.url) as window:
        page = window.new_page()
        watched = watch(page)
        page.goto(ERRORS)
        sign_in(page, "alice")
        expect_hits(page, engine_queries.count(engines, PATTERN, "level:ERROR"))
        page.goto(f"{APP}#/dev_tools/console")
        settle(page)
        answer = run_in_console(page, f"GET {PATTERN}/_search?size=0")
        expect(answer).to_contain_text(f'"total": {engine_queries.count(engines, PATTERN)}')
        assert watched.complaints() == []
    assert opened.door.idle_bytes > 0 and len(opened.function.reports) > 20


def test_a_viewer_browses_at_the_stage_and_is_refused_the_rest(
    lambda_door: OpenLambdaDoor, kibana_domain: RunningGateway, browser: Browser, engines: Engines
) -> None:
    """Permissions in the deployed function: Discover works, and Console says why a request is refused."""
    opened = lambda_door("rest-stage", domain=kibana_domain.url, PERMISSIONS=json.dumps(VIEWER))
    with new_window(browser, opened.url) as window:
        page = window.new_page()
        watched = watch(page)
        page.goto(f"/dev{ERRORS}")
        sign_in(page, "alice")
        expect_hits(page, engine_queries.count(engines, PATTERN, "level:ERROR"))
        assert watched.complaints() == []
        page.goto(f"/dev{APP}#/dev_tools/console")
        settle(page)
        expect(run_in_console(page, "GET _cat/indices")).to_contain_text("alice may not read every index")
