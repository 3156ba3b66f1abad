"""A real engine with documents that may be read and documents that may not, and whether one can tell.

Reading is judged by non-interference: every request that is let through is sent twice, and between the two all that is
forbidden becomes something else. An answer that differs depends on what its sender may not know. Writing is judged by
comparing everything forbidden before and after.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from access_es.permissions.cursors import Cursors
from access_es.permissions.judge import judge
from access_es.permissions.roles import Role
from access_es.permissions.verdict import Allowed, Request
from access_es.upload import Upload
from access_es.upstream.target import build_target
from bench.permission_bodies import ALLOWED, FORBIDDEN, FORBIDDEN_ALIASES, Foreign
from bench.permission_requests import Sent

MARK = b"zqforbidden"
READER = (Role("reader", read=("fuzz-*",), dashboards="view"),)
WRITER = (Role("writer", read=("fuzz-*",), write=("fuzz-*",), manage=("team-*",)),)
# What changes by itself from one answer to the next.
_VOLATILE = re.compile(
    rb'"took(?:_in_millis)?"\s*:\s*\d+|"(?:_scroll_id|pit_id|task)"\s*:\s*"[^"]*"|\b\d{10} +\d\d:\d\d:\d\d\b'
    rb'|"reason"\s*:\s*(?:null|"Cannot invoke (?:[^"\\]|\\.)*")'  # Java stops to explain a frequent null pointer
)
_DIGITS = re.compile(rb"[0-9][0-9.,a-z]*")
_COUNTING = re.compile(rb"_stats|_segments|_recovery|_shard_stores|_cat/|_cluster/health")  # whose numbers move by use
_HEALTH = (b"/", b"/_cluster/health")  # free for all, with counts of the whole cluster
Judge = Callable[[tuple[Role, ...], Sent], Allowed | None]


def by_permissions(roles: tuple[Role, ...], sent: Sent) -> Allowed | None:
    """What access-es lets through."""
    cursors = Cursors(("a-session-secret-of-more-than-32-characters",), "alice", 0.0)
    verdict = judge(roles, Request(sent.method, sent.target, sent.headers, Upload(sent.body)), cursors)
    return verdict if isinstance(verdict, Allowed) else None


def by_path(roles: tuple[Role, ...], sent: Sent) -> Allowed | None:
    """The rule of many a proxy: a regular expression on the path. It is here to show that leaks are found."""
    pattern = rb"/(?:fuzz-[^/]*/.*_(?:search|count|mget|msearch|mapping)|_msearch|_mget|_search/scroll)"
    return Allowed("", "") if re.match(pattern, sent.target) and sent.method in ("GET", "POST") else None


@dataclass(frozen=True)
class Leak:
    """A request that was let through and should not have been."""

    sent: Sent
    why: str
    detail: str


class Wire:
    """One connection at a time to a server on loopback: targets and headers go out as they are.

    `keep_alive`: not to Kibana 5, which now and then leaves the next request on a connection unanswered.
    """

    def __init__(self, url: str, keep_alive: bool = True) -> None:
        self._keep_alive = keep_alive
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._socket: socket.socket | None = None

    def send(self, sent: Sent, strip: bytes = b"") -> tuple[int, bytes]:
        """Status and body; 0 where the server hung up on it."""
        for attempt in (1, 2):
            is_new = self._socket is None
            try:
                return self._send(sent, strip)
            except (OSError, http.client.HTTPException) as fault:
                self.close()
                if is_new or attempt == 2:
                    return 0, str(type(fault)).encode()
        raise AssertionError

    def _send(self, sent: Sent, strip: bytes) -> tuple[int, bytes]:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, 10)
        target = sent.target.removeprefix(strip) or b"/"
        framing = [] if self._keep_alive else [("Connection", "close")]
        framing += [("Content-Length", str(len(sent.body)))] if sent.body or sent.method in ("POST", "PUT") else []
        pairs = (("Host", "localhost"), ("kbn-version", "5.1.1"), ("osd-xsrf", "1"), *sent.headers, *framing)
        lines = "".join(f"{name}: {value}\r\n" for name, value in pairs)
        self._socket.sendall(
            sent.method.encode() + b" " + target + b" HTTP/1.1\r\n" + lines.encode() + b"\r\n" + sent.body
        )
        answer = http.client.HTTPResponse(self._socket, method=sent.method)
        answer.begin()
        body = answer.read()
        if answer.will_close or not self._keep_alive:
            self.close()
        return answer.status, body

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request of our own, as JSON."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
        status, answer = self.send(Sent(method, path.encode(), (("Content-Type", kind),) if data else (), data))
        if status >= 400 and status != 404:
            raise RuntimeError(f"{method} {path}: {status} {answer[:500]!r}")
        return json.loads(answer) if answer[:1] in (b"{", b"[") else answer

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class World:
    """One engine, and what is in it. `kind` is "A" or "B": all that is forbidden differs between the two.

    `shared`: others use the engine meanwhile, and a Kibana of theirs; what concerns all of it is left alone then.
    """

    def __init__(
        self,
        url: str,
        kibana_url: str | None = None,
        kibana_prefix: str = "/_plugin/kibana",
        shared: bool = False,
    ) -> None:
        self._shared = shared
        # A Kibana writes to its own index whenever it likes.
        has_kibana = shared or kibana_url is not None
        self._forbidden = tuple(name for name in FORBIDDEN if not (has_kibana and name.startswith(".")))
        self.engine = Wire(url)
        self._kibana = Wire(kibana_url, keep_alive=False) if kibana_url else None
        self._prefix = kibana_prefix.encode()
        self.major = int(self.engine.ask("GET", "/")["version"]["number"].split(".")[0])
        is_opensearch = self.engine.ask("GET", "/")["version"].get("distribution") == "opensearch"
        self._percolates = self.major == 5  # the other builds come without modules
        self.type = "doc" if self.major in (5, 6) and not is_opensearch else "_doc"

    def fill(self, kind: str) -> None:
        """Everything anew: what is allowed as always, what is forbidden as this world has it."""
        self.clear()
        today = datetime.now(UTC).strftime("fuzz-%Y.%m.%d")  # some versions make an index that is asked for
        for index in (*ALLOWED, "team-1", "fuzz-absent", today):
            self._write(index, [(str(n), self._document(n)) for n in range(1, 7)])
        self.fill_forbidden(kind)

    def _document(self, number: int) -> dict[str, Any]:
        word = "alpha" if number % 2 else "beta"
        place = {"type": "point", "coordinates": [1, 1] if number % 2 else [2, 2]}
        return {"u": word, "n": number, "g": place, **({"q": {"match": {"u": word}}} if self._percolates else {})}

    def clear(self) -> None:
        """Leave nothing of this."""
        ours = ("fuzz-", "team-", "zsecret", "zother", "zhidden", "fuzy-", "shapes")
        blocks = {f"index.blocks.{name}": False for name in ("metadata", "read", "write", "read_only")}
        for index in [name for name in self._indices() if name.startswith(ours) or name == "fu"]:
            data = json.dumps(blocks).encode()
            self.engine.send(Sent("PUT", f"/{index}/_settings".encode(), (("Content-Type", "application/json"),), data))
            self.engine.ask("DELETE", f"/{index}?ignore_unavailable=true")

    def _indices(self) -> dict[str, list[str]]:
        """Every index with its aliases. From the state, which a block on one index does not close."""
        kept = "metadata.indices.*.state,metadata.indices.*.aliases"
        state = self.engine.ask("GET", f"/_cluster/state/metadata?filter_path={kept}")
        indices = state.get("metadata", {}).get("indices", {})
        return {name: index.get("aliases", []) for name, index in indices.items()}

    def fill_forbidden(self, kind: str) -> None:
        for index in (*self._forbidden, "zhidden-b"):
            self.engine.ask("DELETE", f"/{index}?ignore_unavailable=true")
        word = "alpha" if kind == "A" else "beta"
        for index in (*self._forbidden, *(("zhidden-b",) if kind == "B" else ())):
            shape = {"type": "point", "coordinates": [1, 1] if kind == "A" else [2, 2]}
            extra = {f"only_{kind.lower()}": MARK.decode()}
            documents = range(1, 4 if kind == "A" else 8)
            self._write(
                index, [(str(n), {"u": word, "t": MARK.decode() + kind, "g": shape, **extra}) for n in documents]
            )
        for alias, index in ((FORBIDDEN_ALIASES[0], "zsecret"), (FORBIDDEN_ALIASES[1], "zsecret")):
            self.engine.ask("POST", "/_aliases", {"actions": [{"add": {"index": index, "alias": alias}}]})

    def _write(self, index: str, documents: Iterable[tuple[str, dict[str, Any]]]) -> None:
        place = {"_index": index, **({"_type": self.type} if self.type == "doc" else {})}
        lines = [line for id, document in documents for line in ({"index": {**place, "_id": id}}, document)]
        text = {"type": "text", "fields": {"keyword": {"type": "keyword"}}}
        fields: dict[str, Any] = {"g": {"type": "geo_shape"}, "u": text}
        mappings = {"properties": fields | ({"q": {"type": "percolator"}} if self._percolates else {})}
        settings = {"number_of_shards": 1, "number_of_replicas": 0}
        body = {"settings": settings, "mappings": {"doc": mappings} if self.type == "doc" else mappings}
        data = json.dumps(body).encode()
        made, _ = self.engine.send(Sent("PUT", f"/{index}".encode(), (("Content-Type", "application/json"),), data))
        if made >= 400:  # a build without shapes
            self.engine.ask("PUT", f"/{index}", {"settings": settings})
        answer = self.engine.ask(
            "POST", "/_bulk?refresh=true", b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        )
        if answer["errors"]:
            raise RuntimeError(str(answer)[:500])

    def foreign(self) -> Foreign:
        """Cursors on what is forbidden, opened by somebody who may."""
        scroll = self.engine.ask("POST", "/zsecret/_search?scroll=30m", {"size": 1})["_scroll_id"]
        status, answer = self.engine.send(Sent("POST", b"/zsecret/_search/point_in_time?keep_alive=30m", (), b""))
        return Foreign(scroll, json.loads(answer)["pit_id"] if status == 200 and b"pit_id" in answer else "none")

    def send(self, sent: Sent, verdict: Allowed) -> tuple[int, bytes]:
        """The answer to what is let through, as access-es would send it."""
        target = sent.target if verdict.target is None else verdict.target
        target = str(build_target(target)).encode() if target.startswith(b"/") else target
        out = Sent(sent.method, target, sent.headers, sent.body if verdict.body is None else verdict.body)
        if target.startswith(self._prefix):
            return self._kibana.send(out, self._prefix) if self._kibana else (0, b"")
        return self.engine.send(out)

    def snapshot(self) -> str:
        """All that a writer of fuzz-* and manager of team-* may not change."""
        found: dict[str, Any] = {}
        for index in self._forbidden:
            hits = self.engine.ask("POST", f"/{index}/_search?size=50", {"sort": ["_doc"]}).get("hits", {})
            found[index] = [hits, self.engine.ask("GET", f"/{index}")]
        if self._shared:
            return json.dumps(found, sort_keys=True)
        for name, aliases in self._indices().items():
            foreign = [alias for alias in aliases if not alias.startswith("team-")]
            if foreign or not name.startswith(("fuzz-", "team-")):
                found[f"aliases of {name}"] = sorted(aliases)
        for path in ("/_template", "/_cluster/settings"):
            found[path] = self.engine.ask("GET", path)
        return json.dumps(found, sort_keys=True)

    def readable(self) -> str:
        """The documents that a reader of fuzz-* may read, and not change.

        Not the empty indices: Elasticsearch 5 to 7 make one for `POST /fuzz-new/_explain/1`, which later versions read.
        """
        hits = self.engine.ask("POST", "/fuzz-*/_search?size=100", {"sort": ["_doc"]})["hits"]["hits"]
        return json.dumps(sorted(f"{hit['_index']} {hit['_id']} {hit['_source']}" for hit in hits))

    def close(self) -> None:
        self.engine.close()
        if self._kibana:
            self._kibana.close()


@dataclass
class Outcome:
    """What came of many requests."""

    made: int = 0
    let_through: int = 0
    answered: int = 0  # of those, with a status below 400
    leaks: tuple[Leak, ...] = ()


def read_all(world: World, requests: list[Sent], decide: Judge = by_permissions) -> Outcome:
    """Non-interference of every request that a reader's rights let through."""
    passed = [(sent, verdict) for sent in requests if (verdict := decide(READER, sent))]
    expected, before, writes = world.readable(), [], []
    for number, (sent, verdict) in enumerate(passed):
        before.append(world.send(sent, verdict))
        is_checked = sent.method in ("POST", "PUT") or number % 50 == 0
        if is_checked and (found := world.readable()) != expected:
            writes.append(Leak(sent, "a reader wrote", f"{expected}\n{found}"[:2000]))
            expected = found
    world.fill_forbidden("B")
    leaks = tuple(
        leak
        for (sent, verdict), answer in zip(passed, before, strict=True)
        if (leak := _compare(world, sent, verdict, answer))
    )
    answered = sum(200 <= status < 400 for status, _ in before)
    return Outcome(len(requests), len(passed), answered, (*writes, *leaks))


