"""The servers that `bench/servers.py` compares, each started by its own means around the same application."""

import importlib
import importlib.util
import os
import shutil
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

BODY = b"x" * 1024

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
        "bench.server_candidates:app", address="127.0.0.1", port=port, interface="wsgi", workers=workers,
        blocking_threads=threads, log_enabled=False,
    ).serve()  # fmt: skip


def run_uwsgi(port: int, workers: int, threads: int) -> None:
    binary = shutil.which("uwsgi", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}") or "uwsgi"
    os.execv(binary, [binary, "--http11-socket", f"127.0.0.1:{port}", "--master", "--processes", str(workers),
                      "--threads", str(threads), "--wsgi-file", __file__, "--callable", "app", "--disable-logging",
                      "--die-on-term", "--listen", "100", "--need-app"])  # fmt: skip


def run_access_es(port: int, workers: int, threads: int) -> None:
    from access_es.server.cooperative import make_cooperative

    make_cooperative()
    from access_es.server.master import Place, serve

    serve(lambda: app, Place(port=port, workers=workers))


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
