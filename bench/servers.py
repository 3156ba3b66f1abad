"""WSGI servers side by side: requests/s, slow clients, refused framing.

    python -m bench.servers [--rounds 3] [--seconds 3] [--only NAME ...]

Runs every candidate that is installed, in turn within each round, on loopback, and prints a table of medians. The load
comes from `wrk`; the upstream of the second handler is `nginx`.
"""

import argparse
import http.client
import multiprocessing
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.server_candidates import BODY, RUNNERS, installed

CONNECTIONS = (1, 16, 64)
SLOW_CLIENTS = 200
BAD_FRAMING = {
    "CL+TE": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two CL": b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "CL +5": b"Content-Length: +5\r\n\r\nhello",
    "CL 5, 5": b"Content-Length: 5, 5\r\n\r\nhello",
    "CL 0x5": b"Content-Length: 0x5\r\n\r\nhello",
    "CL empty": b"Content-Length:\r\n\r\n",
    "TE xchunked": b"Transfer-Encoding: xchunked\r\n\r\n",
    "TE chunked, identity": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "bare LF": b"A: b\nC: d\r\n\r\n",
    "obs-fold": b"A: b\r\n c\r\n\r\n",
    "two hosts": b"Host: other\r\n\r\n",
    "space before colon": b"A : b\r\n\r\n",
    "NUL in value": b"A: b\0c\r\n\r\n",
    "CR in value": b"A: b\rc\r\n\r\n",
}


# --- processes -------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_for(port: int, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


@contextmanager
def process(command: list[str], port: int, **environment: str) -> Iterator[int]:
    """Run the command in its own process group until the block ends; yields its pid."""
    child = subprocess.Popen(command, start_new_session=True, env={**os.environ, **environment},
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        wait_for(port)
        yield child.pid
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@contextmanager
def upstream() -> Iterator[int]:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        Path(folder, "1k").write_bytes(BODY)
        config = Path(folder, "nginx.conf")
        config.write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;"
            "events { worker_connections 1024; }"
            f"http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder};"
            f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}"
        )
        Path(folder).chmod(0o755)
        with process(["nginx", "-c", str(config), "-p", folder, "-e", f"{folder}/error.log"], port):
            yield port


@contextmanager
def candidate(name: str, workers: int, threads: int, upstream_port: int) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "bench.servers", "--run", name, str(port), str(workers), str(threads)]
    root = str(Path(__file__).parent.parent)
    with process(command, port, BENCH_UPSTREAM=str(upstream_port), PYTHONPATH=root):
        time.sleep(0.5)
        yield port


# --- measurements ----------------------------------------------------------------------------------------------------


def load(port: int, path: str, connections: int, seconds: int) -> float:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))  # type: ignore[union-attr]


def refused(port: int) -> str:
    """How many of the bad framings are answered by a 4xx/5xx (or a plain close); names those let through."""
    passed = []
    for name, tail in BAD_FRAMING.items():
        with socket.create_connection(("127.0.0.1", port), 3) as client:
            client.sendall(b"POST /hello HTTP/1.1\r\nHost: a\r\n" + tail)
            try:
                answer = client.recv(4096)
            except OSError:
                answer = b""
            if b" 200 " in answer.split(b"\r\n", 1)[0]:
                passed.append(name)
    return f"{len(BAD_FRAMING) - len(passed)}/{len(BAD_FRAMING)}" + (f" (passes {', '.join(passed)})" if passed else "")


def under_slow_clients(port: int, opening: bytes, seconds: float = 6) -> str:
    """Requests a normal client gets answered while SLOW_CLIENTS send one byte a second, and its slowest one."""
    slow = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(SLOW_CLIENTS)]
    for client in slow:
        client.sendall(opening)
    deadline, done, worst, drip = time.monotonic() + seconds, 0, 0.0, time.monotonic()
    while time.monotonic() < deadline:
        if time.monotonic() > drip:
            drip = time.monotonic() + 1
            send_a_byte(slow)
        began = time.monotonic()
        done += ask(port)
        worst = max(worst, time.monotonic() - began)
    for client in slow:
        client.close()
    return f"{done / seconds:.0f}/s, worst {worst * 1000:.0f} ms"


def send_a_byte(clients: list[socket.socket]) -> None:
    for client in clients:
        try:
            client.send(b"x")
        except OSError:
            continue


def ask(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/hello")
        return connection.getresponse().read() == BODY
    except OSError:
        return False
    finally:
        connection.close()


SLOW_HEAD = b"POST /hello HTTP/1.1\r\nHost: a\r\nX-Slow: "
SLOW_BODY = b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"


# --- the tables ------------------------------------------------------------------------------------------------------


def compare_speed(names: list[str], rounds: int, seconds: int, upstream_port: int, workers: int, threads: int) -> None:
    results: dict[tuple[str, str, int], list[float]] = {}
    for _ in range(rounds):
        for name in names:
            if name == "cheroot" and workers > 1:
                continue
            with candidate(name, workers, threads, upstream_port) as port:
                for path in ("/hello", "/upstream"):
                    for connections in CONNECTIONS:
                        rate = load(port, path, connections, seconds)
                        results.setdefault((name, path, connections), []).append(rate)
    print(f"\n{workers} worker(s), {threads} threads: requests/s (ratio to the first row)\n")
    columns = [(path, connections) for path in ("/hello", "/upstream") for connections in CONNECTIONS]
    print("| server | " + " | ".join(f"{path} c={connections}" for path, connections in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    base = {column: statistics.median(results[(names[0], *column)]) for column in columns}
    for name in names:
        if (name, *columns[0]) in results:
            medians = {column: statistics.median(results[(name, *column)]) for column in columns}
            print(f"| {name} | " + " | ".join(f"{medians[c]:.0f} ({medians[c] / base[c]:.2f})" for c in columns) + " |")
    sys.stdout.flush()


def compare_behaviour(names: list[str], upstream_port: int) -> None:
    print(f"\n1 worker, 32 threads, a normal client beside {SLOW_CLIENTS} slow ones\n")
    print("| server | bad framing refused | slow heads | slow bodies |\n|---|---|---|---|")
    for name in names:
        with candidate(name, 1, 32, upstream_port) as port:
            framing = refused(port)
            heads, bodies = (under_slow_clients(port, opening) for opening in (SLOW_HEAD, SLOW_BODY))
            print(f"| {name} | {framing} | {heads} | {bodies} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[32])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--only", nargs="+", choices=RUNNERS, default=list(RUNNERS))
    parser.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        name, *numbers = arguments.run
        RUNNERS[name][1](*map(int, numbers))
        return
    names = [name for name in arguments.only if installed(name)]
    print("not installed: " + (", ".join(sorted(set(arguments.only) - set(names))) or "none"))
    with upstream() as upstream_port:
        compare_behaviour(names, upstream_port)
        for workers in arguments.workers:
            for threads in arguments.threads:
                compare_speed(names, arguments.rounds, arguments.seconds, upstream_port, workers, threads)


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
