"""JSON answers through the emulated REST API that streams, in real time, with clients as they are without any setting.

    python -m bench.streamed_answers [--megabytes 0.5 5 12 50 100 200] [--clients fetch navigation …] [--rate 50]

The clients: `fetch` and a navigation of a headless Chromium, curl, Python's requests, and opensearch-py. The navigation
is saved to a file, as laying out so much text would take a browser minutes. Every byte is compared by SHA-256. "First
byte" is how much later it comes than at a client of the domain itself (curl with a signed request), whose rate is that
of one that searches. Memory is the sandbox's peak above what it had before its first event. Exits with 1 where an
answer is not right, came by a redirect though its client follows none, or took more memory or time than is allowed.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from opensearchpy import OpenSearch
from playwright.sync_api import Page, sync_playwright

from access_es.provision.bucket import DesiredBucket, plan_bucket
from bench.emulated_deployment import BUCKET, PASSWORD, USER, Deployment, open_deployment
from bench.large_answers import digest_of, last_line

MEGABYTES = (0.5, 5.0, 12.0, 50.0, 100.0, 200.0)
MOST_MEMORY_MEGABYTES = 32.0
LATEST_SECONDS = 0.3
FETCH = """async address => {
    const began = performance.now();
    const answer = await fetch(address);
    const first = performance.now();
    const body = await answer.arrayBuffer();
    const ended = performance.now();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
    return [answer.status, Array.from(digest, byte => byte.toString(16).padStart(2, "0")).join(""),
        (ended - began) / 1000, (first - began) / 1000, answer.redirected];
}"""
BY_CURL = "curl -sS --max-time 600 -w '%{stderr}%{http_code} %{time_total} %{time_starttransfer}' \"$@\" | sha256sum"


@dataclass(frozen=True)
class Got:
    """What a client says of its answer; `first_seconds` until its first byte, where the client tells."""

    status: int
    digest: str
    seconds: float
    first_seconds: float | None = None
    is_redirected: bool = False


@dataclass(frozen=True)
class World:
    """What is asked, and the window of the one client that has one, where alice is signed in."""

    deployment: Deployment
    page: Page


def target_of(size: int, rate: int, media_type: str = "application/json") -> str:
    return f"/_demo/giant?kind=json&rate={rate}&size={size}&type={media_type.replace('/', '%2F')}"


def run_curl(url: str, headers: dict[str, str]) -> Got:
    words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    done = subprocess.run(["sh", "-c", BY_CURL, "sh", *words, url], capture_output=True, text=True)
    status, seconds, first = done.stderr.split()[-3:]
    return Got(int(status), done.stdout.split()[0], float(seconds), float(first))


def by_curl(world: World, size: int, rate: int) -> Got:
    url, headers = world.deployment.through()
    return run_curl(url + target_of(size, rate), headers)


def by_requests(world: World, size: int, rate: int) -> Got:
    url, headers = world.deployment.through()
    digest, began, first = hashlib.sha256(), time.monotonic(), None
    with requests.get(url + target_of(size, rate), headers=headers, stream=True, timeout=600) as answer:
        for piece in answer.iter_content(1024 * 1024):
            first = first or time.monotonic() - began
            digest.update(piece)
        return Got(answer.status_code, digest.hexdigest(), time.monotonic() - began, first, bool(answer.history))


def by_opensearch(world: World, size: int, rate: int) -> Got:
    """As text, which it hands over as it came; JSON it would parse."""
    url, headers = world.deployment.through()
    began = time.monotonic()
    with OpenSearch([url], headers=headers) as client:
        text = client.transport.perform_request("GET", target_of(size, rate, "text/plain"))
    return Got(200, hashlib.sha256(text.encode()).hexdigest(), time.monotonic() - began)


def by_fetch(world: World, size: int, rate: int) -> Got:
    status, digest, seconds, first, is_redirected = world.page.evaluate(FETCH, target_of(size, rate))
    return Got(status, digest, seconds, first, is_redirected)


def by_navigation(world: World, size: int, rate: int) -> Got:
    url, _ = world.deployment.through()
    began = time.monotonic()
    with world.page.expect_download(timeout=600_000) as download:
        world.page.evaluate("address => { location.href = address; }", target_of(size, rate, "application/x-ndjson"))
    with Path(download.value.path()).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Got(200, digest, time.monotonic() - began, None, not download.value.url.startswith(url))


CLIENTS: dict[str, Callable[[World, int, int], Got]] = {
    "fetch": by_fetch, "navigation": by_navigation, "curl": by_curl, "requests": by_requests,
    "opensearch-py": by_opensearch,
}  # fmt: skip
FOLLOWING = ("fetch", "navigation", "requests")


def measure(world: World, megabytes: float, client: str, rate: int) -> tuple[str, bool]:
    """A line of the table, and whether all is as it should be."""
    deployment, size = world.deployment, round(megabytes * 1_000_000)
    address, headers = deployment.direct(target_of(size, rate))
    directly = run_curl(address + target_of(size, rate), headers)
    deployment.door.reset_peak()
    got = CLIENTS[client](world, size, rate)
    memory = (deployment.door.peak_bytes - deployment.door.idle_bytes) / 1024**2
    how = last_line(deployment)["delivery"]
    later = None if got.first_seconds is None else got.first_seconds - (directly.first_seconds or 0)
    faults = [
        *(["NOT THE SAME BYTES"] if (got.status, got.digest) != (200, digest_of("json", size)) else []),
        *(["REDIRECTED"] if got.is_redirected and client not in FOLLOWING else []),
        *(["LATE"] if later is not None and later > LATEST_SECONDS and not got.is_redirected else []),
        *(["MEMORY"] if memory > MOST_MEMORY_MEGABYTES else []),
    ]
    first = "" if later is None else f"{max(0.0, later):.2f} s"
    words = [f"{megabytes:g} MB", client, how, f"{directly.seconds:.1f} s", f"{got.seconds:.1f} s", first]
    return f"| {' | '.join(words)} | {memory:.0f} MB | {', '.join(faults) or 'yes'} |", not faults


@contextmanager
def signed_in(deployment: Deployment) -> Iterator[Page]:
    """A page of the domain's in a headless Chromium, which may read from the bucket by the rule of provisioning."""
    url, _ = deployment.through()
    wanted = DesiredBucket(BUCKET, "us-east-1", "aws", "123456789012", (url,))
    rule = next(step for step in plan_bucket(wanted, None).steps if step.operation == "put_bucket_cors")
    deployment.door.aws.client("s3").put_bucket_cors(**rule.parameters)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_context(base_url=url).new_page()
        page.set_default_timeout(600_000)
        page.goto("/--access-es/account")
        page.fill("#username", USER)
        page.fill("#password", PASSWORD)
        page.click("button[type=submit]")
        page.get_by_role("heading", name=USER).wait_for()
        page.goto("/_demo/slow?delay=0")
        yield page
        browser.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, nargs="+", default=MEGABYTES)
    parser.add_argument("--clients", nargs="+", choices=CLIENTS, default=tuple(CLIENTS))
    parser.add_argument("--rate", type=int, default=50, help="MB/s of the domain")
    chosen = parser.parse_args()
    print("| size | client | delivered | the domain itself | all after | first byte | memory above idle | right |")
    print(f"{'|---' * 8}|", flush=True)
    all_right = True
    with TemporaryDirectory() as folder, open_deployment(
        Path(folder), is_moto=True, door_name="rest-streaming"
    ) as deployment, signed_in(deployment) as page:  # fmt: skip
        for megabytes in chosen.megabytes:
            for client in chosen.clients:
                line, is_right = measure(World(deployment, page), megabytes, client, chosen.rate * 1_000_000)
                print(line, flush=True)
                all_right &= is_right
    return 0 if all_right else 1


if __name__ == "__main__":
    sys.exit(main())
