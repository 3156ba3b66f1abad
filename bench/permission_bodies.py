"""Bodies and names as honest and as hostile people might send them, at random."""

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
_JSON_TYPES = ("application/json", "application/json", "application/json; charset=UTF-8", "application/x-ndjson", None)
_OTHER_TYPES = (
    "text/plain", "application/cbor", "application/smile", "application/yaml", "application/x-www-form-urlencoded",
    "text/html",
    "application/json; charset=utf-16", "application/vnd.opensearch+json",
    "application/vnd.elasticsearch+json;compatible-with=7", "APPLICATION/JSON",
)  # fmt: skip


@dataclass(frozen=True)
class Foreign:
    """Cursors that somebody else opened on what is forbidden, to be tried."""

    scroll: str = "none"
    pit: str = "none"
    task: str = "node:1"


@dataclass
class BodyMaker:
    """Makes names and bodies; `fine` are index expressions that the sender may use."""

    chance: random.Random
    foreign: Foreign = field(default_factory=Foreign)
    fine: tuple[str, ...] = _FINE

    def _often(self, share: float) -> bool:
        return self.chance.random() < share

    def name(self) -> str:
        """An index expression as it may stand in a path."""
        return self.chance.choice(self.fine) if self._often(0.75) else self.chance.choice(_BENT)

    def plain_name(self) -> str:
        """The same as it may stand in a body."""
        return self.name().replace("%2F", "/").replace("%66", "f").replace("%2A", "*").replace("%2C", ",")

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
