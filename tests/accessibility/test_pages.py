"""Every page of ours is accessible: axe finds nothing, and nothing is cut off on a small screen or with large text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from access_es.demo.running_gateway import RunningGateway
from tests.accessibility import admin_pages, pages
from tests.accessibility.axe import axe_source, cut_off, findings
from tests.accessibility.site import Site, running_site
from tests.accessibility.visit import ACCOUNT, PAGES, Visit
from tests.browser.chromium import new_window, running_chromium
from tests.browser.network_log import Watch, watch
from tests.running_proxy import PASSWORD

__all__ = ["admin_pages", "pages"]  # they fill the list

pytestmark = pytest.mark.browser
WIDE, NARROW, NARROWEST = (1280, 800), (390, 844), (320, 568)
APPEARANCES: tuple[tuple[Literal["light", "dark"], tuple[int, int]], ...] = (
    ("light", WIDE), ("dark", NARROW), ("dark", WIDE), ("light", NARROW)
)  # fmt: skip


@pytest.fixture(scope="module")
def site(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(gateway, tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as running:
        yield running


@pytest.fixture(scope="module")
def axe() -> str:
    return axe_source()


@pytest.fixture(scope="module")
def window(browser: Browser, site: Site) -> Iterator[tuple[Page, Watch]]:
    """One for all tests: Chromium takes a second to open another."""
    with new_window(browser, site.full.url) as opened:
        page = opened.new_page()
        yield page, watch(page)


@pytest.fixture
def page(window: tuple[Page, Watch]) -> Page:
    """As if it had just been opened."""
    page, _ = window
    page.context.clear_cookies()
    page.goto("about:blank")
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    set_text_size(page, 16)
    return page


@pytest.fixture
def watched(page: Page, window: tuple[Page, Watch]) -> Watch:
    _, notes = window
    notes.answers.clear()
    notes.failures.clear()
    notes.console.clear()
    return notes


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_is_cut_off(name: str, page: Page, watched: Watch, site: Site, axe: str) -> None:
    """Light and dark, wide and narrow; then with text of twice the size. ACCESS_ES_SCREENSHOTS keeps pictures."""
    PAGES[name](Visit(site, page))
    wrong = complaints(watched)
    for scheme, (width, height) in APPEARANCES:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": height})
        is_new = (scheme == "light") == (width == WIDE[0])
        found = [*findings(page, axe, *(() if is_new else ("color-contrast",))), *cut_off(page)]
        wrong += [f"{scheme}, {width}: {each}" for each in found]
        take_picture(page, f"{name}-{scheme}-{width}")
    page.set_viewport_size({"width": NARROWEST[0], "height": NARROWEST[1]})
    wrong += [f"{NARROWEST[0]}: {each}" for each in cut_off(page)]
    for width, height in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": height})
        set_text_size(page, 32)
        wrong += [f"text of twice the size, {width}: {each}" for each in cut_off(page)]
        take_picture(page, f"{name}-large-{width}", full=False)  # a whole one would reset the size
    assert wrong == []


def test_the_checks_find_something(page: Page, axe: str) -> None:
    page.set_content("<p style='color:#999;background:#fff'>pale</p><input><div style='width:2000px'>wide</div>")
    found = [each.partition(":")[0] for each in findings(page, axe)]
    assert {"color-contrast", "label", "html-has-lang", "region"} <= set(found)
    assert cut_off(page)[0].startswith("the page is 2008")
    page.set_content("<style>body { width: 20rem } p { height: 24px; overflow: hidden }</style><p>one line of text</p>")
    assert cut_off(page) == []
    set_text_size(page, 32)
    assert cut_off(page)


def complaints(watched: Watch) -> list[str]:
    """What the pages asked for and did not get, and errors of scripts; the page itself may be an error."""
    missing = [str(answer) for answer in watched.refusals() if answer.kind in ("stylesheet", "script", "image")]
    errors = [text for text, _ in watched.console if not text.startswith("Failed to load resource")]
    return [*missing, *errors]


def set_text_size(page: Page, pixels: int) -> None:
    """As the browser's own setting for the size of text does; 16 is the usual one."""
    session = page.context.new_cdp_session(page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": pixels, "fixed": pixels * 13 // 16}})
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == f"{pixels}px"


def take_picture(page: Page, name: str, full: bool = True) -> None:
    if folder := os.environ.get("ACCESS_ES_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=full)


def test_everything_is_done_with_the_keyboard_alone(page: Page, site: Site) -> None:
    """Sign in, make a token, revoke it, sign out: by Tab, Enter and Space, and one always sees where one is."""
    site.accounts.directory.add_user("kim", PASSWORD, ["ops"])
    page.goto(f"{site.full.url}/--access-es/login?next={ACCOUNT}")
    tab_to(page, "User name")
    page.keyboard.type("kim")
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("kim")
    tab_to(page, "What is it for?")
    page.keyboard.type("nightly")
    tab_to(page, "analyst")
    page.keyboard.press("Space")
    tab_to(page, "Create token")
    page.keyboard.press("Enter")
    created = page.get_by_label("Copy it now")
    expect(created).to_be_focused()
    assert site.accounts.directory.tokens("kim")[0].roles == ("admin",)
    tab_to(page, "Revoke nightly")
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_have_text("The token is revoked.")
    tab_to(page, "Sign out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    tab_to(page, "Sign in with your company account")


def tab_to(page: Page, name: str) -> None:
    """On by Tab until what has the name has the focus; on the way, everything that has it shows that."""
    for _ in range(30):
        page.keyboard.press("Tab")
        found = page.evaluate(_FOCUSED)
        if found["name"]:
            assert found["is_shown"], found
        if found["name"] == name:
            return
    raise AssertionError(f"no way by Tab to {name!r}")


_FOCUSED = """() => {
    const focused = document.activeElement, style = getComputedStyle(focused), box = focused.getBoundingClientRect();
    const text = (focused.labels && focused.labels[0] || focused).textContent;
    const isOutlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return {
        name: focused === document.body ? "" : text.replace(/\\s+/g, " ").trim(),
        is_shown: isOutlined && box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    };
}"""
