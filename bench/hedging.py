"""How much work searches that are sent twice cost the domain, over a realistic mix.

    python -m bench.hedging [--searches 300] [--scale 20] [--median 0.2]

Durations are log-normal, one search of a hundred takes longer than the front door's 29 seconds. In the mix "new", no
two searches are alike; in "repeated", they are those of dashboards: a hundred kinds, of which some are frequent, as
people open them. "slow" is the latter at a domain that works for four searches at a time, and gets slower with more.
All times are divided by `--scale`. The domain stops working for a search when its connection closes, as Elasticsearch
does from 7.4 and OpenSearch. Beside the policy of access-es stands the one that keeps the first attempt until one of
the two answers. The figure is the work of all attempts, divided by that of one attempt each.
"""

from __future__ import annotations

import argparse
import random
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

from access_es.messages import ProxyRequest
from access_es.settings.endpoint import parse_endpoint
from access_es.tasks import hedge, long_queries
from access_es.tasks.hedge import Hedge
from access_es.tasks.long_queries import LongQueries
from access_es.tasks.replies import OwnReply
from access_es.tasks.rules import Rules
from access_es.tasks.runner import Runner
from access_es.tasks.service import TaskService
from access_es.tasks.sqlite_store import SqliteBlobStore, SqliteStore, TaskFile
from access_es.tasks.store import LIFETIME_SECONDS
from access_es.tasks.threads import ThreadStarter
from access_es.tasks.tickets import Ticket, Tickets
from access_es.upload import Upload
from access_es.upstream.client import Domain
from access_es.upstream.headers import request_headers

DOOR_SECONDS, MARGIN_SECONDS = 29.0, 0.5
LONGEST_SECONDS = 300.0
NORMAL_99 = 2.3263  # the standard normal distribution's 99th percentile
KINDS = 100
CLIENTS = 8
START_SECONDS = 0.3  # until an invocation of Lambda's runs


class KeepBoth(Hedge):
    """The first attempt goes on until one of the two answers."""

    def _has_begun(self, ticket: Ticket) -> bool:
        return self._state(ticket) == "answered"


class QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that was closed is what is measured."""


class BusyDomain:
    """Works for `capacity` searches at full speed, and shares that among more. Counts the seconds it worked."""

    def __init__(self, capacity: float) -> None:
        self.capacity = capacity
        self.worked_seconds = 0.0
        self.active = 0
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                left = float(parse_qs(urlsplit(self.path).query)["delay"][0])
                if outer.work(self.connection, left):
                    self.send_response(200)
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    self.wfile.write(b"{}")
                else:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    def work(self, connection: socket.socket, left: float) -> bool:
        """False where the client closed the connection before the work was done."""
        with self.lock:
            self.active += 1
        try:
            last = time.monotonic()
            while left > 0:
                connection.settimeout(min(0.01, left))
                try:
                    if not connection.recv(1, socket.MSG_PEEK):
                        return False
                except TimeoutError:
                    pass
                now = time.monotonic()
                done = min((now - last) * min(1.0, self.capacity / max(1, self.active)), left)
                left, last = left - done, now
                with self.lock:
                    self.worked_seconds += done
            return True
        except OSError:
            return False
        finally:
            with self.lock:
                self.active -= 1
            with suppress(OSError):
                connection.settimeout(None)


@contextmanager
def running(domain: BusyDomain) -> Iterator[str]:
    threading.Thread(target=domain.server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{domain.server.server_port}"
    domain.server.shutdown()
    domain.server.server_close()


def make_mix(name: str, searches: int, median: float, source: random.Random) -> list[tuple[str, float]]:
    """Pairs of a kind, in letters, and seconds."""
    spread = log(DOOR_SECONDS / median) / NORMAL_99
    kinds = searches if name == "new" else KINDS
    seconds = [min(source.lognormvariate(log(median), spread), LONGEST_SECONDS) for _ in range(kinds)]
    numbers = (
        range(searches)
        if name == "new"
        else source.choices(range(kinds), [1 / (k + 1) for k in range(kinds)], k=searches)
    )
    names = [f"{number:08b}".translate(str.maketrans("01", "xy")) for number in range(kinds)]
    return [
        (names[number], seconds[number] * (1 if name == "new" else source.uniform(0.85, 1.15))) for number in numbers
    ]


def measure(
    mix: list[tuple[str, float]], capacity: float, policy: type[Hedge], scale: float
) -> tuple[float, float, int]:
    """The domain's work by that of one attempt each, the median lateness in unscaled seconds, and the redirects."""
    domain = BusyDomain(capacity)
    with running(domain) as url, TemporaryDirectory() as folder:
        queries, service = build(url, Path(folder), scale)
        setattr(long_queries, "Hedge", policy)  # noqa: B010  another policy than its own
        late: list[float] = []
        redirects: list[int] = []

        def ask(search: tuple[str, float]) -> None:
            kind, seconds = search
            began = time.monotonic()
            target = f"/logs/_search?kind={kind}&delay={seconds / scale:.4f}".encode()
            by = began + (DOOR_SECONDS - MARGIN_SECONDS) / scale
            request = ProxyRequest("r", "GET", target, (), BytesIO(), "http", "127.0.0.1", answer_by=by)
            found = queries.ask(request, "alice", Upload())
            if isinstance(found, OwnReply):
                redirects.append(1)
                text = dict(found.response.headers)["Location"].rpartition("/")[2]
                ticket = service.open(text, "alice")
                assert ticket is not None
                service.wait_for_end(ticket, float("inf"))
            late.append((time.monotonic() - began) * scale - seconds)

        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(ask, mix))
        time.sleep(0.5)
    return domain.worked_seconds * scale / sum(seconds for _, seconds in mix), statistics.median(late), len(redirects)


def build(url: str, folder: Path, scale: float) -> tuple[LongQueries, TaskService]:
    hedge._CHECK_SECONDS = 0.2 / scale
    domain = Domain(parse_endpoint(url), None, None)
    file = TaskFile(folder / "tasks.db")
    store, blobs = SqliteStore(file), SqliteBlobStore(file, LIFETIME_SECONDS)
    runner = Runner(domain.send, store, blobs)

    def run_later(id: str, seconds: float) -> None:
        time.sleep(START_SECONDS / scale)
        runner.run(id, seconds)

    service = TaskService(store, blobs, ThreadStarter(run_later), Tickets(["s" * 40]), request_headers)
    return LongQueries(domain.send, service, Rules(()), 0.5 / scale), service


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--searches", type=int, default=600)
    parser.add_argument("--scale", type=float, default=10.0)
    parser.add_argument("--median", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(f"{'mix':<10} {'policy':<20} {'work':>6} {'median late':>12} {'redirects':>10}")
    for name, capacity in (("new", 1e9), ("repeated", 1e9), ("slow", 4.0)):
        mix = make_mix("new" if name == "new" else "repeated", args.searches, args.median, random.Random(args.seed))
        for label, policy in (("drop the first", Hedge), ("keep both", KeepBoth)):
            work, late, redirects = measure(mix, capacity, policy, args.scale)
            print(f"{name:<10} {label:<20} {work:6.2f} {late:10.2f} s {redirects:10}", flush=True)


if __name__ == "__main__":
    main()
