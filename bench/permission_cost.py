"""What a decision costs: `python -m bench.permission_cost`. Unlimited people pay one comparison.

Best and median of many, in milliseconds, and the peak of memory that Python took for it.
"""

from __future__ import annotations

import io
import json
import time
import tracemalloc
from collections.abc import Callable

from access_es.permissions.cursors import Cursors
from access_es.permissions.judge import judge
from access_es.permissions.roles import Role
from access_es.permissions.verdict import Allowed, Request
from access_es.upload import Upload, take_upload

ROLES = (Role("team", read=("logs-*", "metrics-*"), write=("logs-*",), dashboards="view"),)
UNLIMITED = (Role("admin", manage=("*",), dashboards="edit"),)
CURSORS = Cursors(("a-session-secret-of-more-than-32-characters",), "alice", 0.0)
HEADERS = (("Content-Type", "application/x-ndjson"), ("Host", "search.example.com"), ("Accept", "*/*"))
DISCOVER = {
    "version": True, "size": 500, "sort": [{"@timestamp": {"order": "desc", "unmapped_type": "boolean"}}],
    "query": {"bool": {"must": [
        {"query_string": {"query": "status:500", "analyze_wildcard": True}},
        {"range": {"@timestamp": {"gte": 1481234567000, "lte": 1481238167000, "format": "epoch_millis"}}},
    ], "must_not": []}},
    "_source": {"excludes": []}, "stored_fields": ["*"], "script_fields": {}, "docvalue_fields": ["@timestamp"],
    "aggs": {"2": {"date_histogram": {"field": "@timestamp", "interval": "30s", "time_zone": "Europe/Berlin"}}},
    "highlight": {"pre_tags": ["@kibana"], "post_tags": ["@/"], "fields": {"*": {}}, "fragment_size": 2147483647},
}  # fmt: skip
LOOKUP = {**DISCOVER, "post_filter": {"terms": {"user": {"index": "logs-1", "id": "1", "path": "user"}}}}


def msearch(body: object, searches: int = 10) -> bytes:
    header = {"index": ["logs-*"], "ignore_unavailable": True, "preference": 1481234567890}
    return (json.dumps(header) + "\n" + json.dumps(body) + "\n").encode() * searches


def bulk(document_bytes: int, indices: int = 1, total: int = 5 * 1024 * 1024) -> bytes:
    line = b'{"index":{"_index":"logs-%d","_id":"%d"}}\n{"message":"%b"}\n'
    count = total // (document_bytes + 60)
    return b"".join(line % (n % indices, n, b"x" * document_bytes) for n in range(count))


def measure(name: str, roles: tuple[Role, ...], method: str, target: bytes, upload: Upload, repeats: int) -> None:
    request = Request(method, target, HEADERS, upload)

    def decide() -> None:
        if not isinstance(judge(roles, request, CURSORS), Allowed):
            raise RuntimeError(f"{name} was refused")

    seconds = sorted(_timed(decide) for _ in range(repeats))
    tracemalloc.start()
    decide()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    best, median = seconds[0] * 1000, seconds[len(seconds) // 2] * 1000
    print(f"{name:52} {upload.length_bytes:9,} bytes  {best:8.3f} {median:8.3f} ms  {peak / 1024:7.0f} KiB", flush=True)


def _timed(call: Callable[[], None]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def main() -> None:
    measure("unlimited, _bulk", UNLIMITED, "POST", b"/_bulk", Upload(b"{}"), 5000)
    measure("GET a search", ROLES, "GET", b"/logs-1/_search?q=a", Upload(), 5000)
    kibana = b"/_plugin/kibana/elasticsearch/_msearch"
    for name, body in (("10 searches", DISCOVER), ("10 searches with a lookup in each", LOOKUP)):
        measure(f"_msearch, {name}", ROLES, "POST", b"/_msearch", Upload(msearch(body)), 500)
        measure(f"the same through Kibana, {name}", ROLES, "POST", kibana, Upload(msearch(body)), 500)
    for size in (100, 300, 1000):
        with take_upload(io.BytesIO(bulk(size))) as upload:
            measure(f"_bulk, documents of {size} bytes", ROLES, "POST", b"/_bulk", upload, 20)
    with take_upload(io.BytesIO(bulk(300, indices=2))) as upload:
        measure("_bulk, documents of 300 bytes, two indices in turn", ROLES, "POST", b"/_bulk", upload, 20)
    with take_upload(io.BytesIO(bulk(300, total=50 * 1024 * 1024))) as upload:
        measure("_bulk, documents of 300 bytes, 50 MB", ROLES, "POST", b"/_bulk", upload, 3)


if __name__ == "__main__":
    main()