def _compare(world: World, sent: Sent, verdict: Allowed, before: tuple[int, bytes]) -> Leak | None:
    after = world.send(sent, verdict)
    marked = _marked(sent, before[1]) or _marked(sent, after[1])
    if marked:
        return Leak(sent, marked, (before[1] + b"\n" + after[1])[:2000].decode("utf-8", "replace"))
    if _same(before, after) or sent.target.partition(b"?")[0].rstrip(b"/") in (b"", *_HEALTH):
        return None
    # Some answers change by themselves, such as counters of memory: then all numbers in them are left out.
    moves = _COUNTING.search(sent.target) or not _same(after, world.send(sent, verdict))
    if moves and _same((before[0], _DIGITS.sub(b"0", before[1])), (after[0], _DIGITS.sub(b"0", after[1]))):
        return None
    return Leak(sent, "its answer depends on what is forbidden", f"{before}\n{after}"[:2000])


def _same(one: tuple[int, bytes], other: tuple[int, bytes]) -> bool:
    """Whether two answers say the same, in whatever order: indices come out of a hash table."""
    if one[0] != other[0]:
        return False
    first, second = _VOLATILE.sub(b"0", one[1]), _VOLATILE.sub(b"0", other[1])
    return first == second or sorted(re.split(rb"[{}\[\],\n]", first)) == sorted(re.split(rb"[{}\[\],\n]", second))


