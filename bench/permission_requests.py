"""Requests as honest and as hostile people might send them: every route, filled and bent at random, from one seed.

Half of what a request is made of names what its sender may read, so that many get through and show what they do.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

from access_es.messages import Headers
from access_es.permissions import routes
from bench.permission_bodies import BodyMaker

_TYPES = ("doc", "_doc", "type", "*", "%5Fdoc", "_search", "doc,type", "_all")
_IDS = ("1", "2", "a%2Fb", "_search", "_mget", "_validate", "%5Fsearch", "1/../../zsecret", "x", "metadata", "docs")
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


@dataclass(frozen=True)
class Sent:
    """One request, byte for byte."""

    method: str
    target: bytes
    headers: Headers
    body: bytes


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
class Maker(BodyMaker):
    """Makes one request after the other. `kibana`: the prefix under which some are carried, "" for none."""

    kibana: str = ""

    def make(self) -> Sent:
        ((methods, segments, reader),) = self.chance.choices(_TEMPLATES, _WEIGHTS)
        method = self.chance.choice(methods) if self._often(0.93) else self.chance.choice(_METHODS)
        path = "/" + "/".join(self._segment(segment) for segment in segments)
        query = self._query()
        if "{i}" not in segments and self._often(0.4):
            query = f"index={self.name()}" + ("&" + query if query else "")
        if "health" in segments:
            query += "&timeout=50ms"  # it would wait half a minute for an index that is not there
        body = self._body(reader) if self._often(0.04 if reader in _BODILESS else 0.85) else b""
        if self.kibana and self._often(0.5):
            method, path, query = self._carried(method, path, query)
        target = self._bent_target((path + ("?" + query if query else "")).encode("utf-8", "surrogateescape"))
        headers, body = self._framed(body)
        return Sent(method, target, headers, body)

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
