"""The front of the demo domain: every request is verified, then answered here or by the engine it is meant for.

As on an Amazon domain, `/_plugin/kibana/` is Kibana's, with the prefix taken off, and everything else is
Elasticsearch's. `/_demo/` is the gateway's own, and so is the index `demo-slow`.
"""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from access_es.demo.canonical import HeaderPairs
from access_es.demo.credentials import Keyring
from access_es.demo.engine_client import EngineClient, EngineUnreachableError
from access_es.demo.gateway_log import GatewayLog
from access_es.demo.gateway_routes import (
    BadQueryError,
    Call,
    SlowStats,
    find_endpoint,
    json_answer,
    read_options,
)
from access_es.demo.http_messages import Answer, end_to_end
from access_es.demo.http_server import HttpServer, Received
from access_es.demo.refusals import Refusal, serverless_body
from access_es.demo.verifier import ArrivedRequest, Scope, verify

KIBANA_PREFIX = b"/_plugin/kibana"
DEMO_PREFIX = b"/_demo/"
SLOW_PREFIX = b"/demo-slow/"  # looks like an index to a proxy: a search or a write, and slow


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Where the engines are (base URLs; None for none), and what the domain is called."""

    keyring: Keyring = field(default_factory=Keyring)
    scope: Scope = field(default_factory=Scope)
    elasticsearch: str | None = None
    kibana: str | None = None


class Gateway:
    """Verifies and forwards. `keyring` and `clock_shift` may be changed at any moment, by any thread."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.scope = settings.scope
        self.keyring = settings.keyring
        self.clock_shift = timedelta()
        self.log = GatewayLog()
        self.slow = SlowStats()
        self._server = HttpServer(self.answer)
        self._elasticsearch = EngineClient(settings.elasticsearch) if settings.elasticsearch else None
        self._kibana = EngineClient(settings.kibana) if settings.kibana else None

    async def answer(self, received: Received) -> Answer:
        """One request: verify, note, answer."""
        head, body = received.head, received.body
        now = datetime.now(UTC) + self.clock_shift
        arrived = ArrivedRequest(head.method, head.target, head.headers, body.sha256)
        verdict = verify(arrived, self.keyring, self.scope, now)
        if isinstance(verdict, Refusal):
            self.log.note(now, head.method, head.target, verdict.code, None, body.length)
            return self._refuse(verdict, now)
        self.log.note(now, head.method, head.target, "verified", verdict.access_key, body.length)
        if head.target.startswith((DEMO_PREFIX, SLOW_PREFIX)):
            return await self._answer_demo(received)
        return await self._forward(received)

    async def start(self, host: str, port: int) -> int:
        """Listens, and returns the port (chosen by the system for 0)."""
        return await self._server.start(host, port)

    async def stop(self) -> None:
        await self._server.stop()
        for client in (self._elasticsearch, self._kibana):
            if client is not None:
                client.close()

    def drop_idle_connections(self) -> int:
        return self._server.drop_idle()

    def _refuse(self, refusal: Refusal, now: datetime) -> Answer:
        """Headers as a domain was seen to send them (vectordotdev/vector#2403); Date tells whose clock is wrong."""
        request_id = str(uuid.uuid4())
        body = serverless_body(request_id) if self.scope.service == "aoss" else refusal.body()
        headers = (
            (b"Date", format_datetime(now, usegmt=True).encode()),
            (b"Content-Type", b"application/json"),
            (b"x-amzn-RequestId", request_id.encode()),
            (b"Access-Control-Allow-Origin", b"*"),
        )
        return Answer(refusal.status, headers, body)

    async def _answer_demo(self, received: Received) -> Answer:
        endpoint = find_endpoint(received.head.target)
        if endpoint is None:
            return json_answer({"error": "no such endpoint"}, 404)
        try:
            return await endpoint(Call(received, self.log, self.slow, read_options(received.head.target)))
        except BadQueryError as error:
            return json_answer({"error": f"bad option: {error}"}, 400)

    async def _forward(self, received: Received) -> Answer:
        head = received.head
        client, target = self._elasticsearch, head.target
        path, mark, query = target.partition(b"?")
        if path == KIBANA_PREFIX:
            return Answer(302, ((b"Location", path + b"/" + mark + query),))
        if target.startswith(KIBANA_PREFIX + b"/"):
            client, target = self._kibana, target.removeprefix(KIBANA_PREFIX)
        if client is None:
            return json_answer({"error": "no engine behind this path", "status": 404}, 404)
        try:
            return await client.send(head.method, target, forwarded_headers(head.headers), received.body)
        except EngineUnreachableError:
            # The words of a domain whose nodes are gone (docs.aws.amazon.com/opensearch-service, handling-errors).
            return json_answer({"message": "Http/1.1 Service Unavailable"}, 503)


def forwarded_headers(headers: HeaderPairs) -> HeaderPairs:
    """As they came, in their order, without those of the connection and of the signature."""
    return tuple(pair for pair in end_to_end(headers) if not _is_signing(pair[0].lower()))


def _is_signing(name: bytes) -> bool:
    return name in (b"authorization", b"expect") or name.startswith(b"x-amz-")
