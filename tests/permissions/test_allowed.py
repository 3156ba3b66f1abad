"""What must work: everything honest clients, Kibana and Dashboards send for people with these rights."""

from __future__ import annotations

import gzip
import json
import tempfile
import zlib
from typing import Any

import pytest

from access_es.permissions.cursors import Cursor
from access_es.permissions.judge import judge, still_allowed
from access_es.permissions.roles import Role
from access_es.permissions.verdict import Need
from access_es.upload import Upload, take_upload
from tests.permissions.asking import ADMIN, EDITOR, KIBANAS, MANAGER, READER, WRITER, allowed, ask, cursors, request
from tests.permissions.test_refused import AS_JSON, named

TWO = '{"index":"logs-1"}\n{}\n{"index":["logs-2","logs-3*"]}\n{"query":{"match_all":{}}}\n'
AS_LINES = ("Content-Type", "application/x-ndjson")

READING: list[tuple[Any, ...]] = [
    ("GET", "/"), ("GET", "/_cluster/health"), ("GET", "/logs-1/_search"), ("GET", "/logs-*/_search?q=a"),
    ("POST", "/logs-2024*/_search", {"query": {"match_all": {}}}), ("GET", "/logs-1,logs-2/_search?ignore_unavailable=true"),
    ("GET", "/%3Clogs-%7Bnow%2Fd%7D%3E/_search"), ("GET", "/logs-*,-logs-old/_search"), ("GET", "/_search?index=logs-1"),
    ("POST", "/_msearch", TWO), ("POST", "/logs-1/_msearch", "{}\n{}\n"), ("POST", "/logs-1/_msearch", "{}\r\n{}\r\n"),
    ("POST", "/_msearch", gzip.compress(TWO.encode()), (AS_LINES, ("Content-Encoding", "gzip"))),
    ("POST", "/_mget", {"docs": [{"_index": "logs-1", "_id": "1"}]}), ("POST", "/logs-1/_mget", {"ids": ["1"]}),
    ("GET", "/logs-1/_doc/a%2Fb"), ("HEAD", "/logs-1/_doc/1"), ("GET", "/logs-1/_source/1"),
    ("POST", "/logs-1/_count", {"query": {"term": {"index": "secret"}}}),
    ("POST", "/logs-1/_search", {"query": {"terms": {"index": ["secret"]}}}),
    ("POST", "/logs-2/_search", {"query": {"terms": {"u": {"index": "logs-1", "id": "1", "path": "u"}}}}),
    ("GET", '/logs-1/_search?source={"size":1}&source_content_type=application/json'.replace('"', "%22")),
    ("GET", "/logs-*/_mapping"), ("GET", "/_cat/indices/logs-*?v"), ("GET", "/_cat/count/logs-1"),
    ("POST", "/logs-*/_field_caps?fields=*"), ("GET", "/_resolve/index/logs-*"), ("POST", "/logs-1/_analyze", {"text": "x"}),
    # More of what clients and older versions send.
    ("HEAD", "/logs-1"), ("GET", "/logs-1"), ("GET", "/logs-1/_settings,_mappings"), ("HEAD", "/"), ("GET", "/logs-1/_alias"), ("GET", "/_alias/logs-all"),
    ("POST", "/_msearch", zlib.compress(TWO.encode()), (AS_LINES, ("Content-Encoding", "deflate"))), ("POST", "/logs-1/_search", "{}", ()),
    ("POST", "/logs-1/type/_search", {}), ("GET", "/logs-1/type/1"), ("GET", "/logs-1/_doc/1/_source"), ("POST", "/logs-1/type/1/_explain", {"query": {}}),
    ("POST", "/logs-1/_search", {"query": {"wildcard": {"a": "x\\y"}}}), ("POST", "/logs-1/_search", {"query": {"match": {"message": {"query": "ü"}}}}),
    ("POST", "/logs-1/_search", '{"query":{"query_string":{"query":"index:secret \\"a\\""}}}'), ("POST", "/logs-1/_search?search_pipeline=p", {}),
    ("POST", "/logs-1/_search", {"query": {"more_like_this": {"like": [{"_index": "logs-2", "_id": "1"}]}}}), ("GET", "/logs-1/_search/"),
    ("POST", "/logs-1/_search", "{}", "application/vnd.elasticsearch+json; compatible-with=7"), ("GET", "/_cat/aliases/logs-all"),
    ("GET", "/logs-1/_stats"), ("GET", "/_cluster/health/logs-*"), ("POST", "/_analyze", {"text": "x"}), ("GET", "/logs-1/_termvectors/1"),
]  # fmt: skip

