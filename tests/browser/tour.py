"""All of Kibana as one person uses it, from a deep link before the sign-in to signing out; the same wherever it is mounted."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from access_es.demo.kibana import BASE_PATH
from access_es.demo.sample_data import PATTERN
from tests.browser.chromium import TIMEOUT_SECONDS
from tests.browser.kibana import (
    ACCOUNT,
    APP,
    ERRORS,
    LAST_10_DAYS,
    bars,
    expect_hits,
    menu,
    run_in_console,
    settle,
    sign_in,
)
from tests.browser.network_log import Watch, watch

PLACES = {
    "app/kibana#/visualize/step/1": ("Or, Open a Saved Visualization", 1),
    "app/kibana#/management/kibana/objects": ("Edit Saved Objects", 3),
    "app/timelion": ("Timelion", 0),
    "status": ("Status: Green", 0),
    "": ("Discover", 0),
}
"""What each place shows, and how many lists of saved objects it asks for."""


@dataclass(frozen=True)
class Seen:
    """What one tour saw: every request but for what differs each time, and how Kibana looked where the pictures count."""

    watched: Watch
    requests: frozenset[tuple[str, str, int, str]]
    images: tuple[int, ...]


def tour(page: Page, mount: str, hits: int) -> Seen:
    """Everything, watched. The page belongs to a window whose base URL is the site's."""
    watched = watch(page)
    page.goto(mount + ERRORS)
    sign_in(page, "alice")
    expect_hits(page, hits)
    assert urlsplit(page.url).path == mount + APP
    short = shorten(page)
    assert urlsplit(short).path.startswith(f"{mount}{BASE_PATH}/goto/")
    page.goto("about:blank")
    page.goto(short)
    expect_hits(page, hits)
    assert urlsplit(page.url).path == mount + APP and "level:ERROR" in page.url
    page.goto(f"{mount}{APP}#/visualize/create?type=histogram&indexPattern={PATTERN}&{LAST_10_DAYS}")
    expect(bars(page)).to_have_count(1)
    settle(page)
    page.goto(f"{mount}{APP}#/dev_tools/console")
    settle(page)
    expect(run_in_console(page, f"GET {PATTERN}/_search?size=0")).to_contain_text('"total"')
    images = []
    for place in (
        "app/kibana#/visualize/step/1",
        "app/kibana#/management/kibana/objects",
        "app/timelion",
        "status",
        "",
    ):
        page.goto(f"{mount}{BASE_PATH}/{place}")
        page.wait_for_load_state("networkidle")
        images.append(loaded_images(page))
    page.goto(mount + ACCOUNT)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    return Seen(watched, frozenset(_normalised(watched, mount)), tuple(images))


def wait_until_quiet(page: Page, watched: Watch, is_there: Callable[[], bool]) -> None:
    """Until what must come is there, every request has its answer, and none has followed for a second."""
    answered = -1
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while (len(watched.answers) > answered or watched.pending or not is_there()) and time.monotonic() < deadline:
        answered = len(watched.answers)
        page.wait_for_timeout(1000)


def saved_lists(watched: Watch) -> int:
    """How many lists of saved objects were answered so far."""
    return sum("/.kibana/" in answer.path and "_search?size=100" in answer.target for answer in watched.answers)


def shorten(page: Page) -> str:
    """The short address that Kibana makes of the page."""
    menu(page, "Share").click()
    page.get_by_test_id("sharedSnapshotShortUrlButton").click()
    address = page.get_by_test_id("sharedSnapshotUrl")
    expect(address).to_have_value(re.compile("/goto/"))
    return address.input_value()


def loaded_images(page: Page) -> int:
    """How many pictures and fonts the page has got, by images in it and in its style sheets."""
    found: int = page.evaluate(_LOADED)
    return found


_LOADED = """() => performance.getEntriesByType('resource')
  .filter(entry => /\\.(svg|png|woff2?|ttf)/.test(entry.name) && entry.responseStatus === 200).length"""
# What Kibana does in an index of its own the first time that somebody comes.
_FIRST_TIME = re.compile(r"/\.kibana/_mapping/|/\.kibana/index-pattern/[^/]*$|/field_capabilities$|/_mapping/field/")
_CHANGING = re.compile(r"(?<=[?&])(_|t|preference)=[^&]*|\d{13}")


def _normalised(watched: Watch, mount: str) -> list[tuple[str, str, int, str]]:
    """As they would be without the mount."""
    found = []
    for answer in watched.answers:
        assert answer.target.startswith(mount + "/"), answer
        target = _CHANGING.sub("", answer.target.removeprefix(mount).replace(f"next={mount}/", "next=/"))
        if not _FIRST_TIME.search(target):
            found.append((answer.method, target, answer.status, answer.kind))
    return found
