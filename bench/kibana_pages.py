"""What a Kibana page costs the function: its requests, their bytes, and the milliseconds that Lambda bills.

    python -m bench.kibana_pages [--streaming]

A real Kibana behind the deployed zip and the emulated REST door, as `make demo-lambda` has it, in a headless Chromium:
Discover with an empty browser cache, the same page again, and a new search on it. Times are of this machine's
processor, not of Lambda's. docs/costs.md is made of these numbers.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, Request, sync_playwright

from access_es.demo.cloud.demonstration import Demonstration, running_demonstration

APP = "/_plugin/kibana/app/kibana#/discover?_g=(time:(from:now-10d,mode:quick,to:now))"
HITS = "[data-test-subj=discoverQueryHits]"
LOADING = "[data-test-subj=globalLoadingIndicator]"
ROUNDS = 3
_TIMEOUT_MILLISECONDS = 120_000


@dataclass(frozen=True)
class Measured:
    """One page."""

    requests: int
    megabytes: float
    billed_milliseconds: float


class Watch:
    """Counts what a page does, and what the function is billed for it."""

    def __init__(self, page: Page, demo: Demonstration) -> None:
        self._function = demo.door.function
        self._finished: list[Request] = []
        page.on("requestfinished", lambda request: self._finished.append(request))

    def measure(self, act: Callable[[], object]) -> Measured:
        self._finished.clear()
        before = len(self._function.reports)
        act()
        time.sleep(1)
        reports = list(self._function.reports)[before:]
        sizes: list[Any] = [request.sizes() for request in self._finished]
        sent = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
        milliseconds = sum(1000 * (report.seconds - (report.init_seconds or 0)) for report in reports)
        return Measured(len(reports), sent / 1e6, milliseconds)


def measure(page: Page, demo: Demonstration) -> dict[str, Measured]:
    page.goto(f"{demo.door.url}/--access-es/login")
    page.get_by_label("User name").fill(demo.user)
    page.get_by_label("Password").fill(demo.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state("load")
    watch = Watch(page, demo)
    page.goto("about:blank")
    found = {"the first time, with an empty browser cache": watch.measure(lambda: _open(page, demo))}
    again = []
    for _ in range(ROUNDS):
        page.goto("about:blank")
        again.append(watch.measure(lambda: _open(page, demo)))
    found["again"] = _median(again)
    found["a search on it"] = _median([watch.measure(lambda: _search(page)) for _ in range(ROUNDS)])
    return found


def _open(page: Page, demo: Demonstration) -> None:
    page.goto(demo.door.url + APP)
    _settle(page)


def _search(page: Page) -> None:
    page.keyboard.press("Escape")
    page.locator("form[name=discoverSearch] button[type=submit]").first.click()
    _settle(page)


def _settle(page: Page) -> None:
    page.wait_for_selector(HITS)
    page.wait_for_selector(LOADING, state="hidden")
    page.wait_for_timeout(500)


def _median(each: list[Measured]) -> Measured:
    return Measured(
        round(statistics.median(one.requests for one in each)),
        statistics.median(one.megabytes for one in each),
        statistics.median(one.billed_milliseconds for one in each),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streaming", action="store_true", help="through a REST API that streams")
    chosen = parser.parse_args()

    def tell(text: str) -> None:
        print(text, file=sys.stderr)

    with (
        running_demonstration("rest", 0, os.environ, tell, streaming=chosen.streaming) as demo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(_TIMEOUT_MILLISECONDS)
        print("| Discover | requests | MB | billed ms |\n|---|---|---|---|")
        for what, one in measure(page, demo).items():
            print(f"| {what} | {one.requests} | {one.megabytes:.2f} | {one.billed_milliseconds:.0f} |", flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
