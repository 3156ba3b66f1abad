"""All of Kibana as one person uses it, from a deep link before the sign-in to signing out; the same wherever it is mounted."""

from __future__ import annotations

import re
import time
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

LISTS = r"/\.kibana/\w+/_search\?size=100"
PLACES = {
    "app/kibana#/visualize/step/1": (LISTS, 1),
    "app/kibana#/management/kibana/objects": (LISTS, 3),
    "app/timelion": ("/api/timelion/run", 1),
    "status": ("/api/status", 1),
    "": ("/_msearch", 2),
}
"""Which requests each place makes last, and how many of them."""
QUIET_MILLISECONDS = 700


@dataclass(frozen=True)
class Seen:
    """What one tour saw: every request but for what differs each time, those that were under way when the page was
    left, and how many pictures and fonts each place got."""

    watched: Watch
    requests: frozenset[tuple[str, str]]
    left: frozenset[tuple[str, str]]
    images: tuple[int, ...]

    def differs_from(self, other: Seen) -> set[tuple[str, str]]:
        return set(self.requests ^ other.requests) - self.left - other.left


class Tour:
    """A page that goes from one place to the next, in a window whose base URL is the site's."""

    def __init__(self, page: Page, mount: str) -> None:
        self.page = page
        self.mount = mount
        self.watched = watch(page)
        self._left: set[tuple[str, str]] = set()

    def go(self, address: str) -> None:
        """To another document. What is under way in this one ends, as it does for everybody who goes on."""
        before = len(self.watched.failures)
        pending = {(request.method, request.url) for request in self.watched.pending}
        self.page.goto("about:blank")
        ended = self.watched.failures[before:]
        self.watched.failures[before:] = [failure for failure in ended if not failure.endswith("net::ERR_ABORTED")]
        self._left |= {
            self._normal(method, urlsplit(url)._replace(scheme="", netloc="").geturl()) for method, url in pending
        }
        self._left |= {self._normal(*failure.split(" ")[:2]) for failure in ended}
        self.page.goto(address)

    def visit(self, place: str, last: str, times: int) -> int:
        """Until all that the place asks for has come; how many pictures and fonts it got."""
        before = len(self.watched.answers)
        self.go(f"{self.mount}{BASE_PATH}/{place}")
        settle_by = time.monotonic() + TIMEOUT_SECONDS
        while sum(bool(re.search(last, answer.target)) for answer in self.watched.answers[before:]) < times:
            assert time.monotonic() < settle_by, f"{place} never asked for {last} {times} times"
            self.page.wait_for_timeout(100)
        answered = -1
        while (len(self.watched.answers) > answered or self.watched.pending) and time.monotonic() < settle_by:
            answered = len(self.watched.answers)
            self.page.wait_for_timeout(QUIET_MILLISECONDS)
        return int(self.page.evaluate(_LOADED))

    def seen(self, images: list[int]) -> Seen:
        requests = {self._normal(answer.method, answer.target) for answer in self.watched.answers}
        kept = frozenset(each for each in requests if not _FIRST_TIME.search(each[1]))
        return Seen(self.watched, kept, frozenset(self._left), tuple(images))

    def _normal(self, method: str, target: str) -> tuple[str, str]:
        """As it would be without the mount, and without what changes each time."""
        path = re.sub("^https?://[^/]*", "", target.rstrip(":"))
        assert path.startswith(f"{self.mount}/"), target
        return method, _CHANGING.sub("", path.removeprefix(self.mount).replace(f"next={self.mount}/", "next=/"))


def tour(page: Page, mount: str, hits: int) -> Seen:
    """Everything, watched."""
    walk = Tour(page, mount)
    page.goto(mount + ERRORS)
    sign_in(page, "alice")
    expect_hits(page, hits)
    assert urlsplit(page.url).path == mount + APP
    short = shorten(page)
    assert urlsplit(short).path.startswith(f"{mount}{BASE_PATH}/goto/")
    walk.go(short)
    expect_hits(page, hits)
    assert urlsplit(page.url).path == mount + APP and "level:ERROR" in page.url
    walk.go(f"{mount}{APP}#/visualize/create?type=histogram&indexPattern={PATTERN}&{LAST_10_DAYS}")
    expect(bars(page)).to_have_count(1)
    settle(page)
    walk.go(f"{mount}{APP}#/dev_tools/console")
    settle(page)
    expect(run_in_console(page, f"GET {PATTERN}/_search?size=0")).to_contain_text('"total"')
    images = [walk.visit(place, last, times) for place, (last, times) in PLACES.items()]
    walk.go(mount + ACCOUNT)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    return walk.seen(images)


def shorten(page: Page) -> str:
    """The short address that Kibana makes of the page."""
    menu(page, "Share").click()
    page.get_by_test_id("sharedSnapshotShortUrlButton").click()
    address = page.get_by_test_id("sharedSnapshotUrl")
    expect(address).to_have_value(re.compile("/goto/"))
    return address.input_value()


_LOADED = """() => performance.getEntriesByType('resource')
  .filter(entry => /\\.(svg|png|woff2?|ttf)/.test(entry.name) && entry.responseStatus === 200).length"""
# What Kibana does in an index of its own the first time that somebody comes.
_FIRST_TIME = re.compile(r"/\.kibana/_mapping/|/\.kibana/index-pattern/[^/]*$|/field_capabilities$|/_mapping/field/")
_CHANGING = re.compile(r"(?<=[?&])(_|t|preference)=[^&]*|\d{13}")
