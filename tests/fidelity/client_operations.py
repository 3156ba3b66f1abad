"""What programs do with the official clients, as one piece of work whose results can be compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

PREFIX = "fidelity-work"
DATE_MATH = f"<{PREFIX}-{{now/d}}>"
DATE_MATH_ZONE = f"<{PREFIX}-z-{{now/d{{YYYY.MM.dd|+12:00}}}}>"
ODD_INDEXES = [f"{PREFIX}{marks}odd" for marks in ("+;@$", "!(1)'=", "%&~")]
ODD_IDS = [
    "a/b",
    "a b",
    "größe",
    "東京",
    "a+b",
    "a%2Fb",
    "a;b=c",
    "100%",
    "?q=1",
    "#",
    "a,b",
    "a//b",
    '"',
    "*",
    "a\tb",
    "😀",
]
DOCUMENTS = 900
# What differs between two runs of the same work.
_VOLATILE = {"took", "_scroll_id", "creation_date", "uuid", "cluster_uuid", "index_uuid", "took_millis"}
_UUID = re.compile(r"\b[A-Za-z0-9_-]{22}\b")


class Work:
    """`client` is one of the official ones; `is_typed` where each document needs a type, as up to Elasticsearch 6."""

    def __init__(self, client: Any, helpers: Any, not_found: type[Exception], *, is_typed: bool) -> None:
        self.client = client
        self.helpers = helpers
        self.not_found = not_found
        self.kind: dict[str, str] = {"doc_type": "doc"} if is_typed else {}
        self.in_bulk: dict[str, str] = {"_type": "doc"} if is_typed else {}

    def clean(self) -> None:
        self.client.indices.delete(index=f"{PREFIX}*", ignore=[404])
        self.client.indices.delete_template(name=f"{PREFIX}-template", ignore=[404])

    def results(self) -> dict[str, Any]:
        """Each step's answer by its name, without what no two runs share."""
        steps: list[Callable[[], Any]] = [
            self.template, self.bulk, self.odd_ids, self.scan, self.searches, self.msearch, self.cat, self.aliases,
            self.date_math, self.odd_indexes, self.missing, self.bad_query, self.updates, self.deletes,
        ]  # fmt: skip
        return {step.__name__: steady(step()) for step in steps}

    def template(self) -> list[Any]:
        settings = {"number_of_shards": 1, "number_of_replicas": 0}
        pattern = {"template": f"{PREFIX}*"} if self.kind else {"index_patterns": [f"{PREFIX}*"]}
        name = f"{PREFIX}-template"
        return [
            self.client.indices.put_template(name=name, body={**pattern, "settings": settings}),
            self.client.indices.get_template(name=name),
            self.client.indices.create(index=PREFIX, body={"settings": settings}),
            self.client.indices.exists(index=PREFIX),
            self.client.indices.exists(index=f"{PREFIX}-none"),
        ]

    def bulk(self) -> list[Any]:
        done = self.helpers.bulk(self.client, self._actions(), chunk_size=400, refresh=True)
        return [done, self.client.count(index=PREFIX)]

    def _actions(self) -> Iterator[dict[str, Any]]:
        for number in range(DOCUMENTS):
            user = ("kimchy", "größer", "東京")[number % 3]
            source = {"user": user, "age": number % 90, "message": f"Zeile {number} – ½ " + "x" * (number % 200)}
            yield {"_index": PREFIX, "_id": str(number), "_source": source, **self.in_bulk}

    def odd_ids(self) -> list[Any]:
        answers = []
        for id_ in ODD_IDS:
            answers.append(self.client.index(index=f"{PREFIX}-ids", id=id_, body={"id": id_}, **self.kind))
            answers.append(self.client.get(index=f"{PREFIX}-ids", id=id_, **self.kind))
            assert answers[-1]["_source"] == {"id": id_}
        return [*answers, self.client.indices.refresh(index=f"{PREFIX}-ids")]

    def scan(self) -> list[Any]:
        query = {"query": {"range": {"age": {"gte": 10}}}, "sort": ["_doc"]}
        hits = self.helpers.scan(self.client, query=query, index=PREFIX, size=200, preserve_order=True, scroll="1m")
        return sorted(hits, key=lambda hit: int(hit["_id"]))

    def searches(self) -> list[Any]:
        search = self.client.search
        return [
            search(index=PREFIX, q='user:größer AND age:[10 TO 20} AND message:"Zeile 11"', size=50, sort="age,user.keyword"),
            search(index=PREFIX, q="user:(kim* OR 東京) +age:>80", params={"filter_path": "hits.hits._source,hits.total"}),
            search(index=f"{PREFIX}*,-{PREFIX}-ids", body={"query": {"match_all": {}}, "size": 0}),
            search(index=PREFIX, body={"size": DOCUMENTS, "sort": [{"age": "asc"}, {"user.keyword": "asc"}, {"_doc": "asc"}]}),
            search(index=PREFIX, body={"size": 0, "aggs": {"by user": {"terms": {"field": "user.keyword"}}}}),
        ]  # fmt: skip

    def msearch(self) -> Any:
        lines: list[dict[str, Any]] = []
        for user in ("kimchy", "größer", "nobody"):
            lines += [
                {"index": PREFIX},
                {"query": {"match": {"user": user}}, "size": 3, "sort": ["age", "user.keyword"]},
            ]
        lines += [{"index": f"{PREFIX}-none"}, {"query": {"match_all": {}}}]
        return self.client.msearch(body=lines)

    def cat(self) -> list[Any]:
        indices = self.client.cat.indices
        return [
            indices(index=f"{PREFIX}*", v=True, h="index,docs.count,health,pri,rep", s="index:desc"),
            indices(index=f"{PREFIX}*", format="json", h="index,docs.count", s="index"),
            indices(help=True),
            self.client.cat.count(index=PREFIX, h="count"),
        ]

    def aliases(self) -> list[Any]:
        indices, name = self.client.indices, f"{PREFIX}-alias"
        filtered = {"filter": {"term": {"age": 1}}}
        actions = {"actions": [{"add": {"index": PREFIX, "alias": f"{name}-2", **filtered}}]}
        return [
            indices.put_alias(index=PREFIX, name=name),
            indices.update_aliases(body=actions),
            indices.get_alias(name=f"{name},{name}-2"),
            self.client.count(index=f"{name}-2"),
            self.client.cat.aliases(name=f"{name}*", s="alias"),
            indices.delete_alias(index=PREFIX, name=name),
            indices.exists_alias(name=name),
        ]

    def date_math(self) -> list[Any]:
        answers = []
        for name in (DATE_MATH, DATE_MATH_ZONE):
            answers += [
                self.client.index(index=name, id="1", body={"a": 1}, refresh=True, **self.kind),
                self.client.search(index=name),
                self.client.indices.exists(index=name),
            ]
        return [*answers, self.client.count(index=f"{DATE_MATH},{DATE_MATH_ZONE}")]

    def odd_indexes(self) -> list[Any]:
        answers = []
        for name in ODD_INDEXES:
            answers.append(self.client.index(index=name, id="a/b", body={"name": name}, refresh=True, **self.kind))
            answers.append(self.client.search(index=name))
            assert answers[-1]["hits"]["hits"][0]["_source"] == {"name": name}
            answers.append(self.client.indices.delete(index=name))
        return answers

    def missing(self) -> list[Any]:
        return [
            self._failure(self.client.get, index=PREFIX, id="none", **self.kind),
            self._failure(self.client.search, index=f"{PREFIX}-none"),
            self.client.delete(index=PREFIX, id="none", ignore=[404], **self.kind),
            self.client.exists(index=PREFIX, id="none", **self.kind),
        ]

    def _failure(self, call: Callable[..., Any], **how: Any) -> list[Any]:
        try:
            call(**how)
        except self.not_found as failure:
            status, kind, info = failure.args
            return [status, kind, info]
        raise AssertionError("it should not have been found")

    def bad_query(self) -> Any:
        return self.client.search(index=PREFIX, body={"query": {"nonsense": {}}}, ignore=[400])

    def updates(self) -> list[Any]:
        body = {
            "query": {"term": {"user.keyword": "kimchy"}},
            "script": {"lang": "painless", "source": "ctx._source.seen = true"},
        }
        if self.kind:
            body["script"] = {"lang": "painless", "inline": "ctx._source.seen = true"}
        return [
            self.client.update_by_query(
                index=PREFIX, body=body, refresh=True, ignore=[400]
            ),  # OpenSearch's core has none
            self.client.count(index=PREFIX, q="seen:true"),
            self.client.update(index=PREFIX, id="1", body={"doc": {"age": 1000}}, refresh=True, **self.kind),
        ]

    def deletes(self) -> list[Any]:
        query = {"query": {"range": {"age": {"lt": 45}}}}
        return [
            self.client.delete(index=PREFIX, id="1", refresh=True, **self.kind),
            self.client.delete_by_query(index=PREFIX, body=query, refresh=True, ignore=[400]),
            self.client.count(index=PREFIX),
        ]


def steady(value: Any) -> Any:
    """Without timings, identifiers made at random, and the ids of scrolls."""
    if isinstance(value, dict):
        return {key: steady(content) for key, content in value.items() if key not in _VOLATILE}
    if isinstance(value, (list, tuple)):
        return [steady(content) for content in value]
    return _UUID.sub("<uuid>", value) if isinstance(value, str) else value
