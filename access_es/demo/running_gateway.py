"""A gateway inside a test: in a thread of its own, with its keys, its clock and its log at hand."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from access_es.demo.credentials import Credential, Keyring
from access_es.demo.gateway_log import GatewayLog
from access_es.demo.gateway_routes import SlowStats
from access_es.demo.gateway_server import Gateway, GatewaySettings
from access_es.demo.verifier import Scope

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """What a test may do to a gateway that runs: each change holds from the next request on."""

    url: str
    port: int
    gateway: Gateway = field(repr=False)
    loop: asyncio.AbstractEventLoop = field(repr=False)

    @property
    def log(self) -> GatewayLog:
        return self.gateway.log

    @property
    def slow(self) -> SlowStats:
        return self.gateway.slow

    def rotate(self, *credentials: Credential, keep: Iterable[str] = ()) -> None:
        """Only `credentials` and the access keys in `keep` are good from now on; the others have expired."""
        ring = self.gateway.keyring
        for credential in credentials:
            ring = ring.add(credential)
        self.gateway.keyring = ring.expire_others({*keep, *(known.access_key for known in credentials)})

    def allow(self, access_key: str, actions: Iterable[str] | None) -> None:
        """`access_key` may do `actions` (`es:ESHttpGet`) only; None lifts the limit."""
        self.gateway.keyring = self.gateway.keyring.allow(access_key, actions)

    def shift_clock(self, seconds: float) -> None:
        """The gateway's clock goes `seconds` ahead of this machine's, or behind."""
        self.gateway.clock_shift = timedelta(seconds=seconds)

    def drop_idle_connections(self) -> int:
        """Closes the connections that wait for a request, and says how many there were."""

        async def drop() -> int:
            return self.gateway.drop_idle_connections()

        return asyncio.run_coroutine_threadsafe(drop(), self.loop).result(10)


@contextmanager
def running_gateway(
    credentials: Iterable[Credential],
    elasticsearch: str | None = None,
    kibana: str | None = None,
    scope: Scope | None = None,
    port: int = 0,
    make: Callable[[GatewaySettings], Gateway] = Gateway,
) -> Iterator[RunningGateway]:
    """Without engines it answers `/_demo/` only. Stops, and frees its port, at the end of the block."""
    gateway = make(GatewaySettings(Keyring(tuple(credentials)), scope or Scope(), elasticsearch, kibana))
    with _running_loop() as loop:
        bound = asyncio.run_coroutine_threadsafe(gateway.start(HOST, port), loop).result(10)
        try:
            yield RunningGateway(f"http://{HOST}:{bound}", bound, gateway, loop)
        finally:
            asyncio.run_coroutine_threadsafe(gateway.stop(), loop).result(10)


@contextmanager
def _running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="gateway", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(loop.shutdown_asyncgens(), loop).result(10)
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
