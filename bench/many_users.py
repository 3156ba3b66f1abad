"""CPU of access-es for each request, with one user and token, and with many that take turns.

python -m bench.many_users [--users 1 100 10000] [--seconds 5]
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from access_es.users.sqlite_stores import open_file_stores
from access_es.users.tokens import issue
from access_es.users.user import User
from bench.processes import cpu_seconds, free_port, running
from bench.proxies import KEYS, nginx

SCRIPT = """
local tokens = {}
for line in io.lines("%s") do tokens[#tokens + 1] = line end
local at = 0
request = function()
  at = at %% #tokens + 1
  return wrk.format("GET", "/1k", { ["Authorization"] = "Bearer " .. tokens[at] })
end
"""


def fill(state: Path, users: int) -> list[str]:
    """The texts of their tokens."""
    stores = open_file_stores(state / "users.db")
    texts = []
    for number in range(users):
        token, text = issue(f"user-{number}", "bench", 1, time.time())
        stores.users.add(User(f"user-{number}", "no password", 1))
        stores.tokens.add(token)
        texts.append(text)
    return texts


def measure(upstream: int, folder: Path, users: int, seconds: int) -> tuple[float, float]:
    """Requests a second, and microseconds of CPU for each."""
    state = folder / f"state-{users}"
    state.mkdir(mode=0o700)
    (folder / "tokens").write_text("\n".join(fill(state, users)) + "\n")
    script = folder / "tokens.lua"
    script.write_text(SCRIPT % (folder / "tokens"))
    port = free_port()
    environment = {
        **KEYS, "ES_ENDPOINT": f"http://127.0.0.1:{upstream}", "ES_REGION": "us-east-1", "ES_SERVICE": "es",
        "HOME_PATH": "/", "ACCESS_ES_STATE": str(state),
    }  # fmt: skip
    serve = [sys.executable, "-m", "access_es", "serve", "--port", str(port), "--workers", "2"]
    with running(serve, port, folder / f"access-es-{users}.log", {**os.environ, **environment}) as group:
        command = ["wrk", "-t", "1", "-c", "16", "-s", str(script), f"http://127.0.0.1:{port}/"]
        subprocess.run([*command, "-d", "2s"], capture_output=True, check=True)
        before = cpu_seconds(group)
        said = subprocess.run([*command, "-d", f"{seconds}s"], capture_output=True, text=True, check=True).stdout
        used = cpu_seconds(group) - before
    rate, count = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"(\d+) requests in", said)
    if not (rate and count) or "Non-2xx" in said:
        raise RuntimeError(f"wrk said: {said}")
    return float(rate[1]), used / int(count[1]) * 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, nargs="+", default=[1, 100, 10_000])
    parser.add_argument("--seconds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "1k").write_bytes(b"x" * 1024)
        with nginx(folder, f"root {folder};") as (upstream, _):
            for users in args.users:
                rate, cpu = measure(upstream, folder, users, args.seconds)
                print(f"{users:>7,} users: {rate:7,.0f} requests/s, {cpu:5.0f} µs of CPU for each", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
