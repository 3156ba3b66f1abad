"""What Kibana, a person and a thief see when a session ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Response, expect

from access_es.demo.sample_data import PATTERN
from access_es.demo.stack import Engines
from tests.browser import engine_queries
from tests.browser.conftest import Screenshot
from tests.browser.kibana import ACCOUNT, ERRORS, LOGIN_TITLE, expect_hits, sign_in, sign_out
from tests.browser.network_log import Watch
from tests.running_proxy import RunningProxy

pytestmark = [pytest.mark.browser, pytest.mark.engines]


@pytest.fixture
def errors(engines: Engines) -> int:
    """How many hits Discover shows at the deep link."""
    return engine_queries.count(engines, PATTERN, "level:ERROR")


def search_again(page: Page) -> Response:
    """Press the search button of an open Discover; return the first answer to it."""
    with page.expect_response(lambda answer: answer.request.method == "POST") as first:
        page.get_by_role("button", name="Search").click()
    return first.value


def test_kibana_gets_401_as_json_after_a_sign_out_in_another_tab(
    window: BrowserContext, page: Page, watched: Watch, errors: int, screenshot: Screenshot
) -> None:
    """Never is a sign-in page given to a script; a reload leads to one, and back to what was open."""
    page.goto(ERRORS)
    sign_in(page, "alice")
    expect_hits(page, errors)
    sign_out(window.new_page())
    watched.answers.clear()
    answer = search_again(page)
    assert answer.status == 401
    assert answer.json()["error"]["code"] == "not_signed_in"
    expect(page.locator(".toaster-container, .kbn-notification, [class*=toast]").first).to_be_visible()
    screenshot(page, "session-ended")
    told = [(asked.status, asked.content_type) for asked in watched.answers if asked.is_for_a_script]
    assert set(told) == {(401, "application/json")}
    page.reload()
    sign_in(page, "alice")
    expect_hits(page, errors)
    assert page.url.endswith(ERRORS)


def test_a_disabled_user_is_out_of_an_open_kibana(page: Page, site: RunningProxy, errors: int) -> None:
    page.goto(ERRORS)
    sign_in(page, "bob")
    expect_hits(page, errors)
    assert site.command("users", "disable", "bob").returncode == 0
    try:
        page.wait_for_function("async () => (await fetch('/_cat/health')).status === 401")
        answer = search_again(page)
        assert (answer.status, answer.headers["content-type"]) == (401, "application/json")
        page.reload()
        sign_in(page, "bob")
        expect(page.get_by_role("alert")).to_have_text("The user name or password is wrong.")
    finally:
        site.command("users", "enable", "bob")
    sign_in(page, "bob")
    expect_hits(page, errors)
    assert page.url.endswith(ERRORS)


def test_a_copy_of_the_cookie_is_worth_nothing_after_signing_out_whichever_worker_is_asked(
    window: BrowserContext, page: Page, site: RunningProxy
) -> None:
    page.goto(ACCOUNT)
    sign_in(page, "alice")
    expect(page.get_by_role("heading", name="alice")).to_be_visible()
    copy = {"Cookie": "; ".join(f"{kept['name']}={kept['value']}" for kept in window.cookies())}
    both = workers(site)
    assert len(both) == 2
    assert [answer_of(worker, both, site, copy) for worker in both] == [200, 200]
    sign_out(page)
    assert [answer_of(worker, both, site, copy) for worker in both] == [401, 401]
    page.goto(ACCOUNT)
    expect(page).to_have_title(LOGIN_TITLE)


def workers(site: RunningProxy) -> list[int]:
    """The worker processes of the server."""
    return [int(child) for child in Path(f"/proc/{site.pid}/task/{site.pid}/children").read_text().split()]


def answer_of(worker: int, both: list[int], site: RunningProxy, headers: dict[str, str]) -> int:
    """The status that this very worker answers; the other one is halted meanwhile."""
    with halted(process for process in both if process != worker):
        return site.ask("GET", "/_cat/health", headers).status


@contextmanager
def halted(processes: Iterator[int]) -> Iterator[None]:
    """They do nothing for the length of the block."""
    stopped = list(processes)
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
