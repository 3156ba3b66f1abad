"""WSGI servers side by side: requests/s, slow clients, refused framing.

    python bench/servers.py [--rounds 3] [--seconds 3] [--only NAME ...]

Runs every candidate that is installed, in turn within each round, on loopback, and prints a table of medians. The load
comes from `wrk`; the upstream of the second handler is `nginx`.
"""

import argparse
import http.client
import importlib
import importlib.util
import multiprocessing
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BODY = b"x" * 1024
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


# --- the application every candidate runs ----------------------------------------------------------------------------


class Application:
    """`/hello` answers 1 KB; anything else asks the upstream over a pooled connection."""

    def __init__(self) -> None:
        self._pool: Any = None
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = BODY if environ["PATH_INFO"] == "/hello" else self._pool_of_process().request("GET", "/1k").data
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    def _pool_of_process(self) -> Any:
        import urllib3

        with self._lock:
            if self._pool is None:
                self._pool = urllib3.HTTPConnectionPool("127.0.0.1", int(os.environ["BENCH_UPSTREAM"]), maxsize=64)
        return self._pool


app = Application()


# --- one runner per candidate ----------------------------------------------------------------------------------------


def run_gunicorn(port: int, workers: int, threads: int, parser: str = "python") -> None:
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

    options = {"bind": f"127.0.0.1:{port}", "workers": workers, "threads": threads, "worker_class": "gthread",
               "keepalive": 60, "control_socket_disable": True, "loglevel": "error",
               "http_parser": parser}  # fmt: skip

    class Bench(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Application:
            return app

    Bench().run()


def run_gunicorn_h1c(port: int, workers: int, threads: int) -> None:
    run_gunicorn(port, workers, threads, parser="fast")


def run_waitress(port: int, workers: int, threads: int) -> None:
    waitress = importlib.import_module("waitress")

    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    for _ in range(workers - 1):
        if os.fork() == 0:
            break
    waitress.serve(app, sockets=[listener], threads=threads, connection_limit=4096, asyncore_use_poll=True)


def run_cheroot(port: int, workers: int, threads: int) -> None:
    if workers > 1:
        raise SystemExit("cheroot has no worker processes")
    importlib.import_module("cheroot.wsgi").Server(("127.0.0.1", port), app, numthreads=threads).start()


def run_granian(port: int, workers: int, threads: int) -> None:
    importlib.import_module("granian").Granian(
        "servers:app", address="127.0.0.1", port=port, interface="wsgi", workers=workers, blocking_threads=threads,
        log_enabled=False,
    ).serve()  # fmt: skip


def run_uwsgi(port: int, workers: int, threads: int) -> None:
    binary = shutil.which("uwsgi", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}") or "uwsgi"
    os.execv(binary, [binary, "--http11-socket", f"127.0.0.1:{port}", "--master", "--processes", str(workers),
                      "--threads", str(threads), "--wsgi-file", __file__, "--callable", "app", "--disable-logging",
                      "--die-on-term", "--listen", "100", "--need-app"])  # fmt: skip


def run_access_es(port: int, workers: int, threads: int) -> None:
    from access_es.server import serve

    serve(lambda: app, host="127.0.0.1", port=port, workers=workers, threads=threads)


RUNNERS: dict[str, tuple[str, Callable[[int, int, int], None]]] = {
    "access-es": ("access_es.server", run_access_es),
    "gunicorn": ("gunicorn", run_gunicorn),
    "gunicorn+h1c": ("gunicorn_h1c", run_gunicorn_h1c),
    "waitress": ("waitress", run_waitress),
    "cheroot": ("cheroot", run_cheroot),
    "granian": ("granian", run_granian),
    "uwsgi": ("uwsgi", run_uwsgi),
}


def installed(name: str) -> bool:
    module = RUNNERS[name][0]
    if module == "uwsgi":
        return bool(shutil.which("uwsgi", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}"))
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


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
        with_group = os.killpg
        with_group(child.pid, signal.SIGTERM)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            with_group(child.pid, signal.SIGKILL)
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
    command = [sys.executable, __file__, "--run", name, str(port), str(workers), str(threads)]
    folders = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent)])
    with process(command, port, BENCH_UPSTREAM=str(upstream_port), PYTHONPATH=folders):
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
    sys.path.insert(0, str(Path(__file__).parent.parent))
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