THROUGH_KIBANA: list[tuple[Any, ...]] = [
    ("GET", "/app/kibana"), ("GET", "/bundles/kibana.bundle.js"), ("GET", "/41234/bundles/core/core.entry.js"), ("GET", "/api/status"), ("GET", ""), ("GET", "/"),
    ("POST", "/elasticsearch/_msearch", '{"index":["logs-*"],"ignore_unavailable":true,"preference":1}\n{}\n'),
    ("POST", "/elasticsearch/_mget", {"docs": [{"_index": ".kibana", "_type": "index-pattern", "_id": "logs-*"}]}),
    ("GET", "/elasticsearch/logs-*/_mapping/field/*"), ("POST", "/internal/search/opensearch", {"params": {"index": "logs-*", "body": {"aggs": {}}}}),
    ("GET", "/api/saved_objects/_find?type=dashboard"), ("POST", "/api/saved_objects/_bulk_get", [{"type": "dashboard", "id": "1"}]),
    ("GET", "/api/index_patterns/_fields_for_wildcard?pattern=logs-*"), ("POST", "/api/console/proxy?path=logs-1%2F_search&method=POST"),
    ("POST", "/api/timelion/run", {"sheet": [".es(index=logs-*, q=a)"]}), ("GET", "/goto/abc"),
    # What a Kibana 5.1 sent in a recorded tour, and routes of later ones.
    ("POST", "/elasticsearch/.kibana/index-pattern/_search?stored_fields=", {"query": {"match_all": {}}, "size": 10000}),
    ("GET", "/elasticsearch/.kibana/_mapping/*/field/_source?_=1481234567"), ("GET", "/api/kibana/logs-1/field_capabilities"),
    ("GET", "/elasticsearch/logs-1/_mapping/field/*?ignore_unavailable=false&allow_no_indices=false&include_defaults=true&_=1"),
    ("POST", "/elasticsearch/logs-1/_search", {"size": 1}), ("POST", "/elasticsearch/logs-*/_field_stats?level=indices", {"fields": ["@timestamp"]}),
    ("POST", "/elasticsearch/.kibana/dashboard/_search?size=100", {}), ("GET", "/api/console/api_server?sense_version=%40%40SENSE_VERSION&apis=es_5_0"),
    ("POST", "/elasticsearch/.kibana/index-pattern/logs-*", {"title": "logs-*", "timeFieldName": "@timestamp", "fields": "[]"}),
    ("PUT", "/api/saved_objects/index-pattern/abc", {"attributes": {"title": "logs-*", "fields": "[]"}, "version": 1}),
    ("GET", "/api/console/proxy?uri=logs-1%2F_search"), ("POST", "/api/console/proxy?path=%2Flogs-1%2F_search%3Fsize%3D1&method=GET", {"size": 1}),
    ("POST", "/api/timelion/run", {"sheet": ['.es(index="logs-*", timefield=ts).label("a, (b)").movingaverage(3), .static(value=5)'], "extended": {"es": {"filter": {}}}}),
    ("POST", "/api/metrics/vis/data", {"panels": [{"index_pattern": "logs-*", "series": [{"id": "a"}], "annotations": []}], "timerange": {}}),
    ("POST", "/internal/_msearch", {"searches": [{"header": {"index": "logs-*", "preference": 1}, "body": {"query": {}}}]}), ("POST", "/api/core/capabilities", {"a": []}),
    ("GET", "/api/index_patterns/_fields_for_wildcard?pattern=logs-*&meta_fields=_source&meta_fields=_id"), ("GET", "/api/metrics/fields?index=logs-*"),
    ("POST", "/api/kibana/suggestions/values/logs-*", {"query": "a", "field": "b", "boolFilter": []}), ("GET", "/s/space/app/kibana"), ("GET", "/w/abc/app/home"),
    ("GET", "/api/opensearch-dashboards/settings"), ("POST", "/api/home/hits_status", {"index": "logs-*", "query": {"match_all": {}}}),
]  # fmt: skip

