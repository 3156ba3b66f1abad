"""Requests and responses, as all modules here see them.

Header names and values are latin-1 text, one character per byte received, in order and with repeats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from access_es.client_kind import ClientKind, client_kind
from access_es.client_presence import ClientPresence
from access_es.lazy_dataclass import dataclass

Headers = tuple[tuple[str, str], ...]
OWN_PREFIX = b"/--access-es/"
PROBES = OWN_PREFIX + b"probe/"  # see `door_probe`
OWN_COOKIES = ("__Host-access-es", "access-es")  # over https, over http; never passed on to the domain
ATTEMPT_COOKIE = (
    "access-es-oidc-"  # how the cookies of sign-ins on their way begin; __Host- comes before it, over https
)


class ByteStream(Protocol):
    """What a request body is read from: `read(n)` gives at most n bytes, b"" at the end."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Grant:
    """What a limited caller's request was found to need: pairs of an action and a name, to be judged again later.

    `opens` is the kind of cursor that the answer hands out, whose id must be made the caller's own.
    """

    needs: tuple[tuple[str, str], ...]
    opens: str | None = None


@dataclass(frozen=True, slots=True)
class SignAs:
    """The IAM role that signs a request, assumed for a user. `reads_only`: the user's role writes nothing."""

    role_arn: str
    user: str
    groups: tuple[str, ...] = ()
    reads_only: bool = False
    views: bool = False  # whether the user's role opens Kibana and Dashboards


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """One request as the client sent it, whichever front door it came through."""

    id: str
    method: str
    target: bytes  # path and query exactly as received, never decoded
    headers: Headers
    body: ByteStream
    scheme: str  # as the client sees it: "https" or "http"
    client_address: str
    mount: str = ""  # what the front door puts before our paths, such as API Gateway's "/dev"
    answer_by: float | None = None  # on time.monotonic(): the front door hangs up soon after
    begin_by: float | None = None  # the same clock: where a door streams, it hangs up if nothing has come by then
    grant: Grant | None = None  # None: the caller may do everything
    sign_as: SignAs | None = None  # None: access-es signs with its own identity
    client: ClientPresence | None = None  # None behind a gateway, which does not tell

    @property
    def due(self) -> float | None:
        """When the client must have an answer, or its beginning where the door streams."""
        return self.answer_by if self.begin_by is None else self.begin_by

    @property
    def path(self) -> bytes:
        return self.target.partition(b"?")[0]

    @property
    def is_for_us(self) -> bool:
        """Whether this is one of our own pages: Elasticsearch names cannot start with `-`, so none is hidden."""
        return self.target.startswith(OWN_PREFIX) or self.path == OWN_PREFIX[:-1]

    @property
    def is_probe(self) -> bool:
        """Whether `doctor --door` tries out the front door."""
        return self.target.startswith(PROBES)

    def header(self, name: str) -> str | None:
        """The first value of a header; `name` in lower case."""
        return _first_value(self.headers, name)

    @property
    def client_kind(self) -> ClientKind:
        return client_kind(self.headers)

    @property
    def is_navigation(self) -> bool:
        """Whether a browser loads this as a page, so that a redirect can lead the person elsewhere."""
        return self.method in ("GET", "HEAD") and self.client_kind == "person"


def has_no_body(method: str, status: int) -> bool:
    """RFC 9110, 6.4.1: such answers never have one, whatever length their headers name."""
    return method == "HEAD" or status in (204, 304) or status < 200


class Body(Protocol):
    """The bytes of a response, read once. `close` releases their source, whether they were read or not."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Held:
    """A body that is already in memory."""

    data: bytes = b""

    def __iter__(self) -> Iterator[bytes]:
        return iter((self.data,)) if self.data else iter(())

    def close(self) -> None:
        """Nothing to release."""


@dataclass(frozen=True, slots=True)
class ProxyResponse:
    """One response. `length_bytes` is the length of its body; None: unknown until the body ends."""

    status: int
    headers: Headers
    body: Body
    reason: str | None = None  # the domain's own, which may be empty; None: the usual one
    length_bytes: int | None = None
    refused_by: str = ""  # of a 403 of the domain: "iam" or "domain", as far as its text tells

    def header(self, name: str) -> str | None:
        """The first value of a header; `name` in lower case."""
        return _first_value(self.headers, name)

    def with_headers(self, headers: Headers) -> ProxyResponse:
        return ProxyResponse(self.status, headers, self.body, self.reason, self.length_bytes, self.refused_by)

    @classmethod
    def held(cls, status: int, headers: Iterable[tuple[str, str]], data: bytes) -> ProxyResponse:
        return cls(status, tuple(headers), Held(data), length_bytes=len(data))


def _first_value(headers: Headers, name: str) -> str | None:
    for key, value in headers:
        if len(key) == len(name) and key.lower() == name:
            return value
    return None
