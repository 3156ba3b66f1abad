"""Every request here reads, changes or names what it may not, on at least one version: all of them are refused."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from access_es.permissions.roles import Role
from tests.permissions.asking import KIBANAS, MANAGER, NDJSON, READER, WRITER, allowed, refused

LOOKUP = {"query": {"terms": {"u": {"index": "secret", "id": "1", "path": "u"}}}}
TEXT = json.dumps(LOOKUP)
WRAPPED = base64.b64encode(json.dumps(LOOKUP["query"]).encode()).decode()
SECRET_DOC = {"docs": [{"_index": "secret", "_id": "1"}]}
AS_JSON = ("Content-Type", "application/json")

# The engine's own paths, as somebody who may read logs-* asks.
READING: list[tuple[Any, ...]] = [
    ("GET", "/secret/_search"), ("GET", "/_search"), ("GET", "/*/_search"), ("GET", "/_all/_search"),
    ("GET", "/logs-1,secret/_search"), ("GET", "/logs-1%2Csecret/_search"), ("GET", "/s%65cret/_search"),
    ("GET", "/%2C/_search"), ("GET", "/<secret>/_search"), ("GET", "/%3C%7Bnow%7B%27secret%27%7D%7D%3E/_search"),
    ("GET", "/<*>/_search"), ("GET", "/l*/_search"), ("GET", "/%2Bsecret/_search"), ("GET", "/*,-secret/_search"),
    ("GET", "/other:logs-1/_search"), ("GET", "/_search?index=secret"), ("GET", "/_search?index=logs-1&index=secret"),
    ("GET", "/_search?q=a;index=secret"), ("GET", "/_search?%69ndex=secret"), ("GET", "//_search"),
    ("POST", "/_msearch", '{"index":"secret"}\n{}\n'), ("POST", "/logs-1/_msearch", '{"index":[]}\n{}\n'),
    ("POST", "/logs-1/_msearch", '{"index":""}\n{}\n'), ("POST", "/_msearch", "{}\n{}\n"),
    ("POST", "/logs-1/_msearch", '{"index":"logs-1"}\n{}\n{"indices":["secret"]}\n{}\n'),
    ("POST", "/_msearch", '{"in\\u0064ex":"secret"}\n{}\n'), ("POST", "/_msearch", '[{"index":"logs-1"}]\n{}\n'),
    ("POST", "/_msearch", '{"index":"logs-1"}\n{}\n\n{}\n'), ("POST", "/_mget", SECRET_DOC),
    ("POST", "/logs-1/_mget", SECRET_DOC),
    ("POST", "/logs-1/_mget", '{"docs":[{"_index":"logs-1","_index":"secret","_id":"1"}]}'),
    ("GET", '/_mget?index=secret&source={"ids":["1"]}&source_content_type=application/json'),
    ("GET", "/_mget?index=secret&source=%7B%22ids%22:%5B%221%22%5D%7D&source_content_type=application/json"),
    ("POST", "/logs-1/_termvectors/1", {"_index": "secret", "_id": "1"}), ("POST", "/logs-1/_search", LOOKUP),
    ("POST", "/logs-1/_search", {"query": {"wrapper": {"query": WRAPPED}}}),
    ("POST", "/logs-1/_search", {"aggs": {"x": {"filter": LOOKUP["query"]}}}),
    ("POST", "/logs-1/_search", {"query": {"more_like_this": {"like": [{"_index": "secret", "_id": "1"}]}}}),
    ("POST", "/logs-1/_search", {"query": {"percolate": {"field": "q", "index": "secret", "id": "1"}}}),
    ("POST", "/logs-1/_search", {"query": {"geo_shape": {"g": {"indexed_shape": {"id": "1", "path": "g"}}}}}),
    ("POST", "/logs-1/_validate/query?explain=true&rewrite=true", LOOKUP),
    ("POST", "/logs-1/_search/template", {"source": '{"query":{"terms":{"u":{"index":"{{i}}"}}}}', "params": {"i": "secret"}}),
    ("POST", "/_search/scroll", {"scroll_id": "DnF1ZXJ5VGhlbkZldGNoBQAAAAAAAAABFg=="}), ("DELETE", "/_search/scroll/_all"),
    ("POST", "/_search", {"pit": {"id": "o463QQEGc2VjcmV0"}}),
    ("POST", "/_plugins/_sql", {"query": "SELECT * FROM logs-1 JOIN secret ON 1=1"}),
    ("POST", "/_plugins/_ppl", {"query": "source=logs-1 | append [ source=secret ]"}),
    ("POST", "/_plugins/_asynchronous_search?index=secret", {}), ("POST", "/views/all/_search", {}),
    ("POST", "/logs-1/_doc/_search", {"a": 1}), ("PUT", "/logs-1/_doc/_search", {}), ("FOO", "/secret/_search"),
    ("POST", "/logs-1/_search", b"\xa1\x65query\xa0", "application/cbor"),
    ("POST", "/logs-1/_search", gzip.compress(TEXT.encode()), (AS_JSON, ("Content-Encoding", "gzip"))),
    ("POST", "/logs-1/_search", TEXT, (AS_JSON, ("Content-Encoding", "foo"))),
    ("POST", "/logs-1/_search", "{}", (AS_JSON, ("Content_Encoding", "foo"))), ("POST", "/logs-1/_search", "{}", (AS_JSON, ("content_type", "application/cbor"))),
    ("POST", "/logs-1/_search", TEXT.encode("utf-16"), "application/json"),
    ("POST", "/logs-1/_search", TEXT.encode("utf-16-le"), "application/json"), ("POST", "/logs-1/_search", "/*x*/" + TEXT),
    ("POST", "/_bulk", '{"index":{"_index":"logs-1"}}\n{}\n'), ("GET", "/logs-1/_refresh"), ("DELETE", "/?index=logs-1"),
    ("PUT", "/logs-1/_alias/logs-x", {"index": "secret"}), ("GET", "/_cat/indices"), ("GET", "/_cluster/state"),
    ("GET", "/_tasks?detailed"), ("GET", "/_alias"),
]  # fmt: skip

# The same person behind Kibana's prefix.
THROUGH_KIBANA: list[tuple[Any, ...]] = [
    ("POST", "/api/console/proxy?path=secret/_search&method=GET"), ("GET", "/api/console/proxy?uri=_cat/indices"),
    ("POST", "/internal/search/opensearch", {"params": {"index": "logs-1", "type": "_doc", "method": "PUT", "body": {}}}),
    ("POST", "/internal/search/opensearch", {"params": {"body": {}}}),
    ("POST", "/internal/_msearch", {"searches": [{"header": {"index": "secret"}, "body": {}}]}),
    ("POST", "/api/metrics/vis/data", {"panels": [{"index_pattern": "secret"}]}),
    ("POST", "/api/timelion/run", {"sheet": [".es(*)"]}), ("POST", "/api/timeline/run", {"sheet": [".es(*)"]}),
    ("POST", "/api/ism/apiCaller", {"endpoint": "transport.request", "data": {"method": "GET", "path": "/secret/_search"}}),
    ("POST", "/elasticsearch/_msearch", '{"index":["secret"]}\n{}\n'), ("DELETE", "/api/saved_objects/dashboard/1"),
    ("POST", "/api/kibana/settings", {"changes": {"a": 1}}), ("POST", "/api/saved_objects/_import", {}),
]  # fmt: skip

# Somebody who may write to logs-*.
WRITING: list[tuple[Any, ...]] = [
    ("POST", "/_bulk", '{"index":{"_index":"logs-1"}}\n{}\n{"delete":{"_index":"secret","_id":"1"}}\n'),
    ("POST", "/_reindex", {"source": {"index": "logs-1"}, "dest": {"index": "secret"}}),
    ("POST", "/_reindex", {"source": {"index": "secret"}, "dest": {"index": "logs-2"}}),
    ("POST", "/_reindex", {"source": {"index": "logs-1"}, "dest": {"index": "logs-2"}, "script": {"source": "ctx._index='secret'"}}),
    ("PUT", "/logs-new", {"aliases": {"secret": {}}}), ("PUT", "/logs-1/_clone/secret-2"), ("POST", "/_bulk/stream", "{}\n"),
    ("PUT", "/_ingest/pipeline/p", {}), ("PUT", "/_template/t", {"index_patterns": ["logs-*"], "aliases": {"secret-all": {}}}),
]  # fmt: skip


def named(cases: list[tuple[Any, ...]]) -> list[Any]:
    return [pytest.param(case, id=f"{number} {case[0]} {case[1]}"[:60]) for number, case in enumerate(cases, 1)]


@pytest.mark.parametrize("case", named(READING))
def test_a_reader_of_logs_gets_nothing_else(case: tuple[Any, ...]) -> None:
    refused(READER, *case)


@pytest.mark.parametrize("kibana", KIBANAS)
@pytest.mark.parametrize("case", named(THROUGH_KIBANA))
def test_nor_through_kibana(case: tuple[Any, ...], kibana: str) -> None:
    method, path, *body = case
    refused(READER, method, kibana + path, *body)


@pytest.mark.parametrize("kibana", KIBANAS)
@pytest.mark.parametrize("case", named(READING))
def test_nor_behind_the_old_proxy_of_kibana(case: tuple[Any, ...], kibana: str) -> None:
    method, path, *body = case
    refused(READER, method, f"{kibana}/elasticsearch{path}", *body)


@pytest.mark.parametrize("case", named(WRITING))
def test_a_writer_of_logs_writes_nowhere_else(case: tuple[Any, ...]) -> None:
    refused(WRITER, *case)


MORE: list[tuple[Any, ...]] = [
    # The forms of "every index" and of names that are none.
    *(("GET", f"/{form}/_search") for form in ("**", "_all,", ",,", "<{now{'*'}}>", "<{now{'_all'}}>", "%2A", "%5Fall")),
    *(("GET", f"/{form}/_search") for form in ("<s*>", "<\\secret>", "<secre{now{'t'}}>", "-logs-1", "logs-1,", "*:*")),
    *(("GET", f"/{form}/_search") for form in ("logs-1,*:*", "<{now/d}-logs->", "<logs->", "logs-1,-<secret>", ".kibana")),
    ("GET", "/logs-1//_search"), ("GET", "//logs-1/_search"), ("GET", "/./_search"), ("GET", "/logs-1/../secret/_search"),
    ("GET", "/logs-1/%2e%2e/_search"), ("GET", "/logs-1%00/_search"), ("GET", "/logs-1%c0%ac/_search"),
    ("GET", b"/logs-1\xff/_search"), ("GET", "/logs-1/_search#"), ("GET", "/logs-1/%5Fsearch/x/y"), ("GET", "/logs-1%/_search"),
    ("GET", "/logs-1/_search?index=secret"), ("GET", "/logs-1/_search?indices=secret"), ("PATCH", "/logs-1/_search"),
    ("get", "/logs-1/_search"), ("TRACE", "/logs-1/_search"), ("OPTIONS", "/logs-1/_search"), ("GET", "logs-1/_search"),
    # Bodies that two readers read differently, or that hide names in ways of their own.
    ("POST", "/logs-1/_search", b"\xef\xbb\xbf{}"), ("POST", "/logs-1/_search", b'{"qu\xc1\xa5ry":{}}'),
    ("POST", "/logs-1/_search", '{"query":{"match_all":{}}} {"index":1}'), ("POST", "/logs-1/_search", "[" * 100_000),
    ("POST", "/logs-1/_search", '{"a":' * 5000 + '"index"' + "}" * 5000), ("POST", "/logs-1/_search", '{"index":NaN,"a":1}'),
    ("POST", "/logs-1/_search", "{}", "application/yaml"), ("POST", "/logs-1/_search", "{}", "text/plain"),
    ("POST", "/logs-1/_search", "{}", "application/json; charset=utf-16"),
    ("POST", "/logs-1/_search", "{}", (AS_JSON, ("content-type", "application/cbor"))),
    ("POST", "/logs-1/_search", b"\x1f\x8b", (AS_JSON, ("Content-Encoding", "gzip"))),
    ("POST", "/logs-1/_search", gzip.compress(b"{}") * 2, (AS_JSON, ("Content-Encoding", "gzip"))),
    ("POST", "/logs-1/_search", gzip.compress(b"{}") + b"x", (AS_JSON, ("Content-Encoding", "gzip"))),
    ("POST", "/logs-1/_search", gzip.compress(b"{}")[:-9], (AS_JSON, ("Content-Encoding", "gzip"))),
    ("POST", "/logs-1/_search", b"{}", (AS_JSON, ("Content-Encoding", "gzip"), ("Content-Encoding", "gzip"))),
    ("POST", "/logs-1/_search", '{"query":{"terms":{"u":{"in\\u0064ex":"secret","id":"1","path":"u"}}}}'),
    ("POST", "/logs-1/_search", {"query": {"in": {"term": {"index": "secret", "id": "1", "path": "u"}}}}),
    ("POST", "/logs-1/_search", {"query": {"terms": {"term": {"index": "secret", "id": "1", "path": "u"}}}}),
    ("POST", "/logs-1/_search", {"query": {"geoShape": {"g": {"indexedShape": {"id": "1"}}}}}),
    ("POST", "/logs-1/_search", {"query": {"terms": {"u": {"index": "secret", "path": "u", "query": {"match_all": {}}}}}}),
    ("POST", "/logs-1/_search", {"suggest": {"s": {"phrase": {"field": "m", "collate": {"query": {"source": "{}"}}}}}}),
    ("POST", "/logs-1/_search", {"indices_boost": [{"secret": 2}]}), ("POST", "/logs-1/_search", {"query": {"template": {}}}),
    ("POST", "/logs-1/_search", {"search_pipeline": {"request_processors": []}}), ("POST", "/logs-1/_count", LOOKUP),
    ("POST", "/logs-1/_doc/1/_explain", LOOKUP), ("POST", "/logs-1/_explain/1", LOOKUP),
    ("POST", "/logs-1/_field_caps?fields=*", {"index_filter": LOOKUP["query"]}),
    ("POST", "/logs-1/_rank_eval", {"requests": [{"id": "a", "request": {}, "ratings": [{"_index": "secret", "_id": "1"}]}]}),
    ("POST", "/logs-1/_msearch", '{"index":null}\n{}\n'), ("POST", "/logs-1/_msearch", '{"index":"logs-1","indices":["x"]}\n{}\n'),
    ("POST", "/logs-1/_msearch", "\n{}\n"), ("POST", "/logs-1/_msearch", "\r\n{}\n"), ("POST", "/logs-1/_msearch", "{} {}\n{}\n"),
    ("POST", "/logs-1/_msearch", "{}\n" + TEXT + "\n"), ("POST", "/logs-1/_msearch", b""), ("POST", "/logs-1/_msearch", "/**/{}\n{}\n"),
    ("POST", "/logs-1/_msearch", '{}\r{"index":"secret"}\r{}\n{}\n'), ("POST", "/logs-1/_msearch/template", "{}\n{}\n"),
    ("POST", "/_mget", {"ids": ["1"]}), ("POST", "/logs-1/_mget", {"docs": [{"_index": 5, "_id": "1"}]}),
    ("POST", "/logs-1/_mtermvectors", SECRET_DOC), ("GET", "/logs-1/_mget?source={}", {"ids": ["1"]}),
    ("GET", "/logs-1/_search?source=a&source_content_type=application/yaml"), ("GET", "/logs-1/_search?scroll=1m&filter_path=*"),
    ("POST", "/logs-1/t/_percolate?percolate_index=secret", {}), ("GET", "/logs-1/_mpercolate"),
    # Metadata, cursors and administration.
    ("GET", "/_mapping"), ("GET", "/_settings"), ("GET", "/_settings?index=logs-1"), ("GET", "/_cat/indices?index=logs-1"),
    ("POST", "/logs-1/type/_percolate", {}), ("POST", "/logs-1/type/_search_shards"), ("POST", "/logs-1/type/_termvector", {}), ("POST", "/logs-1/_suggest", {}),
    ("GET", "/_alias?index=logs-1"), ("GET", "/_cluster/health?index=logs-1"), ("GET", "/_stats"), ("GET", "/_cat/aliases"), ("GET", "/_cluster/health?level=indices"),
    ("GET", "/_cluster/health/secret"), ("GET", "/_alias/secret"), ("GET", "/logs-1/_alias/secret"), ("GET", "/_cat"), ("GET", "/_nodes"),
    ("GET", "/_resolve/index/*"), ("GET", "/_template"), ("GET", "/_cluster/settings"), ("GET", "/_cluster/state/metadata/logs-1"), ("GET", "/_snapshot"), ("GET", "/_scripts/x"),
    ("GET", "/_tasks/node:1"), ("POST", "/_tasks/node:1/_cancel"), ("GET", "/_search/scroll/abc"), ("DELETE", "/_search/point_in_time/_all"),
    ("DELETE", "/_search/scroll", {"scroll_id": ["_all"]}), ("DELETE", "/_search/scroll", b"abc", "text/plain"), ("GET", "/_cat/pit_segments"),
    ("POST", "/logs-1/_forcemerge"), ("POST", "/_cache/clear"), ("GET", "/_flush"), ("PUT", "/logs-1/_settings", {}), ("DELETE", "/logs-1"),
    ("POST", "/_aliases", {"actions": []}), ("PUT", "/logs-2"), ("POST", "/logs-1/_doc", {}), ("POST", "/logs-1/_update/1", {}),
    ("GET", "/_plugins/_security/api/roles"), ("GET", "/_opendistro/_sql?sql=select"), ("POST", "/views/logs-1/_search"), ("GET", "/views"),
    ("GET", "/%5Fplugin/kibana/api/status"), ("GET", "/_plugin/head/"), ("GET", "/logs-1/_unknown"),
]  # fmt: skip


@pytest.mark.parametrize("case", named(MORE))
def test_other_ways_around_are_closed(case: tuple[Any, ...]) -> None:
    refused(READER, *case)


MORE_WRITING: list[tuple[Any, ...]] = [
    ("PUT", "/logs-*/_doc/1", {}), ("PUT", "/logs-1,logs-2/_doc/1", {}), ("PUT", "/<secret>/_doc/1", {}), ("PUT", "/secret/_doc/1", {}),
    ("POST", "/_bulk", '{"index":{}}\n{}\n'), ("POST", "/logs-1/_bulk", '{"index":{"_index":""}}\n{}\n'), ("POST", "/_bulk", b""),
    ("POST", "/logs-1/_bulk", '{"index":{"_in\\u0064ex":"secret"}}\n{}\n'), ("POST", "/logs-1/_bulk", '{"index":{"_index":7}}\n{}\n'),
    ("POST", "/logs-1/_bulk", '{"index":{"_index":"logs-1","_index":"secret"}}\n{}\n'), ("POST", "/logs-1/_bulk", '{"x":{}}\n{}\n'),
    ("POST", "/logs-1/_bulk", '{"index":{"_index":"<secret>"}}\n{}\n'), ("POST", "/logs-1/_bulk", '{"index":{}}{"index":{}}\n{}\n'),
    ("POST", "/logs-1/_bulk", '{"delete":{"_id":"1"}}\n{"index":{"_index":"secret"}}\n{}\n'), ("POST", "/logs-1/_bulk", '\r\n{"index":{}}\n{}\n'),
    ("POST", "/logs-1/_bulk", '/**/{"index":{"_index":"secret"}}\n{}\n'), ("POST", "/logs-1/_bulk", '{"index":{"index":"secret"}}\n{}\n'),
    ("POST", "/logs-1/_delete_by_query", LOOKUP), ("POST", "/logs-1/_update_by_query?pipeline=p", {}), ("POST", "/_delete_by_query?index=logs-1", {}),
    ("POST", "/logs-*,secret/_delete_by_query", {}), ("POST", "/_reindex", {"source": {"index": ["logs-1", "secret"]}, "dest": {"index": "logs-2"}}),
    ("POST", "/_reindex", {"source": {"index": "logs-1", "query": LOOKUP["query"]}, "dest": {"index": "logs-2"}}),
    ("POST", "/_reindex", {"source": {"index": "logs-1", "remote": {"host": "x"}}, "dest": {"index": "logs-2"}}),
    ("POST", "/_reindex", {"source": {"index": "logs-1"}, "dest": {"index": "logs-2", "pipeline": "p"}}), ("PUT", "/logs-2"), ("DELETE", "/logs-1"),
    ("POST", "/logs-1/_doc/_update_by_query"), ("PUT", "/logs-1/_doc/_bulk", {}), ("PUT", "/logs-1/doc/_search", {}), ("PUT", "/logs-1/_doc/_mget", {}),
    ("POST", "/logs-1/_doc/_validate", {}), ("POST", "/_reindex/node:1/_rethrottle"), ("PUT", "/logs-1/_alias/logs-2"),
]  # fmt: skip


@pytest.mark.parametrize("case", named(MORE_WRITING))
def test_other_ways_to_write_elsewhere_are_closed(case: tuple[Any, ...]) -> None:
    refused(WRITER, *case)


MORE_KIBANA: list[tuple[Any, ...]] = [
    ("POST", "/api/console/proxy?path=logs-1/_search&path=secret/_search&method=GET"), ("POST", "/api/console/proxy?uri=logs-1/_search&path=x&method=GET"),
    ("POST", "/api/console/proxy?path=logs-1/../secret/_search&method=GET"), ("POST", "/api/console/proxy?path=%5Csecret/_search&method=GET"),
    ("POST", "/api/console/proxy?path=secret/_search%23&method=GET"), ("POST", "/api/console/proxy?path=http://x/_search&method=GET"),
    ("POST", "/api/console/proxy?path=logs-1/_search&method=DELETE"), ("POST", "/api/console/proxy?path=//secret/_search&method=GET"),
    ("POST", "/api/console/proxy?path=logs-1%252Csecret/_search&method=GET"), ("DELETE", "/api/console/proxy?uri=logs-1"),
    ("POST", "/api/console/proxy?path=logs-1/_search&method=GET&dataSourceId=x"), ("POST", "/api/console/proxy?path=logs-1/_search&method=GET&data%53ourceId=x"),
    ("POST", "/internal/search/sql", {"params": {"index": "logs-1", "body": {}}}), ("POST", "/internal/search/es/abc", {"params": {"index": "logs-1"}}),
    ("POST", "/internal/search/es", {"params": {"index": "logs-1", "body": LOOKUP}}), ("POST", "/internal/search/es", {"params": {"index": []}}),
    ("POST", "/internal/search/es", {"params": {"index": ["logs-1", "secret"]}}), ("POST", "/internal/_msearch", {"searches": [{"body": {}}]}),
    ("POST", "/internal/search/es", {"params": {"index": "logs-1"}, "dataSourceId": "x"}),
    ("POST", "/api/metrics/vis/data", {"panels": [{"index_pattern": ""}]}), ("POST", "/api/metrics/vis/data", {"panels": [{}]}),
    ("POST", "/api/metrics/vis/data", {"panels": [{"index_pattern": "logs-*", "annotations": [{"index_pattern": "secret"}]}]}),
    ("POST", "/api/metrics/vis/data", {"panels": [{"index_pattern": "logs-*", "series": [{"override_index_pattern": 1, "series_index_pattern": "secret"}]}]}),
    ("POST", "/api/metrics/vis/data", {"panels": [{"index_pattern": "logs-*"}], "filters": [LOOKUP["query"]]}),
    *(("POST", "/api/timelion/run", {"sheet": [sheet]}) for sheet in (
        ".es(index=secret)", ".es()", ".elasticsearch(q=a)", ".es(index=logs-*),.es(*)", ".es(index=logs-*).add(.es(index=secret))", ".graphite(a)",
        ".es(index=logs-*, index=secret)", ".es('a', 'b', 'c', 'secret', index=logs-1)", ".es(index='logs-*\\')", ".quandl(x)", ".es(index=logs-*",
        ".es(index=logs-*,a,b,secret)", ".opensearch(index=_all)", ".unknown()", ".es(index=logs-*))", ".es(index=\"logs-1,secret\")", 7)),
    ("POST", "/api/timelion/run", {"sheet": [".es(index=logs-*)"], "extended": {"es": {"filter": {"bool": {"must": LOOKUP["query"]}}}}}),
    ("GET", "/api/index_patterns/_fields_for_wildcard?pattern=secret"), ("GET", "/api/index_patterns/_fields_for_wildcard?pattern=logs-*&pattern=*"),
    ("GET", "/api/index_patterns/_fields_for_wildcard?pattern=logs-*&p%61ttern=*"), ("GET", "/api/metrics/fields?index=secret"), ("GET", "/api/metrics/fields"),
    ("GET", "/api/kibana/secret/field_capabilities"), ("POST", "/api/kibana/suggestions/values/secret", {}), ("POST", "/api/kibana/secret/_count"),
    ("POST", "/api/kibana/suggestions/values/logs-1", {"boolFilter": [LOOKUP["query"]]}), ("POST", "/api/home/hits_status", {"index": "secret", "query": {}}),
    ("POST", "/elasticsearch/.kibana/index-pattern/x?op_type=create", {"title": "x"}), ("POST", "/elasticsearch/.kibana/index-pattern/x", {"title": "y"}),
    ("POST", "/elasticsearch/.kibana/dashboard/x", {"title": "x"}), ("DELETE", "/elasticsearch/.kibana/index-pattern/x"), ("POST", "/elasticsearch/.kibana/_refresh"),
    ("DELETE", "/elasticsearch/.kibana"), ("POST", "/elasticsearch/.kibana/_bulk", '{"index":{}}\n{}\n'), ("PUT", "/api/saved_objects/index-pattern/x", {"attributes": {"a": 1}}),
    ("GET", "/s%61/x"), ("POST", "/%61pi/console/proxy?path=secret/_search&method=GET"), ("POST", "/s/space/api/console/proxy?path=secret/_search&method=GET"),
    ("GET", "/api/security/x"), ("POST", "/api/sql_console/query", {"query": "select"}), ("GET", "/api/timelion/validate/es"), ("POST", "/shorten"),
    ("GET", "/elasticsearch/logs-1/_search/../../secret/_search"), ("GET", "/elasticsearch//_search"), ("POST", "/api/sample_data/flights"),
]  # fmt: skip


@pytest.mark.parametrize("kibana", KIBANAS)
@pytest.mark.parametrize("case", named(MORE_KIBANA))
def test_other_ways_through_kibana_are_closed(case: tuple[Any, ...], kibana: str) -> None:
    method, path, *body = case
    refused(READER, method, kibana + path, *body)


def test_nobody_without_a_role_may_do_anything() -> None:
    for target in ("/", "/_cluster/health", "/logs-1/_search", "/_plugin/kibana/app/kibana"):
        assert refused((), "GET", target).reason("alice") == (
            f"alice may not use this domain (GET {target}). No role is given to this user. "
            "Ask an administrator for a role."
        )


def test_without_dashboards_kibana_stays_closed_even_to_administrators() -> None:
    admin = (Role("admin", manage=("*",)),)
    for target in ("/_plugin/kibana/", "/_dashboards/app/home", "/%5Fdashboards/app/home", "//_dashboards/app/home"):
        refused(admin, "GET", target)
    allowed(admin, "FOO", "//_search;x")


def test_what_cannot_be_judged_through_kibana_is_not_for_people_who_may_only_read_all() -> None:
    reads_all = (Role("auditor", read=("*",), dashboards="view"),)
    for path in ("/api/console/proxy?path=a/../b&method=DELETE", "/elasticsearch/a/../b", "/api/ism/apiCaller"):
        refused(reads_all, "POST", "/_dashboards" + path)
    refused(reads_all, "POST", "/_dashboards/internal/search/es", {"params": {"index": "a", "method": "PUT"}})
    refused(reads_all, "POST", "/_plugins/_sql", {"query": "DELETE FROM a"})
    allowed(reads_all, "POST", "/_plugins/_sql", {"query": "SELECT 1"})


def test_an_index_that_would_read_others_is_not_made_by_a_manager() -> None:
    percolator = {"properties": {"q": {"type": "percolator"}}}
    refused(MANAGER, "PUT", "/team-x", {"mappings": percolator})
    refused(MANAGER, "PUT", "/team-x/_mapping", percolator)
    refused(MANAGER, "PUT", "/team-x/_mapping", '{"properties":{"q":{"type":"percol\\u0061tor"}}}')
    refused(MANAGER, "PUT", "/team-x", {"settings": {"index.shrink.source.name": "secret"}})
    refused(MANAGER, "PUT", "/team-x", {"settings": {"index": {"resize": {"source": {"name": "secret"}}}}})
    refused(MANAGER, "PUT", "/team-x", {"aliases": {"team-y": {"filter": LOOKUP["query"]}}})
    refused(MANAGER, "POST", "/_aliases", {"actions": [{"add": {"indices": ["team-x", "secret"], "alias": "team-y"}}]})
    refused(MANAGER, "DELETE", "/?index=team-x")
    refused(MANAGER, "POST", "/_refresh?index=team-x")
    refused(MANAGER, "POST", "/_aliases", {"actions": [{"remove_index": {"index": "secret"}}]})


def test_the_sentence_says_who_what_where_and_what_to_ask_for() -> None:
    verdict = refused(READER, "POST", "/_msearch?x=1", '{"index":"logs-1"}\n{}\n{"index":"secret-2024"}\n{}\n', NDJSON)
    assert (verdict.index, verdict.line, verdict.need.action, verdict.roles) == ("secret-2024", 3, "read", ("analyst",))
    assert verdict.reason("alice") == (
        "alice may not read secret-2024 (POST /_msearch, line 3). The role analyst allows reading logs-*. "
        "Ask for these, or ask an administrator for 'read' on secret-2024."
    )


def test_the_first_forbidden_line_of_a_bulk_is_named() -> None:
    lines = (
        '{"create":{"_index":"logs-1"}}\n{"index":{"_index":"secret"}}\n\n{"update":{"_index":"other","_id":"1"}}\n{}\n'
    )
    verdict = refused(WRITER, "POST", "/_bulk", lines)
    assert (verdict.index, verdict.line) == ("other", 4)


def test_what_the_client_sent_is_shown_in_a_safe_form() -> None:
    verdict = refused(READER, "GET", "/s%E2%80%AE" + "x" * 500 + "/_search")
    assert "\u202e" not in verdict.reason("alice") and len(verdict.reason("alice")) < 1500
