"""A domain that remembers what reached it, byte for byte, beside what its verifier said."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from access_es.demo.canonical import HeaderPairs
from access_es.demo.credentials import Credential
from access_es.demo.gateway_server import Gateway, GatewaySettings
from access_es.demo.http_messages import Answer
from access_es.demo.http_server import Received
from access_es.demo.running_gateway import RunningGateway, running_gateway
from tests.running_proxy import KEY

MAX_ENTRIES = 2000
BODY_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Arrived:
    """One request at the domain. `body` is None beyond BODY_BYTES; `verdict` is `verified`, or how it was refused."""

    method: str
    target: bytes
    headers: HeaderPairs = field(repr=False)
    body: bytes | None = field(repr=False)
    body_bytes: int
    sha256: str
    verdict: str

    def values(self, name: str) -> list[bytes]:
        return [value for known, value in self.headers if known.lower() == name.encode()]


class RecordingGateway(Gateway):
    def __init__(self, settings: GatewaySettings) -> None:
        super().__init__(settings)
        self.arrived: deque[Arrived] = deque(maxlen=MAX_ENTRIES)

    async def answer(self, received: Received) -> Answer:
        head, body = received.head, received.body
        answering = super().answer(received)
        content = body.read() if body.length <= BODY_BYTES else None
        answer = await answering
        verdict = next(
            seen.verdict for seen in reversed(self.log.last(8)) if seen.target == head.target.decode("latin-1")
        )
        self.arrived.append(Arrived(head.method, head.target, head.headers, content, body.length, body.sha256, verdict))
        return answer


@dataclass(frozen=True)
class RecordingDomain:
    """The gateway as it runs, and what has arrived at it."""

    running: RunningGateway
    gateway: RecordingGateway = field(repr=False)

    @property
    def url(self) -> str:
        return self.running.url

    @property
    def last(self) -> Arrived:
        return self.gateway.arrived[-1]

    @property
    def count(self) -> int:
        """How many requests have arrived, refused ones too."""
        return sum(self.running.log.counts().values())


@contextmanager
def recording_domain(credential: Credential | None = None) -> Iterator[RecordingDomain]:
    """Knows KEY, or `credential` in its place."""
    made: list[RecordingGateway] = []

    def make(settings: GatewaySettings) -> Gateway:
        made.append(RecordingGateway(settings))
        return made[0]

    with running_gateway([credential or Credential(*KEY, None)], make=make) as running:
        yield RecordingDomain(running, made[0])
