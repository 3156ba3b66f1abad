"""A page of another origin uses the API, as far as CORS_ORIGINS lets it, seen in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import make_server

from access_es.demo.running_gateway import RunningGateway
from tests.browser.chromium import running_chromium
from tests.running_proxy import PASSWORD, RunningProxy, running_proxy

pytestmark = pytest.mark.browser

# The domain of a team that has turned on `http.cors`.
ANSWER = "/_demo/answer?header=Access-Control-Allow-Origin:%20*&header=X-Elastic-Product:%20Elasticsearch&body=e30="
ASK = """async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        return [answer.status, await answer.text(), answer.headers.get("x-elastic-product")];
    } catch (fault) { return String(fault) }
}"""


@dataclass(frozen=True)
class Place:
    proxy: RunningProxy
    tools: str  # an origin that is allowed
    other: str  # and one that is not


@pytest.fixture(scope="module")
def place(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with ExitStack() as open_ones:
        tools, other = (open_ones.enter_context(_page()) for _ in range(2))
        folder = tmp_path_factory.mktemp("cross-origin")
        proxy = open_ones.enter_context(running_proxy(gateway.url, folder, CORS_ORIGINS=tools))
        yield Place(proxy, tools, other)


@contextmanager
def _page() -> Iterator[str]:
    """The origin of an empty page."""
    app = Flask("page")
    app.add_url_rule("/", view_func=lambda: "<!doctype html><link rel=icon href=data:,>")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with running_chromium() as browser:
        context = browser.new_context()
        yield context.new_page()
        context.close()


def ask(page: Page, place: Place, origin: str, path: str = ANSWER, **options: Any) -> Any:
    """The status, the text and a header of the answer, as a script of this origin gets them; or what the browser says."""
    page.goto(origin)
    return page.evaluate(ASK, [f"http://localhost:{place.proxy.port}{path}", options])


def test_a_page_of_an_allowed_origin_uses_a_token(place: Place, page: Page) -> None:
    """Its preflight carries no token; and the domain's own CORS headers would be one too many."""
    headers = {**place.proxy.bearer, "Content-Type": "application/json"}
    answer = ask(page, place, place.tools, method="POST", headers=headers, body="{}")
    assert answer == [200, "{}", "Elasticsearch"]
    assert ask(page, place, place.other, method="POST", headers=headers, body="{}") == "TypeError: Failed to fetch"


def test_it_uses_its_users_session_and_sees_no_page_of_ours(place: Place, page: Page) -> None:
    status, text, _ = ask(page, place, place.tools, credentials="include")
    assert (status, "Your session has ended" in text) == (401, True)
    page.goto(f"http://localhost:{place.proxy.port}/--access-es/login")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "login" not in url)
    body: dict[str, Any] = {
        "method": "POST",
        "headers": {"Content-Type": "application/json"},
        "body": "{}",
        "credentials": "include",
    }
    assert ask(page, place, place.tools, **body) == [200, "{}", "Elasticsearch"]
    assert ask(page, place, place.other, **body) == "TypeError: Failed to fetch"
    for path in ("/--access-es/account", "/--access-es/login"):
        assert ask(page, place, place.tools, path, credentials="include") == "TypeError: Failed to fetch"
