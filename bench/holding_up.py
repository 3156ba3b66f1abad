"""Can a crowd hold the server up? Requests that wait, slow readers, idle and half-sent ones, all at once.

    python -m bench.holding_up [--waiting 1000] [--readers 1000] [--idle 5000] [--half-sent 500]

Prints how long the health page and a new signed request take meanwhile, and the memory of each that waits.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import free_port, resident_mebibytes, running
from bench.proxies import KEYS, Target

BIG_BYTES = 5_000_000
WAIT_SECONDS = 120
PIECE = b"x" * 64 * 1024
_TIMES = 50


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A domain that takes its time for `/slow` and sends 5 MB for `/big`."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            target = head.split(b" ", 2)[1]
            if target == b"/slow":
                await asyncio.sleep(WAIT_SECONDS)
            length = BIG_BYTES if target == b"/big" else 1024
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
            for start in range(0, length, len(PIECE)):
                writer.write(PIECE[: length - start])
                await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        writer.close()


async def serve_domain(port: int) -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


@contextmanager
def started(folder: Path) -> Iterator[Target]:
    """access-es in front of that domain, with limits that this crowd of one user does not meet."""
    upstream, port = free_port(), free_port()
    environment = {
        **KEYS, "ES_ENDPOINT": f"http://127.0.0.1:{upstream}", "ES_REGION": "us-east-1", "ES_SERVICE": "es",
        "HOME_PATH": "/", "ACCESS_ES_STATE": str(folder / "state"), "REQUESTS_PER_USER": "100000",
        "CONNECTIONS_PER_ADDRESS": "100000",
    }  # fmt: skip
    ours = [sys.executable, "-m", "access_es"]
    subprocess.run([*ours, "users", "add", "bench", "--password-stdin"], env={**os.environ, **environment},
                   input="a long enough password", text=True, check=True, capture_output=True)  # fmt: skip
    token = subprocess.run([*ours, "tokens", "add", "bench", "bench"], env={**os.environ, **environment},
                           text=True, check=True, capture_output=True).stdout.strip()  # fmt: skip
    domain = [sys.executable, "-m", "bench.holding_up", "--domain", str(upstream)]
    serve = [*ours, "serve", "--port", str(port), "--workers", "2"]
    with (
        running(domain, upstream, folder / "domain.log"),
        running(serve, port, folder / "access-es.log", environment) as group,
    ):
        yield Target(port, group, {"Authorization": f"Bearer {token}"})


def connect(port: int, count: int, opening: bytes, receive_bytes: int = 0) -> list[socket.socket]:
    opened = []
    for _ in range(count):
        client = socket.socket()
        if receive_bytes:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.connect(("127.0.0.1", port))
        client.sendall(opening)
        opened.append(client)
    return opened


def request(target: str, headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {target} HTTP/1.1\r\nHost: bench\r\n{lines}\r\n".encode()


def milliseconds(port: int, wanted: bytes) -> list[float]:
    """Of each of many requests, on connections of their own."""
    found = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port), 60) as client:
            client.sendall(wanted)
            if not client.recv(65536).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("not answered with 200")
        found.append((time.perf_counter() - began) * 1000)
        time.sleep(0.02)
    return sorted(found)


def report(what: str, measure: Callable[[], list[float]]) -> None:
    found = measure()
    print(f"{what}: median {statistics.median(found):.1f} ms, slowest of {len(found)} {found[-1]:.1f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, count in (("waiting", 1000), ("readers", 1000), ("idle", 5000), ("half-sent", 500)):
        parser.add_argument(f"--{name}", type=int, default=count)
    parser.add_argument("--domain", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if args.domain:
        asyncio.run(serve_domain(args.domain))
        return
    with tempfile.TemporaryDirectory() as name, started(Path(name)) as target:
        health, signed = request("/--access-es/health", {}), request("/fast", target.headers)
        slow, big = request("/slow", target.headers), request("/big", target.headers)
        report("alone: health", lambda: milliseconds(target.port, health))
        report("alone: a signed request", lambda: milliseconds(target.port, signed))
        before = resident_mebibytes(target.group)
        crowd = connect(target.port, args.waiting, slow)
        time.sleep(3)
        each = (resident_mebibytes(target.group) - before) * 1024 / max(1, args.waiting)
        print(f"{args.waiting} requests wait: {each:.0f} KiB for each", flush=True)
        before = resident_mebibytes(target.group)
        crowd += connect(target.port, args.readers, big, 4096)
        time.sleep(3)
        each = (resident_mebibytes(target.group) - before) * 1024 / max(1, args.readers)
        print(f"{args.readers} slow readers: {each:.0f} KiB for each", flush=True)
        crowd += connect(target.port, args.idle, b"") + connect(target.port, args.half_sent, slow[:-5])
        time.sleep(1)
        report("in the crowd: health", lambda: milliseconds(target.port, health))
        report("in the crowd: a signed request", lambda: milliseconds(target.port, signed))
        for client in crowd:
            client.close()


if __name__ == "__main__":
    main()
