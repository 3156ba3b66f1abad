"""Kibana 5 for a viewer who is the first to open it: what it declares and how it asks, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from access_es.permissions.cursors import Cursors
from access_es.permissions.judge import judge
from access_es.permissions.roles import Role
from access_es.permissions.verdict import Allowed, Request
from access_es.upload import Upload

VIEWER = (Role("viewer", read=("logs-*",), dashboards="view"),)
PLACE = "/_plugin/kibana/elasticsearch/"
FIELDS = {
    "title": {"type": "string"},
    "refreshInterval": {"type": "object", "properties": {"pause": {"type": "boolean"}}},
    "meta": {"properties": {"searchSourceJSON": {"type": "string"}}},
}


def may(method: str, target: str, body: bytes, media_type: str = "application/json") -> bool:
    request = Request(method, target.encode(), (("Content-Type", media_type),), Upload(body))
    return isinstance(judge(VIEWER, request, Cursors(("s" * 40,), "vera", 0.0)), Allowed)


@pytest.mark.parametrize("kind", ["visualization", "search", "dashboard", "timelion-sheet", "config", "index-pattern"])
def test_the_fields_of_saved_objects_may_be_declared(kind: str) -> None:
    assert may("PUT", f"{PLACE}.kibana/_mapping/{kind}", json.dumps({kind: {"properties": FIELDS}}).encode())


DEEP = {"a": {"properties": {"b": {"properties": {"c": {"type": "string"}}}}}}


@pytest.mark.parametrize(
    ("target", "body"),
    [
        (".kibana/_mapping/server", {"server": {"properties": FIELDS}}),
        (".kibana/_mapping/search", {"visualization": {"properties": FIELDS}}),
        (".kibana/_mapping/search", {"search": {"properties": FIELDS, "dynamic": "strict"}}),
        (".kibana/_mapping/search", {"search": {"properties": FIELDS}, "dashboard": {"properties": FIELDS}}),
        (".kibana/_mapping/search", {"search": {"properties": {"a": {"type": "string", "index": "no"}}}}),
        (".kibana/_mapping/search", {"search": {"properties": {f"f{n}": {"type": "long"} for n in range(33)}}}),
        (".kibana/_mapping/search", {"search": {"properties": DEEP}}),
        (".kibana/_mapping/search?update_all_types", {"search": {"properties": FIELDS}}),
        (".kibana*/_mapping/search", {"search": {"properties": FIELDS}}),
        (".kibana,logs-1/_mapping/search", {"search": {"properties": FIELDS}}),
        ("logs-1/_mapping/search", {"search": {"properties": FIELDS}}),
        (".kibana/search/1", {"search": {"properties": FIELDS}}),
    ],
)
def test_nothing_else_is_written(target: str, body: dict[str, Any]) -> None:
    for method in ("PUT", "POST"):
        assert not may(method, PLACE + target, json.dumps(body).encode())


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_no_other_method_declares(method: str) -> None:
    body = json.dumps({"search": {"properties": FIELDS}}).encode()
    assert not may(method, f"{PLACE}.kibana/_mapping/search", body)


def test_outside_of_kibana_it_is_an_index_like_any_other() -> None:
    assert not may("PUT", "/.kibana/_mapping/search", json.dumps({"search": {"properties": FIELDS}}).encode())


@pytest.mark.parametrize(("index", "allowed"), [("logs-1", True), (".kibana", True), ("secret", False)])
def test_searches_come_in_the_form_that_kibana_5_sends(index: str, allowed: bool) -> None:
    body = json.dumps({"index": [index], "ignore_unavailable": True, "preference": 1}).encode() + b"\n{}\n"
    assert may("POST", f"{PLACE}_msearch", body, "application/x-ldjson") is allowed
    assert not may("POST", f"{PLACE}_msearch", b"\xa1" + body, "application/x-ldjson"), "CBOR by any other name"
