"""Requests as honest and as hostile people might send them: every route, filled and bent at random, from one seed.

Half of what a request is made of names what its sender may read, so that many get through and show what they do.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from access_es.messages import Headers
from access_es.permissions import routes

ALLOWED = ("fuzz-1", "fuzz-2")
FORBIDDEN = ("zsecret", "zother", "shapes", ".kibana", "fuzy-1", "fu")
FORBIDDEN_ALIASES = ("zsecret-alias", "zmixed-alias")
_FINE = (
    "fuzz-1",
    "fuzz-2",
    "fuzz-*",
    "fuzz-1,fuzz-2",
    "<fuzz-{now%2Fd}>",
    "fuzz-*,-fuzz-2",
    "fuzz-1*",
    "%66uzz-1",
    "fuzz-absent",
)
_BENT = (
    "zsecret", "zs*", "*", "_all", "**", "%2A", ",", "%2C", ",,", "_all,", "fuzz-1,", ",fuzz-1", "fuzz-1,zsecret",
    "fuzz-1%2Czsecret",
    "%7As%65cret", "<zsecret>", "<zs*>", "<*>", "<{now{'zsecret'}}>", "%3C%7Bnow%7B%27zsecret%27%7D%7D%3E",
    "<zsecre{now{'t'}}>", "<fuzz->",
    "+zsecret", "%2Bzsecret", "-fuzz-1", "-zsecret", "*,-fuzz-1", "zsecret,-fuzz-1", "fuzz-*,-zsecret", "fuzz-*,-*",
    "fuzz-1,-<zsecret>", "f*",
    "fu*", "fuz*", "*-1", "zsecret-alias", "zmixed-alias", ".kibana", ".k*", "other:fuzz-1", "*:*", "fuzz-1,*:*",
    "fuzz-1%00", "fuzz-1%20",
    "%5Fall", "FUZZ-1", "fuzz-%2e%2e", "..", ".", "%2e%2e", "", "fuzz-1/", "/zsecret", "views", "_search", "_doc",
    "zother", "shapes",
    "fuzz-1%252Czsecret", "fuzz-*%2Czs*", "<fuzz-{now{'x'}}>", "<fuzz-1{now%2Fd{'*'}}>", "fuzz-1;zsecret", "fuzz-1#",
    "fuzz-1%23", "fuzz-1%3Findex=zsecret",
)  # fmt: skip
_TYPES = ("doc", "_doc", "type", "*", "%5Fdoc", "_search", "doc,type", "_all")
_IDS = ("1", "2", "a%2Fb", "_search", "_mget", "_validate", "%5Fsearch", "1/../../zsecret", "x")
_QUERIES = (
    "q=u:alpha", "size=3", "scroll=1m", "explain=true", "filter_path=hits", "format=yaml", "pretty", "typed_keys=true",
    "v", "h=index",
    "ignore_unavailable=true", "allow_no_indices=false", "expand_wildcards=all", "expand_wildcards=open,hidden",
    "preference=_local", "routing=a",
    "fields=*", "level=indices", "level=shards", "rewrite=true", "index=zsecret", "index=fuzz-1", "index=*",
    "%69ndex=zsecret", "i%6Edex=zsecret",
    "q=a;index=zsecret", "index=fuzz-1&index=zsecret", "indices=zsecret", "wait_for_completion=false", "refresh=true",
    "pipeline=p", "_source=true",
    "op_type=create", "scroll_id={scroll}", "search_type=dfs_query_then_fetch", "stored_fields=*", "ids=1",
    "realtime=false", "name=zsecret",
    "alias=zsecret", "type=doc", "id=1", "method=DELETE", "filter_path=**", "include_type_name=true", "local=true",
    "human", "error_trace=true",
    "percolate_index=zsecret", "source={source}&source_content_type=application/json", "source={source}", "cause=x",
    "request_cache=true", "suggest_field=u",
    "analyzer=standard&text=alpha", "q=_index:zsecret", "sort=u.keyword", "lenient=true", "from=1", "timeout=1s",
    "rest_total_hits_as_int=true",
)  # fmt: skip
_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "FOO", "get", "TRACE", "OPTIONS")
_JSON_TYPES = ("application/json", "application/json", "application/json; charset=UTF-8", "application/x-ndjson", None)
_OTHER_TYPES = (
    "text/plain", "application/cbor", "application/smile", "application/yaml", "application/x-www-form-urlencoded",
    "text/html",
    "application/json; charset=utf-16", "application/vnd.opensearch+json",
    "application/vnd.elasticsearch+json;compatible-with=7", "APPLICATION/JSON",
)  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """One request, and for a report the seed that makes it again."""

    method: str
    target: bytes
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class Foreign:
    """Cursors that somebody else opened on what is forbidden, to be tried."""

    scroll: str = "none"
    pit: str = "none"
    task: str = "node:1"


_ROWS = (*routes._SEARCHES, *routes._CURSORS, *routes._METADATA, *routes._WRITES, *routes._ADMINISTRATION)
_TEMPLATES = [
    (methods.split(), segments, reader.__name__)
    for _, reader, methods, templates in _ROWS
    for template in templates.split()
    for segments in routes._expand(template)
]
# Routes that name nothing are refused at once: the others are where something can go wrong.
_WEIGHTS = [1 if reader == "everything" or "{c}" in segments else 6 for _, segments, reader in _TEMPLATES]
_BODILESS = ("names", "alias_names", "document", "everything", "free", "health", "pit_open", "manage", "delete_alias")


@dataclass
class Maker:
    """Makes one request after the other. `kibana`: the prefix under which some are carried, "" for none."""

    chance: random.Random
    foreign: Foreign = field(default_factory=Foreign)
    kibana: str = ""
    fine: tuple[str, ...] = _FINE

    def make(self) -> Sent:
        ((methods, segments, reader),) = self.chance.choices(_TEMPLATES, _WEIGHTS)
        method = self.chance.choice(methods) if self._often(0.93) else self.chance.choice(_METHODS)
        path = "/" + "/".join(self._segment(segment) for segment in segments)
        query = self._query()
        if "{i}" not in segments and self._often(0.4):
            query = f"index={self.name()}" + ("&" + query if query else "")
        body = self._body(reader) if self._often(0.04 if reader in _BODILESS else 0.85) else b""
        if self.kibana and self._often(0.5):
            method, path, query = self._carried(method, path, query)
        target = self._bent_target((path + ("?" + query if query else "")).encode("utf-8", "surrogateescape"))
        headers, body = self._framed(body)
        return Sent(method, target, headers, body)

    def _often(self, share: float) -> bool:
        return self.chance.random() < share

    def name(self) -> str:
        """An index expression as it may stand in a path."""
        return self.chance.choice(self.fine) if self._often(0.75) else self.chance.choice(_BENT)

    def plain_name(self) -> str:
        """The same as it may stand in a body."""
        return self.name().replace("%2F", "/").replace("%66", "f").replace("%2A", "*").replace("%2C", ",")

    def _segment(self, segment: str) -> str:
        match segment:
            case "{i}" | "{n}" | "{target}":
                return self.name()
            case "{t}" | "{T}":
                return self.chance.choice(_TYPES[:3]) if self._often(0.8) else self.chance.choice(_TYPES)
            case "{c}":
                return self.chance.choice((self.foreign.scroll, self.foreign.task, "_all"))
            case "{feature}":
                return self.chance.choice(("_settings", "_mappings", "_settings,_aliases", "_search", "doc"))
            case "{f}" | "**":
                return self.chance.choice(("u", "*", "_source", "indices", "x"))
        return self.chance.choice(_IDS) if segment.startswith("{") else segment

    def _query(self) -> str:
        if self._often(0.65):
            return ""
        picked = "&".join(self.chance.choice(_QUERIES) for _ in range(self.chance.choice((1, 1, 2))))
        source = base64.b16encode(json.dumps(self._search()).encode()).decode()
        escaped = "".join("%" + source[at : at + 2] for at in range(0, len(source), 2))
        return picked.replace("{scroll}", self.foreign.scroll).replace("{source}", escaped)

    def _carried(self, method: str, path: str, query: str) -> tuple[str, str, str]:
        if self._often(0.6):
            return method, f"{self.kibana}/elasticsearch{path}", query
        inner = path.removeprefix("/") + ("?" + query if query else "")
        quoted = (
            inner.replace("%", "%25").replace("&", "%26").replace("#", "%23").replace("+", "%2B")
            if self._often(0.8)
            else inner
        )
        if self._often(0.5):
            return method, f"{self.kibana}/api/console/proxy", f"uri={quoted}"
        return "POST", f"{self.kibana}/api/console/proxy", f"path={quoted}&method={method}"

    def _bent_target(self, target: bytes) -> bytes:
        target = target.replace(b" ", b"%20")
        if self._often(0.9):
            return target
        at = self.chance.randrange(1, len(target) + 1)
        insert = self.chance.choice(
            (
                b"/",
                b"//",
                b"/./",
                b"/../",
                b"%2e",
                b"%2f",
                b"%5f",
                b";",
                b"+",
                b"#",
                b"\\",
                b"?",
                b"&",
                b"\xff",
                b"%c0%ae",
                b"*",
                b",",
            )
        )
        bent: tuple[Callable[[], bytes], ...] = (
            lambda: target[:at] + insert + target[at:],
            lambda: target + b"/",
            lambda: target[:at] + b"".join(b"%%%02X" % byte for byte in target[at : at + 1]) + target[at + 1 :],
            lambda: b"/" + target,
        )
        return self.chance.choice(bent)()

    def _body(self, reader: str) -> bytes:
        match reader:
            case "msearch":
                return self._lines(self._header, self._search)
            case "bulk":
                return self._bulk()
            case "multi_documents":
                return self._json(
                    {"docs": [self._item() for _ in range(2)]} if self._often(0.7) else {"ids": ["1", "2"]}
                )
            case "term_vectors":
                return self._json(self._item())
            case "scroll" | "pit_close":
                key = self.chance.choice(("scroll_id", "pit_id"))
                cursor = self.chance.choice((self.foreign.scroll, [self.foreign.pit], "_all"))
                return self._json({key: cursor}) if self._often(0.8) else str(cursor).encode()
            case "reindex":
                destination: dict[str, Any] = {"index": self.plain_name()}
                return self._json({"source": {"index": self._names(), **self._search()}, "dest": destination})
            case "alias_actions":
                return self._json(
                    {
                        "actions": [
                            {
                                self.chance.choice(("add", "remove")): {
                                    "index": self.plain_name(),
                                    "alias": self.plain_name(),
                                }
                            }
                        ]
                    }
                )
            case "create" | "put_alias":
                aliases: dict[str, Any] = {self.plain_name(): {}} if self._often(0.5) else {}
                return self._json(
                    self.chance.choice(
                        ({}, {"aliases": aliases}, {"index": self.plain_name()}, {"alias": self.plain_name()})
                    )
                )
            case "write_document" | "by_query":
                return self._json(self.chance.choice(({"u": "alpha"}, {"doc": {"u": "alpha"}}, self._search())))
        return self._json(self._search())

    def _names(self) -> Any:
        return self.plain_name() if self._often(0.7) else [self.plain_name(), self.plain_name()]

    def _header(self) -> Any:
        if self._often(0.8):
            return {"index": self._names()}
        return self.chance.choice(
            (
                {},
                {"index": []},
                {"index": ""},
                {"indices": "zsecret"},
                [{}],
                "fuzz-1",
                {"index": None},
                {"index": "fuzz-1", "indices": "zsecret"},
            )
        )

    def _item(self) -> dict[str, Any]:
        item: dict[str, Any] = {"_id": self.chance.choice(("1", "2")), "_type": "doc"}
        if self._often(0.5):
            del item["_type"]
        if self._often(0.7):
            item["_index"] = self.plain_name()
        return item

    def _search(self) -> dict[str, Any]:
        if self._often(0.35):
            return {"query": {"match_all": {}}, "size": 5}
        query = self._clause()
        places: tuple[Callable[[], dict[str, Any]], ...] = (
            lambda: {"query": query},
            lambda: {"query": {"bool": {"filter": [query], "must_not": [{"match": {"u": "gamma"}}]}}},
            lambda: {"aggs": {"x": {"filter": query}}},
            lambda: {"post_filter": query},
            lambda: {"query": {"match_all": {}}, "rescore": {"query": {"rescore_query": query}}},
            lambda: {"query": {"match_all": {}}, "highlight": {"fields": {"u": {"highlight_query": query}}}},
            lambda: {"pit": {"id": self.foreign.pit}},
            lambda: {"indices_boost": [{self.plain_name(): 2}]},
            lambda: {"index_filter": query},
        )
        return self.chance.choice(places)()

    def _clause(self) -> dict[str, Any]:
        index = self.plain_name() if self._often(0.6) else "zsecret"
        lookup = {"index": index, "type": "doc", "id": "1", "path": "u"}
        if self._often(0.6):
            del lookup["type"]
        hidden = base64.b64encode(json.dumps({"terms": {"u": lookup}}).encode()).decode()
        clauses: tuple[dict[str, Any], ...] = (
            {"match": {"u": "alpha"}}, {"terms": {"u": ["alpha", "beta"]}}, {"terms": {"index": ["zsecret"]}},
            {"term": {"index": "zsecret"}},
            {"terms": {"u": lookup}}, {"terms": {"u": lookup}}, {"in": {"u": lookup}}, {"terms": {"term": lookup}},
            {"wrapper": {"query": hidden}},
            {"more_like_this": {"fields": ["u"], "like": [{"_index": index, "_type": "doc", "_id": "1"}],
            "min_term_freq": 1, "min_doc_freq": 1}},
            {"mlt": {"fields": ["u"], "like": [{"_index": index, "_id": "1"}], "min_term_freq": 1, "min_doc_freq": 1}},
            {"percolate": {"field": "q", "index": index, "type": "doc", "id": "1"}},
            {"geo_shape": {"g": {"indexed_shape": {"id": "1", "type": "doc", "path": "g"}}}},
            {"geo_shape": {"g": {"indexedShape": {"index": index, "id": "1", "type": "doc", "path": "g"}}}},
            {"indices": {"index": index, "query": {"match_all": {}}}}, {"template": {"query": {"match_all": {}}}},
            {"query_string": {"query": "u:alpha"}},
            {"term": {"_index": "zsecret"}}, {"prefix": {"_index": "zs"}}, {"ids": {"values": ["1"]}},
            {"exists": {"field": "u"}},
        )  # fmt: skip
        return self.chance.choice(clauses)

    def _bulk(self) -> bytes:
        lines: list[Any] = []
        for _ in range(self.chance.randrange(1, 4)):
            action = self.chance.choice(("index", "create", "update", "delete"))
            entry = self._item()
            lines.append(
                {action: entry}
                if self._often(0.9)
                else self.chance.choice((["x"], {}, {action: entry, "index": {"_index": "zsecret"}}))
            )
            if action != "delete":
                lines.append({"doc": {"u": "alpha"}} if action == "update" else {"u": "alpha", "_index": "zsecret"})
        return b"".join(self._json(line) + self._end() for line in lines)

    def _lines(self, header: Callable[[], Any], body: Callable[[], Any]) -> bytes:
        count = self.chance.randrange(1, 4)
        return b"".join(self._json(header()) + self._end() + self._json(body()) + self._end() for _ in range(count))

    def _end(self) -> bytes:
        return b"\n" if self._often(0.93) else self.chance.choice((b"\r\n", b"\n\n", b"\r", b"", b" \n"))

    def _json(self, value: Any) -> bytes:
        text = json.dumps(value)
        if self._often(0.9):
            return text.encode()
        bent: tuple[Callable[[], bytes], ...] = (
            lambda: b"/*x*/" + text.encode(), lambda: b"\xef\xbb\xbf" + text.encode(), lambda: text.encode("utf-16"),
            lambda: text.encode("utf-16-le"),
            lambda: text.replace("index", "in\\u0064ex").encode(), lambda: text.replace('"_index"',
            '"_index":"fuzz-1","_index"').encode(),
            lambda: text.encode().replace(b"query", b"qu\xc1\xa5ry"), lambda: text.encode().replace(b"index",
            b"ind\xc1\xa5x"), lambda: text.encode() + b" {}",
            lambda: text.replace('"index"', '"index":"fuzz-1","index"').encode(), lambda: (" " * 30 + text).encode(),
            lambda: text.encode("utf-32"),
            lambda: text.replace("}", ",}").encode(), lambda: text.replace('"', "'").encode(), lambda: _cbor(value),
            lambda: ("---\n" + text).encode(),
        )  # fmt: skip
        return self.chance.choice(bent)()

    def _framed(self, body: bytes) -> tuple[Headers, bytes]:
        if not body:
            return (), b""
        kind = self.chance.choice(_JSON_TYPES) if self._often(0.9) else self.chance.choice(_OTHER_TYPES)
        headers: list[tuple[str, str]] = [("Content-Type", kind)] if kind else []
        if self._often(0.08):
            coding, body = self._coded(body)
            headers.append(("Content-Encoding", coding))
        if self._often(0.03):
            headers.append(
                self.chance.choice(
                    (
                        ("Content-Type", "application/yaml"),
                        ("X-HTTP-Method-Override", "DELETE"),
                        ("Accept", "application/yaml"),
                    )
                )
            )
        return tuple(headers), body

    def _coded(self, body: bytes) -> tuple[str, bytes]:
        raw = zlib.compressobj(wbits=-15)
        ways: tuple[tuple[str, bytes], ...] = (
            ("gzip", gzip.compress(body)), ("GZIP", gzip.compress(body)), ("x-gzip", gzip.compress(body)), ("deflate",
            zlib.compress(body)),
            ("deflate", raw.compress(body) + raw.flush()), ("foo", body), ("identity", body), ("gzip",
            gzip.compress(body[:9]) + gzip.compress(body[9:])),
            ("gzip", gzip.compress(b"{}") + body), ("gzip, gzip", gzip.compress(gzip.compress(body))),
        )  # fmt: skip
        return self.chance.choice(ways)


def _cbor(value: Any) -> bytes:
    """RFC 8949, as much of it as JSON needs."""
    if isinstance(value, dict):
        return b"\xbf" + b"".join(_cbor(key) + _cbor(entry) for key, entry in value.items()) + b"\xff"
    if isinstance(value, list):
        return b"\x9f" + b"".join(_cbor(entry) for entry in value) + b"\xff"
    if isinstance(value, str):
        data = value.encode()
        return b"\x79" + len(data).to_bytes(2, "big") + data
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    return b"\x1a" + int(value).to_bytes(4, "big")