OTHERS: list[tuple[Any, ...]] = [
    (WRITER, "POST", "/_bulk", "".join(f'{{"{a}":{{"_index":"logs-1","_id":"1"}}}}\n{{}}\n' for a in ("index", "create", "update")) + '{"delete":{"_index":"logs-1","_id":"1"}}\n'),
    (WRITER, "POST", "/logs-1/_bulk", '{"index":{}}\n{"a":"_index"}\n\n{"index":{"_id":"1"}}\n{}\n'), (WRITER, "PUT", "/logs-1/_doc/1", {}),
    (WRITER, "PUT", "/logs-1/type/1", {}), (WRITER, "POST", "/logs-1/_update/1", {"doc": {}}), (MANAGER, "PUT", "/team-x"),
    (MANAGER, "POST", "/_aliases", {"actions": [{"add": {"index": "team-x", "alias": "team-now"}}]}), (MANAGER, "PUT", "/team-x/_settings", {}),
    (ADMIN, "PUT", "/_cluster/settings", {}), (ADMIN, "GET", "/_search"), (ADMIN, "FOO", "//x"),
    (WRITER, "GET", "/logs-1/_search"), (WRITER, "DELETE", "/logs-1/_doc/1"), (WRITER, "PUT", "/<logs-{now%2Fd}>/_doc/1", {}), (WRITER, "POST", "/logs-1/_doc?pipeline=p", {}),
    (WRITER, "POST", "/_bulk", '{"index":{"_id":"1","_index":"logs-1","_type":"t"}}\n{}\n{ "update" : { "_index" : "logs-1", "_id" : "é", "_source": true } }\n{}\n'),
    (WRITER, "POST", "/_reindex", {"source": {"index": ["logs-1", "logs-2"], "query": {"match_all": {}}}, "dest": {"index": "logs-3", "op_type": "create"}}),
    (WRITER, "POST", "/logs-1/_delete_by_query", {"query": {"match_all": {}}}), (MANAGER, "PUT", "/team-x", {"aliases": {"team-y": {}}, "mappings": {}}),
    (MANAGER, "DELETE", "/team-x"), (MANAGER, "POST", "/team-x/_close"), (MANAGER, "GET", "/team-x/_refresh"), (MANAGER, "PUT", "/team-x/_mapping", {"properties": {}}),
    (MANAGER, "PUT", "/team-x/_alias/team-y"), (MANAGER, "POST", "/team-w/_rollover", {"conditions": {}}), (MANAGER, "PUT", "/team-x/_clone/team-y"), (MANAGER, "PUT", "/team-x/_mapping/type", {}),
]  # fmt: skip


@pytest.mark.parametrize("case", named(READING))
def test_a_reader_reads(case: tuple[Any, ...]) -> None:
    allowed(READER, *case)


@pytest.mark.parametrize("kibana", KIBANAS)
@pytest.mark.parametrize("case", named(THROUGH_KIBANA))
def test_a_viewer_uses_kibana(case: tuple[Any, ...], kibana: str) -> None:
    method, path, *body = case
    allowed(READER, method, kibana + path, *body)


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: f"{case[0][0].name} {case[1]} {case[2]}")
def test_writers_managers_and_administrators_do_their_work(case: tuple[Any, ...]) -> None:
    allowed(*case)


