"""What one request costs: CPU of each part of access-es, beside what other proxies take for the same request.

    python -m bench.profile_request [--seconds 8] [--rounds 3] [--connections 6]

A GET with an answer of 1 KB through one worker, from nginx, loaded by wrk. The total is the CPU time that the kernel
accounts to the processes (proc(5)), over the requests answered; the medians of the rounds. The parts are samples of
one more round (bench/sampling.py), and their shares are applied to that total. `relay` is bench/relay.py: the same
bytes handed on by gevent, unread. The peers take part as in bench/proxies.py.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import sampling
from bench.processes import cpu_times, free_port, running
from bench.proxies import HOW_TO_BUILD, PROXIES, Target, nginx, serving

PEERS = ("nginx, unsigned", "aws-sigv4-proxy", "aws-es-proxy")
OURS = "access-es"


@dataclass(frozen=True)
class Cost:
    """Microseconds of CPU for one request."""

    user: float
    system: float

    @property
    def total(self) -> float:
        return self.user + self.system


@contextmanager
def start_relay(upstream: int, folder: Path) -> Iterator[Target]:
    port = free_port()
    command = [sys.executable, "-m", "bench.relay", str(port), str(upstream)]
    with running(command, port, folder / "relay.log") as group:
        yield Target(port, group)


def load(target: Target, seconds: int, connections: int) -> int:
    """How many requests were answered."""
    headers = [word for name, value in target.headers.items() for word in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", *headers]
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{target.port}/1k"], capture_output=True, text=True, check=True
    ).stdout
    count = re.search(r"(\d+) requests in", said)
    if count is None or "Non-2xx" in said:
        raise RuntimeError(f"wrk said: {said}")
    return int(count[1])


def measure(target: Target, seconds: int, connections: int) -> Cost:
    load(target, 1, connections)  # until everything is loaded and connected
    user, system = cpu_times(target.group)
    count = load(target, seconds, connections)
    user_after, system_after = cpu_times(target.group)
    return Cost((user_after - user) / count * 1e6, (system_after - system) / count * 1e6)


def sample(upstream: int, folder: Path, seconds: int, connections: int) -> dict[str, float]:
    """The share of each part."""
    file = folder / "samples"
    module = ("bench.sampling", {"SAMPLES": str(file)})
    with serving(upstream, folder, 1, module) as target:
        load(target, 2 * seconds, connections)
    counts = json.loads(file.read_text())
    return {part: count / sum(counts.values()) for part, count in counts.items()}


def table(costs: dict[str, list[Cost]], shares: dict[str, float]) -> str:
    rows = []
    for name, rounds in costs.items():
        user, system = (statistics.median(getattr(cost, kind) for cost in rounds) for kind in ("user", "system"))
        rows.append(f"| {name} | {user + system:.0f} | {user:.0f} | {system:.0f} |")
    total = statistics.median(cost.total for cost in costs[OURS])
    parts = [
        f"| {part} | {share * total:.0f} | {share:.0%} |"
        for part, share in sorted(shares.items(), key=lambda row: -row[1])
    ]
    return "\n".join(
        ["| µs of CPU for a request | all | user | system |", "|---|---|---|---|", *rows, "",
         "| of that of access-es | µs | share |", "|---|---|---|", *parts]
    )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", type=int, default=6)
    args = parser.parse_args()
    os.environ["PATH"] = os.pathsep.join(filter(None, (os.environ.get("PEERS"), os.environ["PATH"])))
    starts = {name: PROXIES[name] for name in PEERS if name not in HOW_TO_BUILD or shutil.which(name)}
    costs: dict[str, list[Cost]] = {name: [] for name in (*starts, "relay, unread", OURS)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "1k").write_bytes(b"x" * 1024)
        with nginx(folder, f"root {folder};") as (upstream, _):
            for _ in range(args.rounds):
                for one, start in starts.items():
                    with start(upstream, folder) as target:
                        costs[one].append(measure(target, args.seconds, args.connections))
                with start_relay(upstream, folder) as target:
                    costs["relay, unread"].append(measure(target, args.seconds, args.connections))
                with serving(upstream, folder, 1) as target:
                    costs[OURS].append(measure(target, args.seconds, args.connections))
            shares = sample(upstream, folder, args.seconds, args.connections)
    print(table(costs, {part: shares.get(part, 0.0) for part in (*sampling.PARTS, sampling.OTHER)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
