"""The record of a task, and the interface of its store: a local file, or a table in the cloud.

A task is new, then claimed by one runner, then done; or withdrawn before anybody claimed it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Literal, Protocol

from access_es.lazy_dataclass import dataclass
from access_es.messages import Grant, Headers, SignAs
from access_es.tasks.stored_body import StoredBody

LIFETIME_SECONDS = 3600  # a task of Lambda's 15 minutes, and time to fetch its result

State = Literal["new", "claimed", "done", "withdrawn"]


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """The request to send to the domain."""

    method: str
    target: bytes
    headers: Headers
    body: StoredBody
    is_search: bool
    grant: Grant | None = None  # what its user was allowed it by; None: its user could do everything
    sign_as: SignAs | None = None  # whose role signs it; its credentials are never stored


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of ours instead of an answer."""

    status: int
    code: str
    layer: str
    message: str


@dataclass(frozen=True, slots=True)
class Result:
    """The domain's answer, or the failure in its place."""

    status: int
    reason: str | None
    headers: Headers
    body: StoredBody
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a task. `beat` is its last heartbeat, in seconds since 1970; of a new one, when it was made."""

    state: State
    beat: float


class Store(Protocol):
    """May be used by many threads and processes. Raises TasksUnusable. What has expired is not there."""

    def create(self, id: str, request: TaskRequest, expires: float) -> None: ...

    def claim(self, id: str, runner: str) -> bool:
        """Whether `runner`, and no other ever, runs the task."""
        ...

    def request(self, id: str) -> TaskRequest: ...

    def record_heartbeat(self, id: str, runner: str) -> bool:
        """Record a heartbeat. False: nobody waits for this task any more, or it is not this runner's."""
        ...

    def finish(self, id: str, runner: str, result: Result) -> None:
        """Nothing is done unless the task is this runner's."""
        ...

    def withdraw(self, id: str) -> bool:
        """Whether nobody has claimed it, nor ever will. One that is under way goes on."""
        ...

    def abandon(self, id: str) -> None:
        """Record that nobody waits for it any more: it is withdrawn, or its runner learns of it."""
        ...

    def read_progress(self, id: str) -> Progress | None: ...

    def result(self, id: str) -> Result: ...

    def pause(self, seconds: float) -> None:
        """Wait so long, or less if something may have changed."""
        ...


def write_request(request: TaskRequest) -> str:
    """Everything but an inline body."""
    return _dump({
        "method": request.method,
        "target": request.target.decode("latin-1"),
        "headers": request.headers,
        "is_search": request.is_search,
        "grant": [request.grant.needs, request.grant.opens] if request.grant else None,
        **({"sign_as": asdict(request.sign_as)} if request.sign_as else {}),
        **_body(request.body),
    })  # fmt: skip


def read_request(text: str, inline: bytes | None) -> TaskRequest:
    fields = json.loads(text)
    target = fields["target"].encode("latin-1")
    body = _stored_body(fields, inline)
    headers, signer = _headers(fields), fields.get("sign_as")
    sign_as = SignAs(**{**signer, "groups": tuple(signer["groups"])}) if signer else None
    return TaskRequest(fields["method"], target, headers, body, fields["is_search"], _grant(fields), sign_as)


def _grant(fields: dict[str, Any]) -> Grant | None:
    if not fields.get("grant"):
        return None
    needs, opens = fields["grant"]
    return Grant(tuple((action, name) for action, name in needs), opens)


def write_result(result: Result) -> str:
    """Everything but an inline body."""
    failure = result.failure
    return _dump({
        "status": result.status,
        "reason": result.reason,
        "headers": result.headers,
        "failure": [failure.status, failure.code, failure.layer, failure.message] if failure else None,
        **_body(result.body),
    })  # fmt: skip


def read_result(text: str, inline: bytes | None) -> Result:
    fields = json.loads(text)
    failure = Failure(*fields["failure"]) if fields["failure"] else None
    return Result(fields["status"], fields["reason"], _headers(fields), _stored_body(fields, inline), failure)


def _dump(fields: dict[str, Any]) -> str:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


def _body(stored: StoredBody) -> dict[str, Any]:
    return {"length": stored.length_bytes, "compressed": stored.is_compressed}


def _stored_body(fields: dict[str, Any], inline: bytes | None) -> StoredBody:
    return StoredBody(fields["length"], fields["compressed"], inline)


def _headers(fields: dict[str, Any]) -> Headers:
    return tuple((name, value) for name, value in fields["headers"])
