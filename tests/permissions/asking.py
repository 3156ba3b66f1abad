"""Requests and people for the tests of permissions."""

from __future__ import annotations

import json
from typing import Any

from access_es.messages import Headers
from access_es.permissions.cursors import Cursors
from access_es.permissions.judge import judge
from access_es.permissions.roles import Role
from access_es.permissions.verdict import Allowed, Refused, Request, Verdict
from access_es.upload import Upload

READER = (Role("analyst", read=("logs-*",), dashboards="view"),)
WRITER = (Role("shipper", write=("logs-*",)),)
MANAGER = (Role("team", manage=("team-*",)),)
EDITOR = (Role("editor", read=("logs-*",), dashboards="edit"),)
ADMIN = (Role("admin", manage=("*",), dashboards="edit"),)
KIBANAS = ("/_plugin/kibana", "/_dashboards")
JSON = "application/json"
NDJSON = "application/x-ndjson"


def cursors(user: str = "alice") -> Cursors:
    return Cursors(("a-session-secret-of-more-than-32-characters",), user, 1000.0)


def body_bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def request(method: str, target: str | bytes, body: object = b"", headers: Headers | str | None = None) -> Request:
    """A request; `headers` may be just its media type. A body gets that of JSON, or of lines."""
    data = body_bytes(body)
    if headers is None:
        headers = (NDJSON if data.endswith(b"\n") else JSON) if data else ()
    pairs = (("Content-Type", headers),) if isinstance(headers, str) else headers
    return Request(method, target.encode() if isinstance(target, str) else target, pairs, Upload(data))


def ask(roles: tuple[Role, ...], method: str, target: str | bytes, body: Any = b"", headers: Any = None) -> Verdict:
    return judge(roles, request(method, target, body, headers), cursors())


def allowed(*asked: Any) -> Allowed:
    verdict = ask(*asked)
    assert isinstance(verdict, Allowed), verdict.reason("alice")
    return verdict


def refused(*asked: Any) -> Refused:
    verdict = ask(*asked)
    assert isinstance(verdict, Refused), verdict
    return verdict