def _marked(sent: Sent, answer: bytes) -> str:
    """Whether an answer has forbidden text, or a forbidden name that the request did not have."""
    if MARK in answer:
        return "its answer has a forbidden document"
    asked = unquote_to_bytes(unquote_to_bytes(sent.target)) + sent.body
    for name in ("zsecret", "zother", "zhidden", "fuzy-1"):
        if name.encode() in answer and name.encode() not in asked and not sent.headers[1:]:
            return f"its answer names {name}"
    return ""


def write_all(world: World, requests: list[Sent], batch: int = 100) -> Outcome:
    """Whether anything forbidden changes by what a writer's rights let through; batches find the one that did it."""
    passed = [(sent, verdict) for sent in requests if (verdict := by_permissions(WRITER, sent))]
    answered, leaks = 0, []
    expected = world.snapshot()
    for at in range(0, len(passed), batch):
        part = passed[at : at + batch]
        for sent, verdict in part:
            status, answer = world.send(sent, verdict)
            answered += 200 <= status < 400
            if MARK in answer:
                leaks.append(
                    Leak(sent, "its answer has a forbidden document", answer[:2000].decode("utf-8", "replace"))
                )
        if world.snapshot() != expected:
            leaks += list(_who_did_it(world, part))
            world.fill("A")
            expected = world.snapshot()
    return Outcome(len(requests), len(passed), answered, tuple(leaks))


def _who_did_it(world: World, part: list[tuple[Sent, Allowed]]) -> Iterator[Leak]:
    world.fill("A")
    expected = world.snapshot()
    for sent, verdict in part:
        status, answer = world.send(sent, verdict)
        changed = world.snapshot()
        if changed != expected:
            yield Leak(sent, "it changed what is forbidden", f"{status} {answer[:500]!r}\n{expected}\n{changed}"[:3000])
            expected = changed
