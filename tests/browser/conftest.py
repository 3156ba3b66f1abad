"""A person's browser, access-es, the demo domain, and a real Kibana with logs in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from access_es.demo.credentials import Credential
from access_es.demo.running_gateway import running_gateway
from access_es.demo.sample_data import load_sample_data
from access_es.demo.stack import Engines
from tests.browser.chromium import new_window, running_chromium
from tests.browser.engine_queries import last_lines, written_logs
from tests.browser.network_log import Watch, watch
from tests.running_proxy import KEY, RunningProxy, running_proxy

Screenshot = Callable[[Page, str], None]
DOCUMENTS = 6000


# For the package, not the session: Playwright's loop must not run in the thread of other tests.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def site(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    """access-es with two workers, which notice a disabled user within half a second."""
    folder = tmp_path_factory.mktemp("site")
    with (
        running_gateway([Credential(*KEY, None)], engines.elasticsearch, engines.kibana) as domain,
        running_proxy(domain.url, folder, users=("alice", "bob"), workers=2, SESSION_RECHECK_SECONDS="0.5") as proxy,
    ):

        def send(method: str, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
            reply = proxy.ask(method, path, {**proxy.bearer, "Content-Type": content_type}, body or None)
            return reply.status, reply.body

        load_sample_data(send, print, count=DOCUMENTS)
        yield proxy


@pytest.fixture
def window(browser: Browser, site: RunningProxy) -> Iterator[BrowserContext]:
    """Tabs opened here share their cookies."""
    with new_window(browser, site.url) as window:
        yield window


@pytest.fixture
def page(window: BrowserContext) -> Page:
    return window.new_page()


@pytest.fixture
def watched(page: Page) -> Watch:
    """What goes on in `page`."""
    return watch(page)


@pytest.fixture
def screenshot(tmp_path: Path) -> Screenshot:
    """Takes a picture of a page; SCREENSHOTS names a folder where pictures are kept."""
    folder = Path(os.environ.get("SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png", animations="disabled", caret="hide")

    return take


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure here may have its cause in any process: show what they all wrote last."""
    report = yield
    if report.failed:
        known = getattr(item, "funcargs", {})
        logs = {"access-es": last_lines(known["site"].log)} if "site" in known else {}
        logs |= written_logs(known["engines"]) if "engines" in known else {}
        report.sections.extend((f"last lines of {name}", text) for name, text in logs.items())
    return report
