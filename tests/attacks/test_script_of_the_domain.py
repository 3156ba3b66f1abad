"""A script in one of the domain's pages runs on our very origin. It gets no token, and so nothing that lasts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import new_window, running_chromium
from tests.fidelity.bad_domain import BadDomain
from tests.fidelity.raw_client import exchange, request_bytes
from tests.fidelity.sessions import LOGIN, sign_in
from tests.running_proxy import PASSWORD
from tests.scripted_server import say

ACCOUNT = "/--access-es/account"
PAGE = b"<!doctype html><title>Dashboard</title><link rel=icon href=data:,>"
HTML = say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (len(PAGE), PAGE))
FORM_OF = f"""async () => (await (await fetch("{ACCOUNT}", {{headers: {{Accept: "text/html"}}}})).text())
    .includes("anti_forgery")"""
FORM_IN_A_WINDOW = f"""async () => {{
    const opened = window.open("{ACCOUNT}");
    await new Promise(resolve => setTimeout(resolve, 1500));
    try {{ return opened.document.querySelector("[name=anti_forgery]") !== null }} catch (refused) {{ return false }}
}}"""
FORM_IN_A_FRAME = f"""async () => {{
    const frame = document.createElement("iframe");
    const loaded = new Promise(resolve => frame.onload = resolve);
    frame.src = "{ACCOUNT}";
    document.documentElement.append(frame);
    await loaded;
    try {{ return frame.contentDocument.querySelector("[name=anti_forgery]") !== null }} catch (refused) {{ return false }}
}}"""


@pytest.mark.parametrize("mode", ["cors", "same-origin", "no-cors"])
def test_our_pages_are_read_and_sent_by_people_alone(attacked: BadDomain, mode: str) -> None:
    cookie = sign_in(attacked.front, "alice")
    headers = {"Cookie": cookie, "Sec-Fetch-Mode": mode, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    page = exchange(attacked.front.port, request_bytes("GET", ACCOUNT.encode(), headers))
    assert (page.status, b"anti_forgery" in page.body) == (403, False)
    sent = exchange(attacked.front.port, request_bytes("POST", f"{ACCOUNT}/tokens".encode(), headers, b"label=x"))
    assert (sent.status, b"aes_" in sent.body, b"anti_forgery" in sent.body) == (403, False, False)


def test_our_pages_answer_to_no_window_that_opened_them(attacked: BadDomain) -> None:
    page = exchange(attacked.front.port, request_bytes("GET", LOGIN.encode(), {"Accept": "text/html"}))
    assert page.values("cross-origin-opener-policy") == [b"same-origin"]


def test_no_service_worker_of_the_domain_stands_before_our_pages(attacked: BadDomain) -> None:
    """One for Dashboards alone is none of our business."""
    attacked.play(say(b"HTTP/1.1 200 OK\r\nService-Worker-Allowed: /\r\nContent-Length: 0\r\n\r\n"))
    headers = {**attacked.front.bearer, "Service-Worker": "script"}
    answers = [
        exchange(attacked.front.port, request_bytes("GET", path, headers))
        for path in (b"/sw.js", b"/?sw/.js", b"/_dashboards/sw.js")
    ]
    assert [answer.status for answer in answers] == [403, 403, 200]
    assert answers[-1].values("service-worker-allowed") == []


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def page_with_script(chromium: Browser, attacked: BadDomain) -> Iterator[Page]:
    """alice is signed in, and looks at a page of the domain."""
    attacked.play(HTML)
    with new_window(chromium, attacked.front.url) as window:
        page = window.new_page()
        page.goto(ACCOUNT)
        page.get_by_label("User name").fill("alice")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="alice").wait_for()
        page.goto("/dashboard")
        yield page


@pytest.mark.browser
@pytest.mark.parametrize("way", [FORM_OF, FORM_IN_A_WINDOW, FORM_IN_A_FRAME], ids=["fetch", "window", "frame"])
def test_a_script_of_the_domain_does_not_get_at_our_forms(page_with_script: Page, way: str) -> None:
    assert page_with_script.evaluate(way) is False