@pytest.mark.parametrize("kibana", KIBANAS)
@pytest.mark.parametrize(
    "case",
    [
        ("POST", "/api/saved_objects/dashboard", {}), ("DELETE", "/api/saved_objects/dashboard/1"), ("POST", "/api/kibana/settings", {}), ("POST", "/shorten", {}),
        ("POST", "/elasticsearch/.kibana/dashboard/x?op_type=create", {}), ("DELETE", "/elasticsearch/.kibana/dashboard/x"), ("POST", "/elasticsearch/.kibana/_refresh"),
        ("PUT", "/elasticsearch/.kibana/_mapping/dashboard", {}), ("POST", "/elasticsearch/.kibana/index-pattern/x?op_type=create", {}),
    ],
)  # fmt: skip
def test_an_editor_saves(case: tuple[Any, ...], kibana: str) -> None:
    method, path, *body = case
    allowed(EDITOR, method, kibana + path, *body)
    assert not isinstance(ask(READER, method, kibana + path, *body), type(allowed(READER, "GET", "/")))


def test_short_links_can_be_given_to_viewers() -> None:
    allowed((Role("a", dashboards="view", short_links=True),), "POST", "/_dashboards/api/shorten_url", {})


def test_a_scroll_goes_on_with_the_sealed_id_and_ends() -> None:
    begun = allowed(READER, "POST", "/logs-1/_search?scroll=1m", {})
    assert (begun.opens, begun.needs) == ("scroll", (Need("read", "logs-1"),))
    sealed = cursors().seal(Cursor("scroll", "abc+/=", begun.needs))
    page = allowed(READER, "POST", "/_search/scroll", {"scroll": "1m", "scroll_id": sealed})
    assert (json.loads(page.body or b""), page.opens, page.needs) == (
        {"scroll": "1m", "scroll_id": "abc+/="},
        "scroll",
        begun.needs,
    )
    in_path = allowed(READER, "GET", f"/_search/scroll/{sealed}?scroll=1m")
    assert (in_path.target, in_path.body) == (b"/_search/scroll/abc%2B%2F%3D?scroll=1m", None)
    in_query = allowed(READER, "GET", f"/_search/scroll?scroll=1m&scroll_id={sealed}")
    assert in_query.target == b"/_search/scroll?scroll=1m&scroll_id=abc%2B%2F%3D"
    alone = allowed(READER, "DELETE", "/_search/scroll", sealed.encode(), "text/plain")
    assert (alone.body, alone.opens) == (b"abc+/=", None)
    ended = allowed(READER, "DELETE", "/_search/scroll", {"scroll_id": [sealed]})
    assert json.loads(ended.body or b"") == {"scroll_id": ["abc+/="]}
    kibana = allowed(
        READER, "POST", "/_plugin/kibana/elasticsearch/_search/scroll", {"scroll": "1m", "scroll_id": sealed}
    )
    assert json.loads(kibana.body or b"")["scroll_id"] == "abc+/="


def test_a_compressed_scroll_request_is_sent_compressed() -> None:
    sealed = cursors().seal(Cursor("scroll", "abc", (Need("read", "logs-1"),)))
    data = gzip.compress(json.dumps({"scroll_id": sealed}).encode())
    page = allowed(READER, "POST", "/_search/scroll", data, (AS_JSON, ("Content-Encoding", "gzip")))
    assert json.loads(gzip.decompress(page.body or b"")) == {"scroll_id": "abc"}


def test_a_cursor_of_somebody_else_or_over_lost_rights_is_refused() -> None:
    needs = (Need("read", "logs-1"),)
    for sealed in (cursors("bob").seal(Cursor("scroll", "abc", needs)), cursors().seal(Cursor("pit", "abc", needs))):
        assert ask(READER, "POST", "/_search/scroll", {"scroll_id": sealed}).__class__.__name__ == "Refused"
    other = (Role("other", read=("metrics-*",)),)
    mine = cursors().seal(Cursor("scroll", "abc", needs))
    assert ask(other, "POST", "/_search/scroll", {"scroll_id": mine}).__class__.__name__ == "Refused"


