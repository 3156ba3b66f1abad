"""What long queries cost a fast one: microseconds on its way to the domain, and nothing else.

python -m bench.fast_queries [--rounds 20000]
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from access_es.client_presence import ClientPresence
from access_es.messages import Headers, ProxyRequest, ProxyResponse, SignAs
from access_es.settings.names import LONG_QUERY_PATHS
from access_es.tasks.durations import shape_of
from access_es.tasks.long_queries import LongQueries
from access_es.tasks.rules import Rules
from access_es.upload import Upload

ANSWER = ProxyResponse.held(200, (), b"{}")
TARGETS = {
    "a search": ("POST", b"/logs-2026.11.21/_search?pretty"),
    "Kibana's bsearch": ("POST", b"/_plugin/kibana/internal/bsearch?compress=true"),
    "a document": ("GET", b"/logs/_doc/1"),
    "a bulk": ("POST", b"/_bulk"),
}
HEADERS = tuple((f"X-Header-{number}", "value") for number in range(15))
BODY = b'{"query":{"range":{"@timestamp":{"gte":"2026-11-21T00:00:00Z"}}},"size":500}' * 20
UPLOAD = Upload(BODY)
BATCH = 100


class WithoutTasks:
    """Whatever a fast query did with it would be an error."""

    has_ended = None


def send(
    method: str, raw_target: bytes, headers: Headers, upload: Upload, *, answer_by: float | None = None,
    waits: Iterator[float] | None = None, sign_as: SignAs | None = None, client: ClientPresence | None = None,
    uploader: ClientPresence | None = None,
) -> ProxyResponse:  # fmt: skip
    """The domain answers at once; the connection asks once how long to wait."""
    if waits is not None:
        next(waits)
    return ANSWER


def microseconds(call: Callable[[], object], rounds: int) -> float:
    """The median over batches."""
    found = []
    for _ in range(max(1, rounds // BATCH)):
        began = time.perf_counter()
        for _ in range(BATCH):
            call()
        found.append((time.perf_counter() - began) / BATCH * 1e6)
    return statistics.median(found)


def ask(long_queries: LongQueries, method: str, target: bytes) -> None:
    body = io.BytesIO()
    request = ProxyRequest("r", method, target, HEADERS, body, "https", "", answer_by=time.monotonic() + 28)
    long_queries.ask(request, "alice", UPLOAD)


def main() -> None:
    parser = argparse.ArgumentParser(description="What do long queries cost a fast one?")
    parser.add_argument("--rounds", type=int, default=20_000)
    rounds = parser.parse_args().rounds
    service: Any = WithoutTasks()
    rules = Rules(LONG_QUERY_PATHS)
    with_tasks, without = LongQueries(send, service, rules, 0.5), LongQueries(send, None, rules, 0.5)
    print("| request | added |\n| --- | --- |")
    for name, (method, target) in TARGETS.items():
        ours, theirs = (microseconds(partial(ask, each, method, target), rounds) for each in (with_tasks, without))
        print(f"| {name} | {ours - theirs:.1f} µs |")
    shape = microseconds(lambda: shape_of("POST", b"/logs-2026.11.21/_search", BODY), rounds)
    print(f"| a search of {len(BODY):,} bytes while slow ones are remembered | {shape:.1f} µs more |")


if __name__ == "__main__":
    main()
