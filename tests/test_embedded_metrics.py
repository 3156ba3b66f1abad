"""The audit lines of Lambda are documents of CloudWatch's embedded metric format."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import pytest

from access_es.audit import Entry
from access_es.embedded_metrics import UNITS, embed_metrics
from access_es.errors import DomainUnreachable, TooManyFailures, WrongCredentials
from tests.embedded_metrics import extract
from tests.pages.test_environ import some_request

ALWAYS = {"requests", "ms"}


def written(**facts: Any) -> dict[str, Any]:
    """The line of one request, as CloudWatch reads it."""
    lines: list[str] = []
    entry = Entry(some_request(target="/secret/_search"), lines.append, embed_metrics("access-es/dev"), user="ann")
    entry.started = time.perf_counter() - 0.02
    entry.status, entry.delivery = 200, "held"
    error = facts.pop("fails", None)
    for name, value in facts.items():
        setattr(entry, name, value)
    if error:
        entry.note_failure(error)
    entry.finish()
    (line,) = lines
    document: dict[str, Any] = json.loads(line)
    return document


def test_a_plain_request() -> None:
    line = written(bytes_out=1234, upstream_seconds=0.0125)
    found = extract(line)
    assert found[("outcome", "layer")] == found[("outcome",)] == {"requests": 1}
    assert (line["outcome"], line["layer"]) == ("success", "domain")
    assert found[()] == {"requests": 1, "ms": line["ms"], "upstream_ms": 12.5, "bytes_out": 1234}
    assert line["ms"] >= 20
    assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 60


CASES: list[tuple[dict[str, Any], set[str]]] = [
    ({"delivery": "streamed"}, {"streamed"}),
    ({"delivery": "compressed br"}, {"compressed"}),
    ({"delivery": "spilled", "spilled_bytes": 9}, {"spilled", "spilled_bytes"}),
    ({"delivery": "linked", "spilled_bytes": 9}, {"spilled", "spilled_bytes"}),
    ({"delivery": "task", "task": "at_once"}, {"tasks"}),
    ({"task": "hedge"}, {"tasks", "hedges"}),
    ({"event": "sign_in"}, {"sign_ins"}),
    ({"fails": WrongCredentials()}, {"sign_ins_failed"}),
    ({"fails": TooManyFailures(9)}, {"sign_ins_throttled"}),
    ({"fails": DomainUnreachable()}, set()),
    ({"bytes_in": 5}, {"bytes_in"}),
]


@pytest.mark.parametrize(("facts", "counted"), CASES)
def test_what_happened_is_counted_once_and_nothing_else(facts: dict[str, Any], counted: set[str]) -> None:
    assert set(extract(written(**facts))[()]) == ALWAYS | counted


def test_every_metric_is_known_and_has_its_unit() -> None:
    named = {
        metric["Name"]: metric["Unit"]
        for facts, _ in CASES
        for directive in written(**facts, upstream_seconds=1.0, bytes_out=1)["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    }
    assert named == {"requests": "Count", **UNITS}


def test_neither_users_nor_paths_are_dimensions() -> None:
    """Each value of a dimension is a metric that is billed; what a person does is in the line alone."""
    used = {
        name
        for facts, _ in CASES
        for directive in written(**facts)["_aws"]["CloudWatchMetrics"]
        for name in itertools.chain(*directive["Dimensions"])
    }
    assert used == {"outcome", "layer"}


def test_without_a_namespace_a_line_is_an_audit_line_alone() -> None:
    lines: list[str] = []
    entry = Entry(some_request(), lines.append)
    entry.delivery = "page"
    entry.finish()
    assert not {"_aws", "outcome", "requests"} & json.loads(lines[0]).keys()
