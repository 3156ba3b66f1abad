"""What may be asked twice at once, and what must not."""

from __future__ import annotations

import pytest

from access_es.tasks.searches import console_request, is_search

SEARCHES = """
GET /_search
POST /_search?q=a
POST /logs-*,-old/_search?pretty
POST /%3Clogs-%7Bnow%2Fd%7D%3E/_search
GET /_all/_count
POST /_msearch
POST /a/b/_msearch
POST /a/_search/template
POST /_msearch/template
GET /logs/_eql/search
POST /logs/_field_caps?fields=*
POST /_plugin/kibana/elasticsearch/_msearch
POST /_plugin/kibana/elasticsearch/logs/_search
POST /_plugin/kibana/internal/search/es
POST /_dashboards/internal/search/opensearch
POST /_dashboards/internal/search/opensearch-with-long-numerals
POST /_plugin/kibana/internal/bsearch?compress=true
POST /_plugin/kibana/s/sales/internal/bsearch
POST /_dashboards/w/abc/internal/search/opensearch
POST /_plugin/kibana/api/metrics/vis/data
POST /_plugin/kibana/api/timelion/run
"""
OTHERS = """
PUT /_search
DELETE /logs/_search
POST /logs/_doc/_search
PUT /logs/_doc/_search
POST /logs/_create/_search
POST /logs/_update/_count
POST /a/b/c/_search
POST /a/b/_field_caps
POST /a/b/_rank_eval
POST /a/b/_terms_enum
POST /a/b/_eql/search
POST /_search/scroll
POST /logs/_search?scroll=1m
GET /logs/_search?pretty&scroll=1m
GET /logs/_search?pretty;scroll=1m
GET /logs/_search?pretty&%73croll=1m
DELETE /_search/scroll
POST /logs/_async_search
POST /logs/_search/point_in_time
POST /logs/_eql/search?keep_on_completion=true
POST /_snapshot/_search
POST /internal/search/es
POST /internal/bsearch
POST /x/_dashboards/internal/bsearch
POST /_bulk
POST /logs/_bulk
POST /logs/_doc
POST /logs/_update_by_query
POST /_plugin/kibana/elasticsearch/logs/_doc/_search
POST /_plugin/kibana/api/saved_objects/_search
GET /_plugin/kibana/internal/search/es
DELETE /_plugin/kibana/internal/search/ese/FmRl
PUT /_plugin/kibana/internal/bsearch
POST /_dashboards/internal/search/../../api/saved_objects/index-pattern
POST /_dashboards/internal/search/%2E%2e/%2e./api/saved_objects/index-pattern
POST /logs/./_search
GET /
GET /_plugin/kibana/app/discover
POST /_sql
"""


def lines(text: str) -> list[tuple[str, str]]:
    return [(line.split()[0], line.split()[1]) for line in text.strip().splitlines()]


@pytest.mark.parametrize(("method", "target"), lines(SEARCHES))
def test_a_search_may_be_asked_twice(method: str, target: str) -> None:
    assert is_search(method, target.encode())


@pytest.mark.parametrize(("method", "target"), lines(OTHERS))
def test_what_changes_keeps_or_moves_something_is_asked_once(method: str, target: str) -> None:
    """Also what would have been a document in some version: POST /internal/search/es indexed one up to 7."""
    assert not is_search(method, target.encode())


@pytest.mark.parametrize("path", ["x/..%5C_bulk%23/_search", "logs/type%23/_search", "logs/%09_doc/_search"])
def test_what_kibana_reads_as_another_address_is_no_search(path: str) -> None:
    asked = console_request("POST", f"/_plugin/kibana/api/console/proxy?path={path}&method=POST".encode())
    assert asked is not None and not is_search(*asked)


def test_console_names_what_it_asks_of_the_engine() -> None:
    proxy = b"/_plugin/kibana/api/console/proxy?path=%2Flogs%2F_search%3Fpretty&method=GET"
    assert console_request("POST", proxy) == ("GET", b"/logs/_search?pretty")
    assert console_request("POST", b"/_dashboards/api/console/proxy?path=_reindex&method=post") == (
        "POST",
        b"/_reindex",
    )
    assert console_request("GET", proxy) is None
    assert console_request("POST", b"/api/console/proxy?path=_search&method=GET") is None  # of the engine, not Kibana's
    assert console_request("POST", b"/_dashboards/api/console/proxy") == ("", b"/")
