"""A recorded session of Kibana, replayed through access-es and its peers: sessions/s, and CPU of the proxy for each.

    python -m bench.kibana_replay [--rounds 3] [--seconds 5] [--only NAME ...]

bench/kibana_session.json has the requests of Discover's first page as the audit log of the demo has them: methods and
sizes, no content. They are repeated in their order over six connections, as many as a browser opens to a host.
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
from pathlib import Path

from bench.processes import cpu_seconds
from bench.proxies import HOW_TO_BUILD, PROXIES, Target, nginx

SESSION = Path(__file__).parent / "kibana_session.json"
CONNECTIONS = 6
# nginx refuses to POST a file; here it answers with it.
UPSTREAM = "root {folder}; error_page 405 =200 $uri; client_max_body_size 1m;"
SCRIPT = """
local session = {{ {rows} }}
local at = 0
request = function()
  at = at % #session + 1
  local one = session[at]
  return wrk.format(one[1], one[2], {{ {headers} }}, one[3])
end
"""


def write_script(folder: Path, requests: list[tuple[str, int, int]], headers: dict[str, str]) -> Path:
    rows = [
        f'{{"{method}", "/kibana/{answered}", {f"string.rep([[x]], {sent})" if sent else "nil"}}}'
        for method, sent, answered in requests
    ]
    lines = ", ".join(f'["{name}"] = "{value}"' for name, value in headers.items())
    script = folder / "session.lua"
    script.write_text(SCRIPT.format(rows=", ".join(rows), headers=lines))
    return script


def replay(target: Target, folder: Path, requests: list[tuple[str, int, int]], seconds: int) -> tuple[float, float]:
    """Sessions a second, and milliseconds of the proxy's CPU for each."""
    script = write_script(folder, requests, target.headers)
    command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "-s", str(script)]
    before = cpu_seconds(target.group)
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{target.port}/"], capture_output=True, text=True, check=True
    ).stdout
    used = cpu_seconds(target.group) - before
    rate, count = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"(\d+) requests in", said)
    if not (rate and count) or "Non-2xx" in said:
        raise RuntimeError(f"wrk said: {said}")
    return float(rate[1]) / len(requests), used / int(count[1]) * len(requests) * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=list(PROXIES))
    args = parser.parse_args()
    os.environ["PATH"] = os.pathsep.join(filter(None, (os.environ.get("PEERS"), os.environ["PATH"])))
    chosen = [name for name in args.only or PROXIES if name not in HOW_TO_BUILD or shutil.which(name)]
    requests = [(method, sent, answered) for method, sent, answered in json.loads(SESSION.read_text())["requests"]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "kibana").mkdir()
        for _, _, answered in requests:
            (folder / "kibana" / str(answered)).write_bytes(b"x" * answered)
        found: dict[str, list[tuple[float, float]]] = {one: [] for one in chosen}
        with nginx(folder, UPSTREAM.format(folder=folder)) as (upstream, _):
            for _ in range(args.rounds):
                for one in chosen:
                    with PROXIES[one](upstream, folder) as target:
                        found[one].append(replay(target, folder, requests, args.seconds))
    print("| | sessions/s | CPU ms for each |\n|---|---|---|")
    for one, rounds in found.items():
        rate, cpu = (statistics.median(values) for values in zip(*rounds, strict=True))
        print(f"| {one} | {rate:.1f} | {cpu:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
