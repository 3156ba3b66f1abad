"""What a door sees of one request, what Lambda gives it back, and the limits it enforces."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Protocol

from access_es.demo.canonical import HeaderPairs
from access_es.demo.http_messages import Answer

ACCOUNT = "123456789012"
REGION = "us-east-1"
Event = dict[str, Any]


def names(text: str) -> frozenset[str]:
    """Header names, or methods, written with blanks between them."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Moment:
    """When a request came, and the ids it was given."""

    at: datetime
    request_id: str
    short_id: str
    trace_id: str

    @classmethod
    def now(cls) -> Moment:
        at = datetime.now(UTC)
        trace = f"Root=1-{int(at.timestamp()):08x}-{secrets.token_hex(12)}"
        return cls(at, str(uuid.uuid4()), f"{secrets.token_urlsafe(11)}=", trace)

    @property
    def epoch_milliseconds(self) -> int:
        return int(self.at.timestamp() * 1000)

    @property
    def text(self) -> str:
        """As both API Gateways write it: 10/Jul/2026:19:19:04 +0000."""
        return self.at.strftime("%d/%b/%Y:%H:%M:%S +0000")


@dataclass(frozen=True, slots=True)
class Arrived:
    """One request as it came over the wire, its body complete."""

    method: str
    target: bytes
    headers: HeaderPairs = field(repr=False)
    body: bytes = field(repr=False)
    client: str
    moment: Moment
    scheme: str = "https"
    port: int = 443

    @property
    def path(self) -> str:
        """As it was sent. How a door reads bytes beyond ASCII, which are not legal there, nobody has recorded."""
        return self.target.partition(b"?")[0].decode("utf-8", "replace")

    @property
    def query(self) -> str:
        return self.target.partition(b"?")[2].decode("utf-8", "replace")

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Headers as text: UTF-8 where it is, as every door hands its events over as JSON."""
        for name, value in self.headers:
            yield name.decode("ascii"), value.decode("utf-8", "replace")

    def values(self, name: str) -> list[str]:
        """All values of a header; `name` in lower case."""
        return [value for known, value in self.pairs() if known.lower() == name]

    def value(self, name: str) -> str:
        """The last value of a header, empty where there is none."""
        return (self.values(name) or [""])[-1]

    @property
    def head_bytes(self) -> int:
        """Request line and header lines, as they count against a door's limit."""
        line = len(self.method) + len(self.target) + len(" ") * 2 + len("HTTP/1.1\r\n")
        return line + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)


class Failure(Enum):
    """Why there is no answer to turn into HTTP."""

    TIMED_OUT = "the door waited as long as it may"
    FUNCTION_FAILED = "the function raised, died or answered too much"
    EVENT_TOO_LARGE = "Lambda does not take an event of this size"
    THROTTLED = "no sandbox is free"


class MalformedAnswer(Exception):
    """The function's answer is not of the form that this door understands."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a door enforces: bytes and seconds. None where it has no limit of its own."""

    body_bytes: int
    head_bytes: int
    timeout_seconds: float | None
    answer_bytes: int | None = None  # of the function's JSON; Lambda's own limit always holds
    answer_head_bytes: int | None = None
    target_bytes: int | None = None


class Door(Protocol):
    """Pure: a request into an event, the function's JSON into an answer."""

    @property
    def name(self) -> str: ...

    @property
    def limits(self) -> Limits: ...

    def refuse(self, arrived: Arrived) -> Answer | None:
        """The door's own answer to a request it does not pass on."""

    def build_event(self, arrived: Arrived) -> Event: ...

    def read_answer(self, payload: bytes, arrived: Arrived) -> Answer:
        """Raises MalformedAnswer."""

    def fail(self, failure: Failure, arrived: Arrived) -> Answer: ...


def own_name(arrived: Arrived, mark: str, api_id: str) -> str:
    """The name that AWS gave a door, which clients use unless they emulate it: `mark` is what stands in it."""
    host = arrived.value("host").partition(":")[0]
    suffix = "on.aws" if mark == "lambda-url" else "amazonaws.com"
    return host if f".{mark}." in host else f"{api_id}.{mark}.{REGION}.{suffix}"


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Where an API is found. With `own_domain`, the stage is not part of the path, as behind a custom domain.

    `base_path` is then what the domain maps to the API, such as "/logs"; empty: all of it. `responses` are its gateway
    responses by their type, as `get_gateway_responses` tells them.
    """

    stage: str = "dev"
    own_domain: bool = True
    base_path: str = ""
    api_id: str = "emulated00"
    variables: Mapping[str, str] = field(default_factory=dict)
    responses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
