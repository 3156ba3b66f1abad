"""What permissions cost people who may do everything: `python -m bench.permissions_beside`. It should be nothing.

bench.permission_cost has what the decision costs the others.

First the decision alone, in microseconds. Then two servers side by side, one without PERMISSIONS and one where the user
may do everything, in turns, so that whatever else runs on the machine slows down both.
"""

from __future__ import annotations

import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from access_es.audit import Entry
from access_es.authorization import Authorization
from access_es.demo.credentials import Credential
from access_es.demo.running_gateway import running_gateway
from access_es.live_permissions import LivePermissions
from access_es.messages import ProxyRequest
from access_es.permissions.form import parse_permissions
from access_es.sign_in.identity import Caller
from access_es.upload import Upload
from tests.running_proxy import KEY, RunningProxy, running_proxy

PERMISSIONS = {
    "roles": {
        "analyst": {"read": ["logs-*", "metrics-*"], "dashboards": "view"},
        "shipper": {"write": ["logs-app-*"]},
        "admin": {"manage": ["*"], "dashboards": "edit"},
        "signed": {"manage": ["*"], "dashboards": "edit", "sign_with": "arn:aws:iam::123456789012:role/admin"},
    },
    "groups": {"data": ["analyst"], "jobs": ["shipper"], "ops": ["admin"], "signed": ["signed"]},
}
NDJSON = (("Content-Type", "application/x-ndjson"),)
CASES = (("no PERMISSIONS", None), ("everything", "ops"), ("everything, sign_with", "signed"), ("reader", "data"))
TIMES = 10_000
ROUNDS, BATCH = 40, 50


def decisions() -> None:
    for name, group in CASES:
        permissions = parse_permissions(PERMISSIONS) if group else None
        authorization = Authorization(LivePermissions(permissions), ["s" * 40])
        caller = Caller("ann", (group,) if group else (), "session")
        request = ProxyRequest("r", "GET", b"/logs-1/_search", NDJSON, BytesIO(), "http", "127.0.0.1")
        upload, entry = Upload(), Entry(request, None)

        def admit(
            authorization: Authorization = authorization, caller: Caller = caller, request: ProxyRequest = request,
            upload: Upload = upload, entry: Entry = entry,
        ) -> None:  # fmt: skip
            authorization.admit(caller, request, upload, entry)

        print(f"{name:<24} {_microseconds(admit):12,.2f} us")


def _microseconds(call: Callable[[], object]) -> float:
    """The median over batches."""
    call()
    found, batch = [], TIMES // 20
    for _ in range(20):
        began = time.perf_counter()
        for _ in range(batch):
            call()
        found.append((time.perf_counter() - began) / batch * 1e6)
    return statistics.median(found)


def side_by_side() -> None:
    with tempfile.TemporaryDirectory() as name, running_gateway([Credential(*KEY, None)]) as gateway:
        folders = [Path(name) / each for each in ("without", "with")]
        for folder in folders:
            folder.mkdir()
        with (
            running_proxy(gateway.url, folders[0]) as without,
            running_proxy(gateway.url, folders[1], PERMISSIONS=json.dumps(PERMISSIONS)) as limiting,
        ):
            limiting.command("users", "groups", "alice", "ops")
            time.sleep(1)
            found: dict[str, list[float]] = {"without": [], "with": []}
            for _ in range(ROUNDS):
                for label, proxy in (("without", without), ("with", limiting)):
                    found[label].append(_batch(proxy))
    ratios = [after / before for before, after in zip(found["without"], found["with"], strict=True)]
    for label, seconds in found.items():
        print(f"a request, {label:<8} PERMISSIONS {statistics.median(seconds) / BATCH * 1e3:8.3f} ms")
    print(f"ratio, median of {ROUNDS} pairs     {statistics.median(ratios):8.3f}")


def _batch(proxy: RunningProxy) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=60)
    headers = dict(proxy.bearer)
    began = time.perf_counter()
    for _ in range(BATCH):
        connection.request("GET", "/_demo/echo", headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def main() -> None:
    decisions()
    side_by_side()


if __name__ == "__main__":
    main()
