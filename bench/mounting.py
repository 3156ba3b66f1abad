"""What it costs to serve Kibana below a path: an API call, pages, and the bundles of the installed demo Kibana.

`python -m bench.mounting` prints medians of this machine, in milliseconds. Without a mount none of this code is loaded.
"""

from __future__ import annotations

import gzip
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

from access_es.demo.cache import cache_folder
from access_es.messages import ProxyRequest, ProxyResponse
from access_es.mounting.answer import mount_answer
from access_es.mounting.request import unmount_request
from tests.mounting.documents import DOCUMENTS

CHUNK_BYTES = 128 * 1024
MOUNT = "/dev"


@dataclass(frozen=True)
class Arriving:
    """A body in the pieces that the domain's answers come in."""

    data: bytes

    def __iter__(self) -> Iterator[bytes]:
        return (self.data[start : start + CHUNK_BYTES] for start in range(0, len(self.data), CHUNK_BYTES))

    def close(self) -> None:
        """Nothing to give back."""


def main() -> None:
    answer = ProxyResponse.held(200, (("Content-Type", "application/json"), ("kbn-name", "kibana")), b'{"a":1}' * 3000)
    call = asked(b"/_plugin/kibana/elasticsearch/_msearch", "POST")
    show("an API call", 21_000, lambda: (unmount_request(call), mount_answer(answer, call)), 2000)
    page = next(document for document in DOCUMENTS if document.name == "Dashboards 2.19 page")
    whole = page.at() + b"{&quot;id&quot;:&quot;plugin&quot;,&quot;config&quot;:{}}," * 8000
    measure("a page of Dashboards", b"/_dashboards/app/home", "text/html", whole)
    for name, content_type in (("kibana.style.css", "text/css"), ("kibana.bundle.js", "application/javascript")):
        for file in sorted(
            cache_folder(os.environ, os.geteuid()).glob(f"kibana-5.1.1-prepared-*/optimize/bundles/{name}")
        ):
            measure(name, f"/_plugin/kibana/bundles/{name}".encode(), content_type, Path(file).read_bytes())


def measure(what: str, target: bytes, content_type: str, data: bytes) -> None:
    for coding, body in (("", data), ("gzip", gzip.compress(data, 6))):
        headers = (("Content-Type", content_type), *((("Content-Encoding", coding),) if coding else ()))
        show(f"{what}, {coding or 'plain'}", len(body), partial(rewritten, headers, body, asked(target)), 9)


def rewritten(headers: tuple[tuple[str, str], ...], body: bytes, request: ProxyRequest) -> bytes:
    return b"".join(mount_answer(ProxyResponse(200, headers, Arriving(body)), request).body)


def asked(target: bytes, method: str = "GET") -> ProxyRequest:
    headers = (("Host", "h"), ("Referer", f"https://h{MOUNT}/_plugin/kibana/app/kibana"), ("Accept-Encoding", "gzip"))
    return ProxyRequest("id", method, target, headers, BytesIO(), "https", "192.0.2.1", MOUNT)


def show(what: str, size: int, work: Callable[[], object], times: int) -> None:
    work()
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    print(f"{what:<32}{size:>12,} bytes{statistics.median(seconds) * 1000:>10.3f} ms")


if __name__ == "__main__":
    main()
