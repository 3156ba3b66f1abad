"""access-es beside its peers: requests/s, latency and CPU on 1 KB and 50 KB, MB/s and memory on 100 MB, in turn.

    python -m bench.proxies [--rounds 3] [--seconds 4] [--only NAME ...]

Only the ratios mean something: the machine is shared by all of them and by the load. nginx passes requests on unsigned;
`naive` is bench/naive.py under gunicorn with 2 workers of 32 threads. The peers take part where they are found, on the
PATH or in the folder that PEERS names; `HOW_TO_BUILD` says how to make them.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.processes import cpu_seconds, free_port, peak_mebibytes, reset_peaks, resident_mebibytes, running

LOADS = (("1k", 1), ("1k", 16), ("1k", 64), ("50k", 16))  # a path, and so many connections
BIG_BYTES = 100 * 1024 * 1024
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


Load = tuple[str, int]
HOW_TO_BUILD = {
    "aws-sigv4-proxy": "awslabs/aws-sigv4-proxy: go build -mod=vendor -o aws-sigv4-proxy ./cmd/aws-sigv4-proxy",
    "aws-es-proxy": "abutaha/aws-es-proxy: go build -o aws-es-proxy .",
    "aws-es-kibana": "santthosh/aws-es-kibana: npm install, and a script of this name that runs node index.js",
}
_SIGNED_NAME = "bench.us-east-1.es.amazonaws.com"  # aws-es-proxy signs for names of this form alone


@dataclass(frozen=True)
class Target:
    """A proxy under load: its port, its process group, and the headers it wants."""

    port: int
    group: int
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Figures:
    """What was seen of one proxy, a list per round."""

    rates: dict[Load, list[float]] = field(default_factory=lambda: {load: [] for load in LOADS})
    p50: dict[Load, list[float]] = field(default_factory=lambda: {load: [] for load in LOADS})
    p99: dict[Load, list[float]] = field(default_factory=lambda: {load: [] for load in LOADS})
    cpu: dict[Load, list[float]] = field(default_factory=lambda: {load: [] for load in LOADS})  # µs per request
    megabytes: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


Start = Callable[[int, Path], AbstractContextManager[Target]]


@contextmanager
def nginx(folder: Path, location: str) -> Iterator[tuple[int, int]]:
    port = free_port()
    config = folder / f"nginx-{port}.conf"
    config.write_text(
        f"daemon off; worker_processes 2; pid {folder}/nginx-{port}.pid; error_log {folder}/nginx.log; user root;\n"
        f"events {{ worker_connections 1024; }}\n"
        f"http {{ access_log off; sendfile on; keepalive_requests 1000000000; client_body_temp_path {folder}/body;\n"
        f"proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;\n"
        f"uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"server {{ listen 127.0.0.1:{port}; {location} }} }}\n"
    )
    with running(["nginx", "-p", str(folder), "-c", str(config)], port, folder / "nginx.out") as group:
        yield port, group


@contextmanager
def start_nginx(upstream: int, folder: Path) -> Iterator[Target]:
    passing = (
        "location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ''; } }"
        f" upstream up {{ server 127.0.0.1:{upstream}; keepalive 64;"
    )
    with nginx(folder, passing) as (port, group):
        yield Target(port, group)


@contextmanager
def start_naive(upstream: int, folder: Path) -> Iterator[Target]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "32", "--keep-alive", "75"]
    environment = {"UPSTREAM": f"http://127.0.0.1:{upstream}"}
    command += ["-b", f"127.0.0.1:{port}", "--log-level", "error", "bench.naive:app"]
    with running(command, port, folder / "naive.log", environment) as group:
        yield Target(port, group)


@contextmanager
def serving(
    upstream: int, folder: Path, workers: int, module: tuple[str, Mapping[str, str]] = ("access_es", {})
) -> Iterator[Target]:
    """access-es; `module` is what is run in its place, and what that finds in its environment."""
    port = free_port()
    environment = {
        **KEYS, "ES_ENDPOINT": f"http://127.0.0.1:{upstream}", "ES_REGION": "us-east-1", "ES_SERVICE": "es",
        "HOME_PATH": "/", "ACCESS_ES_STATE": str(folder / "state"),
    }  # fmt: skip
    ours = [sys.executable, "-m", "access_es"]
    _run([*ours, "users", "add", "bench", "--password-stdin"], environment, "a long enough password")
    token = _run([*ours, "tokens", "add", "bench", f"bench-{port}"], environment)
    name, given = module
    serve = [sys.executable, "-m", name, "serve", "--port", str(port), "--workers", str(workers)]
    with running(serve, port, folder / "access-es.log", {**environment, **given}) as group:
        yield Target(port, group, {"Authorization": f"Bearer {token}"})


def start_access_es(upstream: int, folder: Path) -> AbstractContextManager[Target]:
    return serving(upstream, folder, 2)


@contextmanager
def start_sigv4_proxy(upstream: int, folder: Path) -> Iterator[Target]:
    port = free_port()
    options = ["--name", "es", "--region", "us-east-1", "--upstream-url-scheme", "http"]
    command = ["aws-sigv4-proxy", *options, "--host", f"127.0.0.1:{upstream}", "--port", f"127.0.0.1:{port}"]
    with running(command, port, folder / "sigv4-proxy.log", KEYS) as group:
        yield Target(port, group)


@contextmanager
def start_es_proxy(upstream: int, folder: Path) -> Iterator[Target]:
    """In a mount namespace whose /etc/hosts leads its name to this machine, for which one must be root."""
    port = free_port()
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {_SIGNED_NAME}\n")
    program = f"exec aws-es-proxy -endpoint http://{_SIGNED_NAME}:{upstream} -listen 127.0.0.1:{port}"
    command = ["unshare", "-m", "sh", "-c", f"mount --bind {hosts} /etc/hosts && {program}"]
    with running(command, port, folder / "es-proxy.log", KEYS) as group:
        yield Target(port, group)


@contextmanager
def start_es_kibana(upstream: int, folder: Path) -> Iterator[Target]:
    port = free_port()
    credentials = folder / ".aws" / "credentials"
    credentials.parent.mkdir(exist_ok=True)
    credentials.write_text("[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n")
    command = ["aws-es-kibana", "-r", "us-east-1", "-s", "-p", str(port), f"http://127.0.0.1:{upstream}"]
    with running(command, port, folder / "es-kibana.log", {**KEYS, "HOME": str(folder)}) as group:
        yield Target(port, group)


PROXIES: dict[str, Start] = {
    "nginx, unsigned": start_nginx,
    "naive": start_naive,
    "access-es": start_access_es,
    "aws-sigv4-proxy": start_sigv4_proxy,
    "aws-es-proxy": start_es_proxy,
    "aws-es-kibana": start_es_kibana,
}


def _run(command: list[str], environment: dict[str, str], given: str = "") -> str:
    done = subprocess.run(command, env={**os.environ, **environment}, input=given, capture_output=True, text=True)
    if done.returncode and "already" not in done.stderr:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


def measure(target: Target, figures: Figures, seconds: int) -> None:
    _download(target, "/1k", 1)
    for load in LOADS:
        rate, p50, p99, cpu = _load(target, load, seconds)
        figures.rates[load].append(rate)
        figures.p50[load].append(p50)
        figures.p99[load].append(p99)
        figures.cpu[load].append(cpu)
    reset_peaks(target.group)
    idle = resident_mebibytes(target.group)
    figures.megabytes.append(max(_download(target, "/100m", BIG_BYTES) for _ in range(3)))
    figures.memory.append(peak_mebibytes(target.group) - idle)


def _load(target: Target, load: Load, seconds: int) -> tuple[float, float, float, float]:
    path, connections = load
    headers = [word for name, value in target.headers.items() for word in ("-H", f"{name}: {value}")]
    threads = str(min(2, connections))
    command = ["wrk", "--latency", "-t", threads, "-c", str(connections), "-d", f"{seconds}s", *headers]
    command.append(f"http://127.0.0.1:{target.port}/{path}")
    before = cpu_seconds(target.group)
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(target.group) - before
    if "Non-2xx" in said or "Socket errors" in said:
        print(f"  not all answers were good: {said.splitlines()[-4:]}", file=sys.stderr)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    count = re.search(r"(\d+) requests in", said)
    p50, p99 = (re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", said) for share in (50, 99))
    if not (rate and count and p50 and p99):
        raise RuntimeError(f"wrk said: {said}")
    return float(rate[1]), _milliseconds(p50), _milliseconds(p99), used / max(1, int(count[1])) * 1e6


def _milliseconds(match: re.Match[str]) -> float:
    return float(match[1]) * {"us": 0.001, "ms": 1, "s": 1000}[match[2]]


def _download(target: Target, path: str, least: int) -> float:
    """MB/s of one answer."""
    request = urllib.request.Request(f"http://127.0.0.1:{target.port}{path}", headers=target.headers)
    started = time.perf_counter()
    read = 0
    with urllib.request.urlopen(request, timeout=60) as answer:
        while chunk := answer.read(1024 * 1024):
            read += len(chunk)
    if read < least:
        raise RuntimeError(f"only {read} bytes of {path}")
    return read / 1e6 / (time.perf_counter() - started)


def table(results: dict[str, Figures]) -> str:
    """Medians, and each beside the naive proxy's."""
    base = results.get("naive", Figures())
    rows = [["", "load", "req/s", "p50 ms", "p99 ms", "CPU s per 1,000"]]
    for name, figures in results.items():
        for load in LOADS:
            rate = _beside(figures.rates[load], base.rates[load])
            times = [f"{_median(found[load]):.2f}" for found in (figures.p50, figures.p99)]
            rows.append([name, f"{load[0]}, {load[1]}", rate, *times, f"{_median(figures.cpu[load]) / 1000:.3f}"])
        speed = f"{_beside(figures.megabytes, base.megabytes)} MB/s"
        rows.append([name, "100 MB", speed, "", "", f"{_median(figures.memory):.0f} MiB above idle"])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def _beside(values: list[float], base: list[float]) -> str:
    ratio = f" ({_median(values) / _median(base):.2f}x)" if base else ""
    return f"{_median(values):,.0f}{ratio}"


