"""Long queries in a real browser: a script's fetch and XHR, and a person who waits."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from access_es.demo.running_gateway import RunningGateway
from tests.browser.chromium import new_window
from tests.running_proxy import PASSWORD, RunningProxy, running_proxy

pytestmark = pytest.mark.browser
FETCH = """async ([target, body]) => {
    const began = performance.now();
    const answer = await fetch(target, {method: 'POST', headers: {'content-type': 'application/json', 'kbn-xsrf': '1'}, body});
    return [answer.status, answer.redirected, await answer.json(), (performance.now() - began) / 1000];
}"""
XHR = """([target, body]) => new Promise((done, fail) => {
    const asked = new XMLHttpRequest();
    asked.open('POST', target);
    asked.setRequestHeader('kbn-xsrf', '1');
    asked.onload = () => done([asked.status, asked.responseURL !== target, JSON.parse(asked.responseText), 0]);
    asked.onerror = fail;
    asked.send(body);
})"""


@pytest.fixture(scope="module")
def door(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    folder = tmp_path_factory.mktemp("door")
    with running_proxy(gateway.url, folder, FRONT_DOOR="rest:3", LONG_QUERY_AFTER_SECONDS="0.5") as running:
        yield running


def signed_in(window: BrowserContext) -> Page:
    page = window.new_page()
    page.goto("/--access-es/login?next=/--access-es/account")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title("Account of alice · access-es")
    return page


@pytest.fixture
def page(browser: Browser, door: RunningProxy) -> Iterator[Page]:
    window = new_window(browser, door.url)
    yield signed_in(window)
    window.close()


@pytest.mark.parametrize("script", [FETCH, XHR], ids=["fetch", "xhr"])
def test_a_script_gets_the_answer_to_its_post(page: Page, script: str) -> None:
    page.goto("/_demo/answer?header=Content-Type:%20text/html&body=aGk%3D")  # ours forbid scripts to ask anything
    status, redirected, said, seconds = page.evaluate(script, ["/demo-slow/_search?delay=6", "{}"])
    assert (status, redirected, said) == (200, True, {"delay": 6})
    assert seconds < 7.2


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_person_sees_that_it_goes_on_until_the_answer_is_there(
    browser: Browser, door: RunningProxy, scripts: bool
) -> None:
    """By itself, with and without JavaScript."""
    window = new_window(browser, door.url, scripts=scripts, width=900, height=600)
    page = signed_in(window)
    began = time.monotonic()
    page.goto(f"/demo-slow/_search?delay=12&by={scripts}")
    assert time.monotonic() - began < 6.5  # a page, and no blank tab
    expect(page.get_by_role("heading", name="Query still running")).to_be_visible()
    expect(page.get_by_text("worked on it for")).to_contain_text(" s")
    if shots := os.environ.get("ACCESS_ES_SCREENSHOTS"):
        page.screenshot(path=Path(shots) / f"waiting-{scripts}.png")
    first = page.title()
    expect(page).not_to_have_title(first, timeout=8000)
    expect(page.get_by_text('{"delay": 12.0}')).to_be_visible(timeout=15000)
    assert time.monotonic() - began < 15
    window.close()
