"""Kibana behind `serve --mount`: the same as on a host of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from access_es.demo.credentials import Credential
from access_es.demo.running_gateway import running_gateway
from access_es.demo.sample_data import PATTERN
from access_es.demo.stack import Engines
from tests.browser import engine_queries
from tests.browser.chromium import new_window
from tests.browser.tour import tour
from tests.running_proxy import KEY, RunningProxy, running_proxy

pytestmark = [pytest.mark.browser, pytest.mark.engines]
MOUNT = "/logs"


@pytest.fixture(scope="module")
def mounted(engines: Engines, site: RunningProxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    """Beside `site`, in front of the same engines."""
    with (
        running_gateway([Credential(*KEY, None)], engines.elasticsearch, engines.kibana) as domain,
        running_proxy(domain.url, tmp_path_factory.mktemp("mounted"), mount=MOUNT) as proxy,
    ):
        yield proxy


def test_the_tour_is_the_same_below_a_path(
    browser: Browser, site: RunningProxy, mounted: RunningProxy, engines: Engines
) -> None:
    hits = engine_queries.count(engines, PATTERN, "level:ERROR")
    seen = []
    for place, mount in ((site, ""), (mounted, MOUNT)):
        with new_window(browser, place.url) as window:
            seen.append(tour(window.new_page(), mount, hits))
    plain, below = seen
    assert below.watched.complaints() == plain.watched.complaints() == []
    assert below.differs_from(plain) == set()
    assert below.images == plain.images
