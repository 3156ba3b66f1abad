"""A real Kibana, in a real browser, shows what takes longer than the gateway waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from access_es.demo.credentials import Credential
from access_es.demo.gateway_server import Gateway, GatewaySettings
from access_es.demo.http_messages import Answer
from access_es.demo.http_server import Received
from access_es.demo.running_gateway import running_gateway
from access_es.demo.sample_data import PATTERN, load_sample_data
from access_es.demo.stack import Engines
from tests.browser import engine_queries
from tests.browser.chromium import new_window
from tests.browser.kibana import ERRORS, expect_hits, sign_in
from tests.running_proxy import KEY, RunningProxy, running_proxy

pytestmark = [pytest.mark.browser, pytest.mark.engines, pytest.mark.heavy]
SEARCH_SECONDS = 45.0


class SlowGateway(Gateway):
    """No search of Kibana's is answered before 45 seconds have passed since the first one."""

    def __init__(self, settings: GatewaySettings) -> None:
        super().__init__(settings)
        self.first: float | None = None
        self.searches = 0

    async def answer(self, received: Received) -> Answer:
        if b"/elasticsearch/_msearch" in received.head.target:
            self.searches += 1
            self.first = self.first or time.monotonic()
            await asyncio.sleep(max(0.0, self.first + SEARCH_SECONDS - time.monotonic()))
        return await super().answer(received)


@pytest.fixture(scope="module")
def site(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningProxy, SlowGateway]]:
    made: list[SlowGateway] = []

    def make(settings: GatewaySettings) -> Gateway:
        made.append(SlowGateway(settings))
        return made[0]

    folder: Path = tmp_path_factory.mktemp("site")
    with (
        running_gateway([Credential(*KEY, None)], engines.elasticsearch, engines.kibana, make=make) as domain,
        running_proxy(domain.url, folder, FRONT_DOOR="rest") as proxy,
    ):

        def send(method: str, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
            reply = proxy.ask(method, path, {**proxy.bearer, "Content-Type": content_type}, body or None)
            return reply.status, reply.body

        load_sample_data(send, print, count=2000)
        yield proxy, made[0]


def test_discover_shows_a_search_of_45_seconds(
    browser: Browser, site: tuple[RunningProxy, SlowGateway], engines: Engines
) -> None:
    proxy, domain = site
    hits = engine_queries.count(engines, PATTERN, "level:ERROR")
    with new_window(browser, proxy.url) as window:
        page = window.new_page()
        rounds: list[int] = []
        page.on("response", lambda answer: rounds.append(answer.status) if answer.status == 303 else None)
        page.goto(ERRORS)
        sign_in(page, "alice")
        page.set_default_timeout(100_000)
        expect_hits(page, hits)
        assert domain.first is not None and time.monotonic() - domain.first < SEARCH_SECONDS + 15
        expect(page.locator(".toast, .alert-danger")).to_have_count(0)
        assert rounds.count(303) >= 1 and domain.searches >= 2
