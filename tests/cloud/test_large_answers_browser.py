"""Large answers in a real browser, behind the emulated REST door: fetched as Kibana does, navigated to, run as scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import new_window
from tests.browser.kibana import ACCOUNT, sign_in
from tests.cloud.bucket_cors import readable_by_pages_of
from tests.cloud.front_door import LambdaFrontDoor, OpenLambdaDoor
from tests.cloud.test_large_answers import DOORS, SIZES, digest_of

pytestmark = [pytest.mark.cloud, pytest.mark.browser]

SIZE = 9_000_000
LARGE = f"/_demo/giant?size={SIZE}&kind=random&type=application/json"
FETCH = """async ([address, method]) => {
    const answer = await fetch(address, {
        method, credentials: "same-origin", body: method === "POST" ? '{"index":"logs"}\\n{}\\n' : undefined,
        headers: {"kbn-version": "5.1.1", "Content-Type": "application/json", "Accept": "application/json, text/plain, */*"},
    });
    const body = await answer.arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
    return {
        status: answer.status, redirected: answer.redirected, url: answer.url, size: body.byteLength,
        digest: Array.from(digest, byte => byte.toString(16).padStart(2, "0")).join(""),
    };
}"""
CANNOT = "([address]) => fetch(address, {headers: {'kbn-version': '5.1.1'}}).then(() => 'read', why => String(why))"


@pytest.fixture
def door(lambda_door: OpenLambdaDoor) -> LambdaFrontDoor:
    return lambda_door("rest")


@pytest.fixture
def page(browser: Browser, door: LambdaFrontDoor) -> Iterator[Page]:
    with open_page(browser, door) as page:
        yield page


@contextmanager
def open_page(browser: Browser, door: LambdaFrontDoor) -> Iterator[Page]:
    """alice is signed in, and a page of the domain's is open."""
    with new_window(browser, door.url) as window:
        page = window.new_page()
        page.goto(ACCOUNT)
        sign_in(page, "alice")
        expect(page.get_by_role("heading", name="alice")).to_be_visible()
        page.goto("/_demo/slow?delay=0")
        yield page


@pytest.mark.parametrize("name", DOORS)
def test_a_page_fetches_every_byte_whatever_the_size(browser: Browser, lambda_door: OpenLambdaDoor, name: str) -> None:
    door = lambda_door(name)
    with open_page(browser, door) as page, readable_by_pages_of(door):
        for size in SIZES:
            for kind in ("json", "random"):
                got = page.evaluate(FETCH, [f"/_demo/giant?size={size}&kind={kind}&type=application/json", "POST"])
                assert (got["status"], got["size"], got["digest"]) == (200, size, digest_of(kind, size))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_kibana_fetches_is_read_from_the_store(page: Page, door: LambdaFrontDoor, method: str) -> None:
    """A cross-origin 303, with a preflight, since Kibana's headers go along."""
    with readable_by_pages_of(door):
        got = page.evaluate(FETCH, [LARGE, method])
    assert (got["status"], got["size"], got["digest"]) == (200, SIZE, digest_of("random", SIZE))
    assert got["redirected"] and urlsplit(got["url"]).netloc == urlsplit(door.door.aws.url).netloc


def test_what_fits_compressed_is_fetched_from_ourselves(page: Page) -> None:
    got = page.evaluate(FETCH, [LARGE.replace("random", "json").replace(str(SIZE), "30000000"), "POST"])
    assert (got["status"], got["digest"], got["redirected"]) == (200, digest_of("json", 30_000_000), False)


def test_without_the_rule_of_provisioning_pages_cannot_read_it(page: Page) -> None:
    """That is, the tests above show that the rule is right."""
    assert "Failed to fetch" in page.evaluate(CANNOT, [LARGE])


def test_a_large_answer_is_navigated_to(page: Page, door: LambdaFrontDoor) -> None:
    """As an image, which a browser need not lay out: for megabytes of text, that takes it minutes."""
    answer = page.goto(LARGE.replace("application/json", "image/png"))
    assert answer is not None and answer.status == 200
    assert urlsplit(answer.url).netloc == urlsplit(door.door.aws.url).netloc
    assert hashlib.sha256(answer.body()).hexdigest() == digest_of("random", SIZE)
    answer = page.goto(f"/_demo/giant?size={SIZE}&kind=text&type=image/svg%2Bxml")
    assert answer is not None and urlsplit(answer.url).netloc == urlsplit(door.url).netloc
    assert answer.headers["content-encoding"] == "zstd"
    assert hashlib.sha256(answer.body()).hexdigest() == digest_of("text", SIZE)


def test_scripts_and_styles_come_compressed_under_a_policy_of_self(page: Page) -> None:
    """As Kibana's bundles do, up to 13 MB each: the policy would not let them come from the store."""
    bundle = "/_demo/giant?size=13000000&kind=text&type="
    html = (
        f'<!doctype html><link rel=icon href=data:,><link rel=stylesheet href="{bundle}text/css">'
        f'<script src="{bundle}application/javascript"></script>loaded'
    )
    policy = quote("Content-Security-Policy: script-src 'self'; style-src 'self'")
    address = f"/_demo/answer?header=Content-Type:text/html&header={policy}&body="
    answers: list[Any] = []
    failed: list[str] = []
    page.on("response", lambda answer: answers.append(answer))
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.goto(address + quote(base64.urlsafe_b64encode(html.encode()).decode()))
    page.wait_for_load_state("load")
    bundles = [answer for answer in answers if "size=13000000" in answer.url]
    assert [(answer.status, answer.headers["content-encoding"]) for answer in bundles] == [(200, "zstd")] * 2
    assert failed == []
