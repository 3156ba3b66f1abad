"""Loads the sample logs into the demo domain, and an index pattern into its Kibana, through a given `send`.

Loaded through the proxy with a user's own rights, it is also the first proof that the way there works.
"""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from access_es.demo.log_documents import DAYS, LogDocument, log_documents
from access_es.demo.progress import Progress

Send = Callable[[str, str, bytes, str], tuple[int, bytes]]
"""Sends (method, path and query, body, content type) to the domain and returns (status, body)."""

DOCUMENTS = 30_000
BATCH = 1000
REPORT_EVERY = 5000
PATTERN = "demo-logs-*"
MAX_AGE_DAYS = 3
"""Logs that all are older than this are replaced: Discover, which opens on the last days, would look empty."""

TEXT = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
KEYWORD = {"type": "keyword"}
TEMPLATE: dict[str, Any] = {
    "template": PATTERN,
    "settings": {"number_of_shards": 1, "number_of_replicas": 0},
    "mappings": {
        "log": {
            "properties": {
                "@timestamp": {"type": "date"},
                "host": KEYWORD,
                "service": KEYWORD,
                "level": KEYWORD,
                "message": TEXT,
                "request": {
                    "properties": {
                        "id": KEYWORD,
                        "method": KEYWORD,
                        "path": KEYWORD,
                        "status": {"type": "short"},
                        "bytes": {"type": "long"},
                        "milliseconds": {"type": "float"},
                    }
                },
                "client": {
                    "properties": {
                        "ip": {"type": "ip"},
                        "country": KEYWORD,
                        "location": {"type": "geo_point"},
                        "browser": KEYWORD,
                    }
                },
                "error": {"properties": {"type": KEYWORD, "stack_trace": {"type": "text"}}},
            }
        }
    },
}


class SampleDataRefused(Exception):
    """The domain, or something before it, did not take the sample data; the text says what it answered."""


def load_sample_data(send: Send, progress: Progress, *, now: datetime | None = None, count: int = DOCUMENTS) -> None:
    """Load `count` documents and an index pattern, unless they are there; raise `SampleDataRefused` when refused."""
    if not is_loaded(send, count):
        load_documents(send, progress, now or datetime.now(UTC), count)
    create_index_pattern(send)


def is_loaded(send: Send, count: int) -> bool:
    """Say whether the domain has all documents, and some of the last days among them."""
    recent = {"query": {"range": {"@timestamp": {"gte": f"now-{MAX_AGE_DAYS}d"}}}}
    return _count(send, {}) >= count and _count(send, recent) > 0


def load_documents(send: Send, progress: Progress, now: datetime, count: int) -> None:
    """Load all documents anew; what an interrupted load has left is removed first."""
    _ask(send, "DELETE", f"/{PATTERN}", None)
    _ask(send, "PUT", "/_template/demo-logs", TEMPLATE)
    loaded = 0
    for batch in batches(log_documents(now, count)):
        if loaded % REPORT_EVERY == 0:
            progress(f"Loading sample logs, {loaded:,} of {count:,}")
        answer = _send(send, "POST", "/_bulk", bulk_body(batch), "application/x-ndjson")
        if answer["errors"]:
            raise SampleDataRefused(f"The domain refused some documents: {json.dumps(answer)[:500]}")
        loaded += len(batch)
    _ask(send, "POST", f"/{PATTERN}/_refresh", None)
    progress(f"Loaded {loaded:,} sample logs of the last {DAYS} days")


def create_index_pattern(send: Send) -> None:
    """Give Kibana an index pattern, make it the default, and open its time filter on the days of the logs.

    Nothing is done without a Kibana, or when it knows the pattern: whoever has changed the defaults keeps theirs.
    """
    if not _exists(send, "/.kibana") or _exists(send, f"/.kibana/index-pattern/{PATTERN}"):
        return
    pattern = {"title": PATTERN, "timeFieldName": "@timestamp"}
    _ask(send, "PUT", f"/.kibana/index-pattern/{PATTERN}?refresh=true", pattern)
    defaults = {
        "defaultIndex": PATTERN,
        "timepicker:timeDefaults": json.dumps({"from": f"now-{DAYS}d", "to": "now", "mode": "quick"}),
    }
    # An update, not a new document: Kibana has written its buildNum there and looks for it.
    _ask(send, "POST", "/.kibana/config/5.1.1/_update?refresh=true", {"doc": defaults})


def batches(documents: Iterable[LogDocument]) -> Iterator[list[LogDocument]]:
    """Yield the documents in lists of up to `BATCH`."""
    remaining = iter(documents)
    while batch := list(itertools.islice(remaining, BATCH)):
        yield batch


def bulk_body(documents: Iterable[LogDocument]) -> bytes:
    """Return the body of a `_bulk` request: each document in the index of its day."""
    lines: list[str] = []
    for document in documents:
        index = f"demo-logs-{document.time:%Y.%m.%d}"
        lines.append(json.dumps({"index": {"_index": index, "_type": "log", "_id": str(document.number)}}))
        lines.append(json.dumps(document.fields, ensure_ascii=False))
    return "".join(f"{line}\n" for line in lines).encode()


def _count(send: Send, body: dict[str, Any]) -> int:
    return int(_ask(send, "POST", f"/{PATTERN}/_count", body)["count"])


def _exists(send: Send, path: str) -> bool:
    status, _ = send("HEAD", path, b"", "application/json")
    return status == 200


def _ask(send: Send, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
    return _send(send, method, path, b"" if body is None else json.dumps(body).encode(), "application/json")


def _send(send: Send, method: str, path: str, body: bytes, content_type: str) -> dict[str, Any]:
    status, answer = send(method, path, body, content_type)
    if status >= 300:
        raise SampleDataRefused(f"{method} {path} was answered {status}: {answer[:500].decode(errors='replace')}")
    content = json.loads(answer)
    if not isinstance(content, dict):
        raise SampleDataRefused(f"{method} {path} was answered with something that is not an object.")
    return content