def _median(values: list[float]) -> float:
    return statistics.median(values)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--only", nargs="*", choices=list(PROXIES))
    args = parser.parse_args()
    missing = [tool for tool in ("nginx", "wrk") if not shutil.which(tool)]
    if missing:
        print(f"Install {' and '.join(missing)} first (Debian: nginx-light, wrk).", file=sys.stderr)
        return 1
    os.environ["PATH"] = os.pathsep.join(filter(None, (os.environ.get("PEERS"), os.environ["PATH"])))
    absent = [name for name in HOW_TO_BUILD if not shutil.which(name)]
    for name in absent:
        print(
            f"{name} is not on the PATH nor in PEERS, and left out. To build it: {HOW_TO_BUILD[name]}", file=sys.stderr
        )
    chosen = [name for name in args.only or PROXIES if name not in absent]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "1k").write_bytes(b"x" * 1024)
        (folder / "50k").write_bytes(b"x" * 50 * 1024)
        (folder / "100m").write_bytes(b"x" * BIG_BYTES)
        results = {name: Figures() for name in chosen}
        with nginx(folder, f"root {folder};") as (upstream, _):
            for turn in range(args.rounds):
                for name in chosen:
                    print(f"round {turn + 1} of {args.rounds}: {name}", file=sys.stderr)
                    with PROXIES[name](upstream, folder) as target:
                        measure(target, results[name], args.seconds)
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
