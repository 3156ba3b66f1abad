"""Connections to the domain, opened by urllib3 and kept for the next request.

The transport adapter of requests knows TLS and outgoing proxies; urllib3 opens what they ask for, also through SOCKS.
"""

from __future__ import annotations

import ssl
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import SSLError
from urllib3.util.ssl_match_hostname import CertificateError

from access_es.errors import DomainUnreachable
from access_es.settings.endpoint import Endpoint
from access_es.upstream.connection import Connection
from access_es.upstream.failures import FAULTS, describe
from access_es.upstream.network import Network
from access_es.upstream.trust import Trust

# What waits until a socket can be read; None where the socket itself does that best.
Readiness = Callable[[Any], Callable[[], None] | None]


class Pool:
    """Shared by all threads. The connection used last is used next, so that those not needed grow old."""

    def __init__(
        self, opener: HTTPConnectionPool, connect_seconds: float, read_seconds: float, most_idle: int,
        readiness: Readiness = lambda _: None,
    ) -> None:  # fmt: skip
        self.read_seconds = read_seconds
        self._connect_seconds = connect_seconds
        self._most_idle = most_idle
        self._opener = opener
        self._trust = Trust(opener)
        self._readiness = readiness
        self._idle: deque[Connection] = deque()
        weakref.finalize(self, _close_all, self._idle)

    def prepare(self) -> None:
        """Read the certificates to trust, before the first connection waits for it."""
        self._trust.prepare()

    def take(self, seconds_left: float | None = None) -> Connection:
        """A connection, from before or opened now. Raises DomainUnreachable."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._open(seconds_left)
            if connection.is_usable():
                return connection
            connection.close()

    def give_back(self, connection: Connection) -> None:
        if connection.restore(self.read_seconds) and len(self._idle) < self._most_idle:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        _close_all(self._idle)

    def _open(self, seconds_left: float | None) -> Connection:
        seconds = self._connect_seconds if seconds_left is None else min(seconds_left, self._connect_seconds)
        opening: Any = self._opener._new_conn()
        opening.timeout = seconds
        try:
            self._trust.apply(opening)
            if self._opener.proxy is not None:
                self._opener._prepare_proxy(opening)
            else:
                opening.connect()
            opening.sock.settimeout(self.read_seconds)
        except FAULTS as fault:
            opening.close()
            told = SSLError(fault) if isinstance(fault, (CertificateError, ssl.SSLError)) else fault  # as urllib3 tells
            raise DomainUnreachable(detail=describe(told)) from None  # a traceback would show the proxy's password
        return Connection(opening.sock, self._readiness(opening.sock))


def _close_all(idle: deque[Connection]) -> None:
    while idle:
        idle.pop().close()


class _Adapter(HTTPAdapter):
    """An adapter whose connections are verified for the domain's own name, wherever they lead."""

    def __init__(self, name: str) -> None:
        self._name = name
        super().__init__(pool_connections=1, pool_maxsize=1)

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        host, pool = super().build_connection_pool_key_attributes(*args, **kwargs)
        names = {"assert_hostname": self._name, "server_hostname": self._name} if host["scheme"] == "https" else {}
        return host, {**pool, **names}


def find_opener(endpoint: Endpoint, network: Network, connect_to: str | None) -> HTTPConnectionPool:
    """urllib3's pool to the endpoint, or to `connect_to` in its place; only its ways to open a connection are used."""
    url = f"{endpoint.scheme}://{connect_to or endpoint.host}"
    adapter = _Adapter(cast(str, urlsplit(endpoint.url).hostname))
    request = requests.Request("GET", url).prepare()
    verify = network.ca_bundle or True
    proxies = {endpoint.scheme: network.proxy} if network.proxy else {}
    pool = adapter.get_connection_with_tls_context(request, verify, proxies, None)
    adapter.cert_verify(pool, url, verify, None)  # type: ignore[no-untyped-call]
    return cast(HTTPConnectionPool, pool)
