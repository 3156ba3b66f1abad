"""A person browses a real Kibana at the REST API's own address, whose paths begin with the stage."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from access_es.demo.cloud.doors.registry import BASE_PATH
from access_es.demo.running_gateway import RunningGateway
from access_es.demo.sample_data import PATTERN
from access_es.demo.stack import Engines
from tests.browser import engine_queries
from tests.browser.chromium import new_window
from tests.browser.tour import Seen, tour
from tests.cloud.front_door import OpenLambdaDoor

pytestmark = [pytest.mark.cloud, pytest.mark.browser, pytest.mark.engines]


def test_the_tour_is_the_same_below_a_stage_and_a_base_path(
    lambda_door: OpenLambdaDoor, kibana_domain: RunningGateway, browser: Browser, engines: Engines
) -> None:
    """No failed request, no error in the console, and the very requests that there are without a mount."""
    hits = engine_queries.count(engines, PATTERN, "level:ERROR")

    def walk(door: str, mount: str) -> Seen:
        opened = lambda_door(door, domain=kibana_domain.url)
        with new_window(browser, opened.url) as window:
            return tour(window.new_page(), mount, hits)

    plain, stage, base = walk("rest", ""), walk("rest-stage", "/dev"), walk("rest-base", BASE_PATH)
    for seen in (plain, stage, base):
        assert seen.watched.complaints() == []
        assert seen.differs_from(plain) == set()
        assert seen.images == plain.images
