"""The audit line as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from access_es.audit import Entry
from access_es.messages import ProxyRequest


@pytest.mark.parametrize("text", ["ann", 'a"b\\c', "line\r\nbreak\u2028", "é€😀", "\x00\x1b\x7f\x80", "\udc80"])
def test_the_line_is_the_json_of_its_facts(text: str) -> None:
    """Whatever a client puts into them, it is one line."""
    lines: list[str] = []
    seen: list[dict[str, object]] = []

    def measure(facts: dict[str, object]) -> None:
        facts["_aws"] = {"Metrics": [{"Name": text}]}
        seen.append(facts)

    request = ProxyRequest("id", text, text.encode("utf-8", "surrogateescape"), (), BytesIO(), "https", text)
    entry = Entry(request, lines.append, measure, user=text, name=text, groups=(text, "b"), upstream_seconds=0.1)
    entry.finish()
    assert lines == [json.dumps(seen[0], separators=(",", ":"))]
    assert "\n" not in lines[0]


def test_the_time_is_that_of_the_clock() -> None:
    lines: list[str] = []
    request = ProxyRequest("id", "GET", b"/", (), BytesIO(), "https", "192.0.2.1")
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    Entry(request, lines.append).finish()
    text = json.loads(lines[0])["time"]
    assert before <= datetime.fromisoformat(text) <= datetime.now(UTC)
    assert len(text) == len("2026-11-26T17:26:34.123+00:00")
