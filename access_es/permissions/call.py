"""One engine request while it is read: its route's parameters, its body, and what is to be sent in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from access_es.permissions.bodies import Body, parse_object
from access_es.permissions.cursors import Cursor, Cursors
from access_es.permissions.target import decode, read_query
from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import CursorKind, Need

_SOURCE_TYPES = ("", "application/json", "application/x-ndjson")


class Sent:
    """What goes to the domain: the client's bytes, or those with our seals taken off; and what its answer opens."""

    def __init__(self, target: bytes) -> None:
        self.client_target = target
        self.target: bytes | None = None
        self.body: bytes | None = None
        self.opens: CursorKind | None = None


class Call:
    """An engine request behind a matched route; `parameters` are raw segments by the name in the route's template."""

    def __init__(
        self, method: str, parameters: Mapping[str, str], query: bytes, body: Body, cursors: Cursors, sent: Sent
    ) -> None:
        self.method, self.body, self.cursors, self.sent = method, body, cursors, sent
        self.names = frozenset(parameters)
        self._parameters = parameters
        self.query = read_query(query)
        if "indices" in self.query or ("i" in parameters and "index" in self.query):
            raise Unjudgeable("its query string names indices beside its path")

    def parameter(self, name: str) -> str | None:
        """A parameter of the path, decoded."""
        raw = self._parameters.get(name)
        return None if raw is None else decode(raw)

    def index(self) -> str | None:
        """The index expression of the path, or of `?index=`; None where there is none."""
        return self.parameter("i") if "i" in self._parameters else self.query.get("index")

    def indices(self) -> str:
        """The same, with `*` where there is none: every index is meant then."""
        index = self.index()
        return "*" if index is None else index

    def path_indices(self) -> str:
        """The index expression of the path alone: some routes take no heed of `?index=`, as Elasticsearch 5's
        `GET /_settings`, and act on every index."""
        return self.parameter("i") or "*"

    def data(self) -> bytes:
        """The whole body, or what `?source=` has in its place; b"" for none."""
        source = self.query.get("source")
        if source is None:
            return b"" if self.body.is_empty() else self.body.read()
        if not self.body.is_empty() or self.query.get("source_content_type", "") not in _SOURCE_TYPES:
            raise Unjudgeable("it has a body beside the parameter source, or one that is not JSON")
        return source.encode("utf-8")

    def json(self) -> dict[str, Any]:
        """The body as a JSON object, empty where there is none."""
        data = self.data()
        return parse_object(data) if data else {}

    def no_body(self) -> None:
        """Insist that there is nothing to read beside the target."""
        if not self.body.is_empty() or "source" in self.query:
            raise Unjudgeable("it has a body where none is read")

    def open_cursor(self, kind: CursorKind, text: object) -> Cursor:
        """The caller's own cursor in what the client sent. Raises Unjudgeable for any other."""
        cursor = self.cursors.open(kind, text) if isinstance(text, str) else None
        if cursor is None:
            raise Unjudgeable("its cursor was not given to this user, or is over")
        return cursor

    def send_id_in_target(self, sealed: str, cursor: Cursor) -> None:
        """Send the engine's own id where the target has the sealed one."""
        target = self.sent.client_target if self.sent.target is None else self.sent.target
        if target.count(sealed.encode("ascii")) != 1:
            raise Unjudgeable("its cursor is escaped or repeated")
        self.sent.target = target.replace(sealed.encode("ascii"), quote(cursor.id, safe="").encode("ascii"))

    def send_id_in_body(self, data: bytes, sealed: str, cursor: Cursor) -> bytes:
        """Send the engine's own id where the body has the sealed one; gives what `data` is then."""
        if "source" in self.query or data.count(sealed.encode("ascii")) != 1:
            raise Unjudgeable("its cursor is escaped or repeated")
        data = data.replace(sealed.encode("ascii"), cursor.id.encode("ascii"))
        self.sent.body = self.body.recode(data)
        return data

    def opens(self, kind: CursorKind) -> None:
        """Note that the answer hands out a cursor, which must come in the form that is looked for in it."""
        if "filter_path" in self.query or self.query.get("format", "json") != "json":
            raise Unjudgeable("a request that opens a cursor may have neither filter_path nor another format than JSON")
        self.sent.opens = kind


def needs(action: str, *names: str | None) -> list[Need]:
    """One need for each name that is there."""
    return [Need(action, name) for name in names if name is not None]  # type: ignore[arg-type]
