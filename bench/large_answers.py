"""Answers of any size through the emulated REST door: delivered how, in what time, with what memory.

    python -m bench.large_answers [--megabytes 0.5 6.2 …] [--rates 0 50] [--rounds 3] [--moto] [--streaming]

Each answer is fetched from the domain itself with a signed request, and through the door, in turn, by curl, which
follows redirects; with compression it asks for what it knows (gzip, br, zstd) and decodes it. Every byte is compared
by SHA-256. The domain runs as fast as it can (rate 0) or at so many MB/s, as one does that searches and sits behind a
network. Times are those of the whole emulation: of door, Lambda service and store too. Memory is the sandbox's peak
above what it had before its first event. "Door alone" is a function that gives the same answer from its memory, where
one fits: what the emulated door, Lambda and the runtime client take without us.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from access_es.demo.large_content import content
from bench.emulated_deployment import Deployment, open_deployment
from bench.inline_limits import print_limits

MEGABYTES = (0.5, 4.4, 4.8, 5.9, 6.2, 10, 40, 200, 1000)
LONG_MEGABYTES = 100  # from here on once is enough
COLUMNS = (
    "size", "content", "client takes compression", "delivered", "directly", "through the door", "times as long",
    "door alone", "of which the function", "memory above idle",
)  # fmt: skip
FETCH = "curl -sSL --max-time 600 -w '%{stderr}%{http_code} %{time_total}' \"$@\" | sha256sum"


@dataclass(frozen=True)
class Case:
    megabytes: float
    kind: str
    is_compressing: bool
    rate_megabytes: int

    @property
    def size(self) -> int:
        return round(self.megabytes * 1_000_000)

    @property
    def target(self) -> str:
        rate = f"&rate={self.rate_megabytes * 1_000_000}" if self.rate_megabytes else ""
        return f"/_demo/giant?kind={self.kind}{rate}&size={self.size}&type=application%2Fjson"

    def __str__(self) -> str:
        content = "JSON" if self.kind == "json" else "random"
        return f"{self.megabytes:g} MB | {content} | {'yes' if self.is_compressing else 'no'}"


@dataclass(frozen=True)
class Fetched:
    status: int
    seconds: float
    is_right: bool


@lru_cache(maxsize=32)
def digest_of(kind: str, size: int) -> str:
    digest = hashlib.sha256()
    for piece in content(kind, size):
        digest.update(piece)
    return digest.hexdigest()


def fetch(case: Case, deployment: Deployment, way: str) -> Fetched:
    if way == "direct":
        address, headers = deployment.direct(case.target)
    else:
        address, headers = deployment.through() if way == "through" else (deployment.bare.url, {})
    words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    words += ["--compressed"] if case.is_compressing else []
    command = ["sh", "-c", FETCH, "sh", *words, address + case.target]
    done = subprocess.run(command, capture_output=True, text=True)
    status, seconds = done.stderr.split()[-2:]
    return Fetched(int(status), float(seconds), done.stdout.split()[0] == digest_of(case.kind, case.size))


def measure(case: Case, deployment: Deployment, rounds: int) -> str:
    """A line of the table."""
    direct, through, memory = [], [], 0.0
    for _ in range(1 if case.megabytes >= LONG_MEGABYTES else rounds):
        direct.append(fetch(case, deployment, "direct").seconds)
        deployment.door.reset_peak()
        got = fetch(case, deployment, "through")
        through.append(got.seconds)
        memory = max(memory, (deployment.door.peak_bytes - deployment.door.idle_bytes) / 1024**2)
    line = last_line(deployment)
    how = line["delivery"] if got.status == 200 else f"{got.status} {line.get('error', '')}"
    if got.status == 200 and not got.is_right:
        how += ", NOT THE SAME BYTES"
    a, b = statistics.median(direct), statistics.median(through)
    alone = [fetch(case, deployment, "bare").seconds for _ in range(rounds)] if how == "held" else []
    floor = f"{statistics.median(alone):.3f} s" if alone else ""
    in_function = deployment.door.function.reports[-1].seconds
    return f"| {case} | {how} | {a:.3f} s | {b:.3f} s | {b / a:.2f} | {floor} | {in_function:.3f} s | {memory:.0f} MB |"


def last_line(deployment: Deployment) -> dict[str, str]:
    """Of the function's audit."""
    time.sleep(0.1)
    lines = [line for line in deployment.door.log().splitlines() if '"delivery"' in line]
    found: dict[str, str] = json.loads(lines[-1][lines[-1].index("{") :])
    return found


def print_table(deployment: Deployment, sizes: list[float], rate: int, rounds: int) -> None:
    print(f"\nThe domain at {f'{rate} MB/s' if rate else 'full speed'}:\n")
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|", flush=True)
    for size in sizes:
        for kind in ("json", "random"):
            for is_compressing in (True, False):
                print(measure(Case(size, kind, is_compressing, rate), deployment, rounds), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, nargs="+", default=MEGABYTES)
    parser.add_argument("--rates", type=int, nargs="*", default=(0, 50), help="MB/s of the domain; 0 is full speed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--moto", action="store_true", help="moto as the overflow store")
    parser.add_argument("--streaming", action="store_true", help="through a REST API that streams")
    chosen = parser.parse_args()
    print_limits()
    door = "rest-streaming" if chosen.streaming else "rest"
    with (
        TemporaryDirectory() as folder,
        open_deployment(Path(folder), is_moto=chosen.moto, door_name=door) as deployment,
    ):
        fetch(Case(1, "json", False, 0), deployment, "through")  # a cold start is not what is measured
        for rate in chosen.rates:
            print_table(deployment, list(chosen.megabytes), rate, chosen.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
