import http.client
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from access_es.demo import sample_data
from access_es.demo.log_documents import log_documents
from access_es.demo.sample_data import PATTERN, SampleDataRefused, Send, load_sample_data
from access_es.demo.stack import Engines

NOW = datetime(2024, 5, 17, 12, 0, tzinfo=UTC)
COUNT = 2500


def silent(text: str) -> None:
    pass


class Domain:
    """As much of a domain, and of its Kibana, as loading needs."""

    def __init__(self, *, kibana: bool = True) -> None:
        self.documents: dict[str, str] = {}
        self.fresh = True
        self.kibana = kibana
        self.saved: dict[str, object] = {}
        self.asked: list[str] = []

    def send(self, method: str, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        self.asked.append(f"{method} {path}")
        if path == "/_bulk":
            return 200, self._bulk(body, content_type)
        if path.endswith("/_count"):
            count = len(self.documents) if body == b"{}" or self.fresh else 0
            return 200, b'{"count": %d}' % count
        if path.startswith("/.kibana"):
            return self._kibana(method, path.partition("?")[0], body)
        if method == "DELETE":
            self.documents.clear()
        return 200, b"{}"

    def _bulk(self, body: bytes, content_type: str) -> bytes:
        assert content_type == "application/x-ndjson"
        lines = body.decode().split("\n")
        assert lines.pop() == ""
        for action, source in zip(lines[::2], lines[1::2], strict=True):
            target = json.loads(action)["index"]
            assert json.loads(source)["@timestamp"][:10].replace("-", ".") == target["_index"][-10:]
            self.documents[f"{target['_index']}/{target['_id']}"] = source
        self.fresh = True
        return b'{"errors": false}'

    def _kibana(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if method == "HEAD":
            return 200 if self.kibana and (path == "/.kibana" or path in self.saved) else 404, b""
        self.saved[path] = json.loads(body)
        return 201, b"{}"


def test_a_new_domain_gets_all_documents_and_an_index_pattern() -> None:
    domain = Domain()
    load_sample_data(domain.send, silent, now=NOW, count=COUNT)
    assert len(domain.documents) == COUNT
    assert domain.saved[f"/.kibana/index-pattern/{PATTERN}"] == {"title": PATTERN, "timeFieldName": "@timestamp"}
    settings = domain.saved["/.kibana/config/5.1.1/_update"]
    assert isinstance(settings, dict)
    assert settings["doc"]["defaultIndex"] == PATTERN


def test_a_second_start_changes_nothing() -> None:
    domain = Domain()
    load_sample_data(domain.send, silent, now=NOW, count=COUNT)
    domain.asked.clear()
    load_sample_data(domain.send, silent, now=NOW, count=COUNT)
    assert {asked.split("?")[0] for asked in domain.asked} == {
        f"POST /{PATTERN}/_count",
        "HEAD /.kibana",
        f"HEAD /.kibana/index-pattern/{PATTERN}",
    }


def test_an_interrupted_load_is_done_anew() -> None:
    domain = Domain()
    load_sample_data(domain.send, silent, now=NOW, count=COUNT)
    for key in list(domain.documents)[1000:]:
        del domain.documents[key]
    load_sample_data(domain.send, silent, now=NOW + timedelta(days=2), count=COUNT)
    assert len(domain.documents) == COUNT


def test_old_logs_are_replaced_by_new_ones() -> None:
    domain = Domain()
    load_sample_data(domain.send, silent, now=NOW, count=COUNT)
    domain.fresh = False
    load_sample_data(domain.send, silent, now=NOW + timedelta(days=30), count=COUNT)
    assert len(domain.documents) == COUNT
    assert all("-2024.06." in key for key in domain.documents)


def test_without_kibana_no_index_pattern_is_made() -> None:
    domain = Domain(kibana=False)
    load_sample_data(domain.send, silent, now=NOW, count=COUNT)
    assert domain.saved == {}


def test_a_refusal_is_reported_with_the_answer() -> None:
    def send(method: str, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        return 403, b'{"message": "not authorized"}'

    with pytest.raises(SampleDataRefused, match=r"403.*not authorized"):
        load_sample_data(send, silent, count=COUNT)


def test_documents_refused_in_a_bulk_are_reported() -> None:
    class Full(Domain):
        def _bulk(self, body: bytes, content_type: str) -> bytes:
            return b'{"errors": true, "items": ["disk full"]}'

    with pytest.raises(SampleDataRefused, match="disk full"):
        load_sample_data(Full().send, silent, now=NOW, count=COUNT)


def test_a_batch_is_a_few_megabytes_at_most() -> None:
    """Small enough for every front door and for the domain's own limit of 10 MiB on small instances."""
    batches = sample_data.batches(log_documents(NOW, 30_000))
    assert max(len(sample_data.bulk_body(batch)) for batch in batches) < 4_000_000


@pytest.fixture
def send(engines: Engines) -> Iterator[Send]:
    address = urlsplit(engines.elasticsearch or "")
    connection = http.client.HTTPConnection(address.hostname or "", address.port)

    def send(method: str, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        connection.request(method, path, body, {"Content-Type": content_type})
        response = connection.getresponse()
        return response.status, response.read()

    yield send
    connection.close()


@pytest.mark.engines
def test_a_real_domain_takes_the_logs_once_and_finds_things_in_them(send: Send) -> None:
    said: list[str] = []
    load_sample_data(send, said.append)
    assert sample_data.is_loaded(send, sample_data.DOCUMENTS)
    loaded = len(said)
    load_sample_data(send, said.append)
    assert len(said) == loaded
    query = {"size": 0, "query": {"match": {"message": "müsli"}}, "aggs": {"a": {"terms": {"field": "service"}}}}
    _, answer = send("POST", f"/{PATTERN}/_search", json.dumps(query).encode(), "application/json")
    assert json.loads(answer)["hits"]["total"] > 100
    assert len(json.loads(answer)["aggregations"]["a"]["buckets"]) == 5


@pytest.mark.engines
def test_the_real_kibana_keeps_its_build_number_beside_our_defaults(send: Send) -> None:
    load_sample_data(send, silent)
    _, answer = send("GET", "/.kibana/config/5.1.1", b"", "application/json")
    settings = json.loads(answer)["_source"]
    assert settings["buildNum"] == 8467
    assert settings["defaultIndex"] == PATTERN
    assert re.search(r"now-7d", settings["timepicker:timeDefaults"])
