"""The audit log: one JSON line per request. It never holds a body, a cookie, a token, a header or a query."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import compress
from json.encoder import encode_basestring_ascii
from operator import attrgetter
from typing import Any, Protocol
from urllib.parse import unquote

from access_es.errors import AccessEsError, TooManyFailures, WrongCredentials
from access_es.messages import OWN_PREFIX, ProxyRequest

_INVITATION = OWN_PREFIX.decode() + "invite/"
# Fields that most lines do not have.
_OPTIONAL = (
    "event", "name", "token", "target", "detail", "error", "layer", "task", "spilled_bytes", "groups", "role", "rule",
)  # fmt: skip
_optional_values = attrgetter(*_OPTIONAL)
_WRITERS: dict[type, Callable[[Any], str]] = {str: encode_basestring_ascii, int: repr, float: repr}
Write = Callable[[str], object]
Measure = Callable[[dict[str, object]], object]  # counts a line's facts before they are written, and may add to them


class IdentifiedCaller(Protocol):
    """What is noted of a caller."""

    @property
    def user(self) -> str: ...

    @property
    def how(self) -> str: ...

    @property
    def token(self) -> str | None: ...

    @property
    def groups(self) -> tuple[str, ...]: ...

    @property
    def display_name(self) -> str: ...


@dataclass(slots=True)
class Entry:
    """The facts of one request so far. `finish` writes them, once."""

    request: ProxyRequest
    write: Write | None = field(repr=False)
    measure: Measure | None = field(default=None, repr=False)
    started: float = field(default_factory=time.perf_counter)
    user: str | None = None
    how: str | None = None  # session, token, password or invitation
    status: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    upstream_seconds: float | None = None
    delivery: str = ""  # page, held, streamed, redirect, error; "cut" where the answer could not be sent to its end
    error: str | None = None
    layer: str = ""  # who refused or failed: that of the error, or what AWS's refusal was found to come from
    task: str = ""  # why a task began: at_once, slow or hedge
    spilled_bytes: int = 0  # what was stored for an answer that did not fit
    event: str | None = None  # sign_in, sign_in_failed, sign_out, token_created, token_revoked, password_changed, …
    name: str = ""  # what people call a user whom a provider vouches for
    token: str | None = None  # the label of the API token that was used, created or revoked
    target: str = ""  # the user whom an administrator changed
    detail: str = ""  # of such a change, such as the new groups
    groups: tuple[str, ...] = ()
    role: str = ""  # the role that allowed it, where permissions are set and limit the user
    rule: str = ""  # what of that role, such as "read logs-*"; of a refusal, what it would take
    leave: Callable[[], object] | None = field(default=None, repr=False)  # gives back what the request has taken

    def note_caller(self, caller: IdentifiedCaller) -> None:
        """Who was found to send the request."""
        self.user, self.how, self.token, self.groups = caller.user, caller.how, caller.token, caller.groups
        self.name = caller.display_name

    def note_failure(self, error: AccessEsError) -> None:
        """The error; of a failed sign-in also the user it was for, who is known only where there is such a user."""
        self.error, self.layer = error.code, error.layer
        if isinstance(error, WrongCredentials | TooManyFailures):
            self.event = self.event or "sign_in_failed"
            self.user = self.user or error.user
            self.token = self.token or error.token

    def note_task(self, reason: str) -> None:
        """A task began, for this reason."""
        self.task = reason

    def finish(self) -> None:
        if self.leave is not None:
            leave, self.leave = self.leave, None
            leave()
        if self.write is None:
            return
        write, self.write = self.write, None
        facts = self._facts()
        if self.measure is not None:
            self.measure(facts)
        write(_write(facts))

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {
            "time": _time(time.time()),
            "request_id": self.request.id,
            "user": self.user,
            "via": self.how,
            "client": self.request.client_address,
            "method": self.request.method,
            "path": _shown(self.request.path),
            "status": self.status,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "ms": _milliseconds(time.perf_counter() - self.started),
            "upstream_ms": None if self.upstream_seconds is None else _milliseconds(self.upstream_seconds),
            "delivery": self.delivery,
        }
        optional = _optional_values(self)
        facts.update(compress(zip(_OPTIONAL, optional, strict=True), optional))
        return facts


def _shown(path: bytes) -> str:
    """An invitation's link lets in whoever has it, also where its path is escaped (`%69nvite`)."""
    is_ours = path.startswith(OWN_PREFIX)
    return (_INVITATION + "…") if is_ours and unquote(path).startswith(_INVITATION) else path.decode("latin-1")


def _write(facts: dict[str, object]) -> str:
    """As json.dumps has it, in a third of the time: the names are plain, and most values of few kinds."""
    lines = [f'"{name}":{_WRITERS.get(type(value), _write_other)(value)}' for name, value in facts.items()]
    return "{" + ",".join(lines) + "}"


def _write_other(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _time(now: float) -> str:
    """RFC 3339, with milliseconds."""
    seconds = int(now)
    return f"{_seconds(seconds)}.{int((now - seconds) * 1000):03d}+00:00"


@lru_cache(maxsize=4)
def _seconds(since_1970: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since_1970))


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
