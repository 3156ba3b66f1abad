"""The audit line as a document of CloudWatch's embedded metric format: Lambda's log becomes metrics, without a call.

"Specification: Embedded metric format" in the CloudWatch User Guide. A metric is a field of the line that `_aws` names,
so both always agree. Each pair of a metric and values of its dimensions is billed, so none of them is open-ended, and
all but `requests` have no dimension at all.
"""

from __future__ import annotations

import time

from access_es.audit import Measure
from access_es.outcome import layer, outcome

# What every line counts: in all, by how it ended, and by who decided that as well.
_DIMENSIONS: tuple[list[str], ...] = ([], ["outcome"], ["outcome", "layer"])
# What else a line may tell. A field that is 0 or missing would add nothing to a sum, so it is not named.
UNITS = {
    "ms": "Milliseconds",
    "upstream_ms": "Milliseconds",
    "bytes_in": "Bytes",
    "bytes_out": "Bytes",
    "spilled_bytes": "Bytes",
    "streamed": "Count",
    "compressed": "Count",
    "spilled": "Count",
    "tasks": "Count",
    "hedges": "Count",
    "sign_ins": "Count",
    "sign_ins_failed": "Count",
    "sign_ins_throttled": "Count",
}
_REQUESTS = [{"Name": "requests", "Unit": "Count"}]
_METRICS = {name: {"Name": name, "Unit": unit} for name, unit in UNITS.items()}


def embed_metrics(namespace: str) -> Measure:
    """What makes a line such a document, with the metrics in `namespace`."""
    requests = {"Namespace": namespace, "Dimensions": _DIMENSIONS, "Metrics": _REQUESTS}

    def measure(line: dict[str, object]) -> None:
        line["outcome"], line["layer"] = outcome(line), layer(line)
        line["requests"] = 1
        line.update(dict.fromkeys(_happened(line), 1))
        named = [metric for name, metric in _METRICS.items() if line.get(name)]
        line["_aws"] = {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [requests, {"Namespace": namespace, "Dimensions": [[]], "Metrics": named}],
        }

    return measure


def _happened(line: dict[str, object]) -> list[str]:
    """What this line counts one of."""
    found = []
    delivery, _, _ = str(line["delivery"]).partition(" ")
    if delivery in ("streamed", "compressed"):
        found.append(delivery)
    if line.get("spilled_bytes"):
        found.append("spilled")
    if task := line.get("task"):
        found += ["tasks", "hedges"] if task == "hedge" else ["tasks"]
    if line.get("error") == "too_many_failures":
        found.append("sign_ins_throttled")
    elif line.get("event") in ("sign_in", "sign_in_failed"):
        found.append("sign_ins" if line["event"] == "sign_in" else "sign_ins_failed")
    return found