def test_a_point_in_time_is_opened_searched_and_closed() -> None:
    opened = allowed(READER, "POST", "/logs-*/_search/point_in_time?keep_alive=1m")
    assert opened.opens == "pit"
    sealed = cursors().seal(Cursor("pit", "o46Q==", opened.needs))
    found = allowed(READER, "POST", "/_search", {"pit": {"id": sealed, "keep_alive": "1m"}, "query": {"match_all": {}}})
    assert json.loads(found.body or b"")["pit"]["id"] == "o46Q=="
    assert (found.needs, found.opens) == (opened.needs, "pit")
    closed = allowed(READER, "DELETE", "/_search/point_in_time", {"pit_id": [sealed]})
    assert json.loads(closed.body or b"") == {"pit_id": ["o46Q=="]}


def test_a_task_that_was_not_waited_for_is_its_owners() -> None:
    begun = allowed(WRITER, "POST", "/logs-1/_update_by_query?wait_for_completion=false", {})
    assert begun.opens == "task"
    sealed = cursors().seal(Cursor("task", "node:12", begun.needs))
    assert allowed(WRITER, "GET", f"/_tasks/{sealed}").target == b"/_tasks/node%3A12"
    allowed(WRITER, "POST", f"/_tasks/{sealed}/_cancel")
    allowed(WRITER, "POST", f"/_update_by_query/{sealed}/_rethrottle?requests_per_second=1")


def test_who_reads_everything_uses_the_engines_own_cursors() -> None:
    page = allowed((Role("auditor", read=("*",)),), "POST", "/_search/scroll", {"scroll_id": "abc"})
    assert (page.body, page.target, page.opens) == (None, None, None)


def test_an_allowed_request_names_its_rule_and_role() -> None:
    roles = (*READER, Role("metrics", read=("metrics-*",)))
    verdict = allowed(roles, "GET", "/metrics-1,logs-1/_search")
    assert (verdict.rule, verdict.role, verdict.names, verdict.action) == (
        "read metrics-*",
        "metrics",
        ("metrics-1,logs-1",),
        "read",
    )
    assert allowed(READER, "GET", "/_plugin/kibana/app/kibana").rule == "dashboards view"
    assert (allowed(ADMIN, "GET", "/_search").rule, allowed(ADMIN, "GET", "/_search").role) == ("manage *", "admin")


def test_what_was_allowed_is_judged_again_by_its_needs() -> None:
    verdict = allowed(READER, "POST", "/_msearch", TWO)
    assert still_allowed(READER, verdict.needs) is None
    assert still_allowed((Role("less", read=("logs-1",)),), verdict.needs) == Need("read", "logs-2")
    assert still_allowed((), verdict.needs) == Need("read", "logs-1")


def test_needs_stay_few_however_many_names_there_are() -> None:
    lines = "".join(f'{{"index":{{"_index":"logs-{number}"}}}}\n{{}}\n' for number in range(30_000))
    verdict = allowed(WRITER, "POST", "/_bulk", lines)
    assert len(verdict.needs) == 65 and verdict.needs[-1] == Need("write", "logs-*")


def test_a_body_that_waits_in_a_file_is_read_and_can_still_be_sent() -> None:
    data = (
        b'{"index":{"_index":"logs-1"}}\n{"a":"%b"}\n' % (b"x" * 1000) * 3000
        + b'{"delete":{"_index":"secret","_id":"1"}}\n'
    )
    with tempfile.TemporaryFile() as stream:
        stream.write(data)
        stream.seek(0)
        with take_upload(stream) as upload:
            asked = request("POST", "/_bulk")
            verdict = judge(WRITER, asked.__class__("POST", b"/_bulk", (AS_LINES,), upload), cursors())
            assert (verdict.line, verdict.index) == (6001, "secret")  # type: ignore[union-attr]
            content = upload.content()
            assert content is not None and not isinstance(content, bytes) and content.read() == data


def test_nothing_of_the_body_is_read_for_unlimited_roles() -> None:
    class Unreadable(Upload):
        def content(self) -> Any:
            raise AssertionError("read")

    for roles, target in (
        (ADMIN, b"/_bulk"),
        ((Role("w", write=("*",)),), b"/_bulk"),
        ((Role("r", read=("*",)),), b"/_msearch"),
    ):
        assert not isinstance(
            judge(roles, request("POST", target).__class__("POST", target, (), Unreadable(b"x")), cursors()), str
        )
