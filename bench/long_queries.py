"""Long searches in real time through the emulated REST door, which hangs up after 29 seconds: how late is the answer?

    python -m bench.long_queries [--seconds 28 40 120 600] [--clients curl requests fetch] [--rounds 1] [--streaming]

Each search is new to access-es, so it is asked on the client's own connection first. `fetch` is that of a headless
Chromium, which follows 20 redirects. Those of a minute or less run one after the other, the longer ones
side by side, each begun some seconds after the last, so that no two sandboxes start at once.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from playwright.sync_api import sync_playwright

from bench.emulated_deployment import Deployment, open_deployment

SECONDS = (28.0, 40.0, 120.0, 600.0)
CLIENTS = ("curl", "requests", "fetch")
AT_ONCE_SECONDS = 60
APART_SECONDS = 12
FETCH = """async target => {
    const began = performance.now();
    const answer = await fetch(target, {method: 'POST', headers: {'content-type': 'application/json'}, body: '{}'});
    const text = await answer.text();
    return [answer.status + ' ' + text, (performance.now() - began) / 1000, answer.redirected ? "some" : "0"];
}"""


@dataclass(frozen=True)
class Search:
    seconds: float
    client: str

    @property
    def target(self) -> str:
        # In letters as well: searches that differ in numbers alone are the same to access-es.
        length = f"{self.seconds:g}".translate(str.maketrans("0123456789.", "abcdefghijx"))
        return f"/demo-slow/_search?by={self.client}-{length}&delay={self.seconds:g}"

    @property
    def answer(self) -> str:
        return f'200 {{"delay": {float(self.seconds)}}}'

    @property
    def allowed_seconds(self) -> float:
        """What was asked for: 30 and 43 seconds, and 2% and a second for the longer ones."""
        return {28.0: 30.0, 40.0: 43.0}.get(self.seconds, self.seconds * 1.02 + 1)


Heard = tuple[str, float, str]
"""Status and body, after how many seconds, and by how many redirects."""


def by_curl(deployment: Deployment, search: Search) -> Heard:
    url, headers = deployment.through()
    options = [word for pair in headers.items() for word in ("-H", ": ".join(pair))]
    command = [
        "curl",
        "-sSL",
        "-d",
        "{}",
        "-w",
        "%{stderr}%{time_total} %{num_redirects} %{http_code} ",
        *options,
        url + search.target,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    seconds, redirects, status = done.stderr.split(" ", 2)
    return status + done.stdout, float(seconds), redirects


def by_requests(deployment: Deployment, search: Search) -> Heard:
    url, headers = deployment.through()
    began = time.monotonic()
    answer = requests.post(url + search.target, data="{}", headers=headers, timeout=900)
    return f"{answer.status_code} {answer.text}", time.monotonic() - began, str(len(answer.history))


def by_fetch(deployment: Deployment, search: Search) -> Heard:
    url, headers = deployment.through()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(extra_http_headers=headers).new_page()
        page.goto(f"{url}/_demo/answer?header=Content-Type:%20text/html&body=aGk%3D")  # a page that may ask for more
        said, seconds, redirects = page.evaluate(FETCH, search.target)
        browser.close()
    return said, seconds, redirects


def run(deployment: Deployment, search: Search) -> str:
    """A line of the table."""
    ask = {"curl": by_curl, "requests": by_requests, "fetch": by_fetch}[search.client]
    said, seconds, redirects = ask(deployment, search)
    verdict = "yes" if said == search.answer and seconds <= search.allowed_seconds else f"no: {said[:200]!r}"
    times = f"{seconds:.2f} s | {search.allowed_seconds:.1f} s"
    return f"| {search.seconds:g} s | {search.client} | {times} | {redirects} | {verdict} |"


def measure(deployment: Deployment, searches: Iterable[Search]) -> None:
    found = list(searches)
    for search in (each for each in found if each.seconds < AT_ONCE_SECONDS):
        print(run(deployment, search), flush=True)
    longer = [each for each in found if each.seconds >= AT_ONCE_SECONDS]
    with ThreadPoolExecutor(max(1, len(longer))) as pool:
        running = []
        for search in longer:
            running.append(pool.submit(run, deployment, search))
            time.sleep(APART_SECONDS)
        for line in running:
            print(line.result(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="How late are the answers to long searches?")
    parser.add_argument("--seconds", type=float, nargs="+", default=SECONDS)
    parser.add_argument("--clients", nargs="+", choices=CLIENTS, default=CLIENTS)
    parser.add_argument("--rounds", type=int, default=1, help="from the second one on, the searches are known")
    parser.add_argument("--streaming", action="store_true", help="through a REST API that streams")
    args = parser.parse_args()
    door = "rest-streaming" if args.streaming else "rest"
    with (
        TemporaryDirectory() as folder,
        open_deployment(Path(folder), is_moto=True, tasks_table="bench-tasks", door_name=door) as deployment,
    ):
        url, headers = deployment.through()
        requests.get(f"{url}/_demo/slow?delay=0", headers=headers, timeout=60)  # a warm function, as keep_warm has it
        print(f"| search | client | answer after | allowed | redirects | in time |\n{'| --- ' * 6}|", flush=True)
        for _ in range(args.rounds):
            measure(deployment, [Search(seconds, client) for seconds in args.seconds for client in args.clients])


if __name__ == "__main__":
    main()
