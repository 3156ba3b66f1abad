"""The home of requests and urllib3: one signed call to the domain.

The transport adapter of requests brings the pool, TLS and outgoing proxies. What goes out on a connection is what we
give it: there is no session, so no cookie jar, no netrc, no redirects, no decoding, no retry but the ones said here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.util import SKIP_HEADER, Timeout

from access_es.credentials import Credentials, CredentialsSource
from access_es.errors import MethodNotAllowed
from access_es.messages import Headers, Held, ProxyResponse, SignAs
from access_es.settings.endpoint import Endpoint
from access_es.upload import Upload
from access_es.upstream.answer import CHUNK_BYTES, WHOLE_BYTES, read_answer
from access_es.upstream.connection import prepare_pool
from access_es.upstream.deadlines import bounded
from access_es.upstream.diagnosis import diagnose
from access_es.upstream.failures import FAULTS, explain_call, may_repeat
from access_es.upstream.headers import request_headers
from access_es.upstream.network import Network
from access_es.upstream.redaction import redact
from access_es.upstream.signing import Signer
from access_es.upstream.target import WireTarget, build_target

# A tunnel opened on a pooled connection would carry the requests of others; an echo shows our signature and token.
_NEVER_SENT = frozenset(("CONNECT", "TRACE"))
_WITH_LENGTH = frozenset(("POST", "PUT", "PATCH"))  # RFC 9110, 8.6: these say 0 where they have no body

log = logging.getLogger("access_es.upstream")


class Lines:
    """Header lines as urllib3 reads a mapping: its names, its items. Order, case and repeats stay."""

    __slots__ = ("_pairs", "waits")

    def __init__(self, pairs: Headers, waits: Iterator[float] | None = None) -> None:
        self._pairs = pairs
        self.waits = waits  # urllib3 hands the headers to our connection as they are, and nothing else

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._pairs)

    def items(self) -> Headers:
        return self._pairs

    def copy(self) -> Lines:
        return self

    def update(self, more: Mapping[str, str]) -> None:
        """urllib3 would add those of a plain-http proxy here, which we never use."""

    def and_(self, more: Headers) -> Lines:
        return Lines(self._pairs + more, self.waits)


class Domain:
    """The domain behind one address. Shared by all threads; its connections are pooled and reused.

    `connect_to` is another host and port to open connections to, such as those of a tunnel: signatures, the Host header
    and the certificate stay those of the endpoint.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        signer: Signer | None,
        credentials: CredentialsSource | None,
        *,
        connect_seconds: float = 5.0,
        read_seconds: float = 900.0,
        connections: int = 64,
        network: Network = Network(),  # noqa: B008  a frozen value
        connect_to: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        assume: Callable[[SignAs], CredentialsSource] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._signer = signer
        self._credentials = credentials
        self._assume = assume
        self._timeout = Timeout(connect=connect_seconds, read=read_seconds)
        self._clock = clock
        self._pool = _open_pool(endpoint, connections, network, connect_to)

    def send(
        self, method: str, raw_target: bytes, headers: Headers, upload: Upload, *, answer_by: float | None = None,
        waits: Iterator[float] | None = None, sign_as: SignAs | None = None,
    ) -> ProxyResponse:  # fmt: skip
        """Sign and send one request. Raises a DomainError where there is no answer to pass on.

        `answer_by`, on time.monotonic(), is when the whole answer must be there; reading its body is bound by it too.
        `waits` is asked how many seconds to wait for a byte, before each read and whenever they have passed in
        vain. What it raises ends the call and closes the connection; when it ends, timeouts are those of all calls.
        `sign_as` is the role to sign it with, in place of our own identity.
        """
        if method in _NEVER_SENT:
            raise MethodNotAllowed(f"{method} requests are not forwarded.")
        target = build_target(raw_target)
        passed_on = self._framed(method, request_headers(headers), upload, waits)
        source = self._assume(sign_as) if sign_as and self._assume else self._credentials
        used = source.current() if source else None
        answer = self._signed_call(method, target, passed_on, upload, used, answer_by)
        if answer.status != 403:
            return answer
        fresh = self._mend(answer, used, source)
        if fresh is None:
            return answer
        answer.body.close()
        return self._signed_call(method, target, passed_on, upload, fresh, answer_by)

    def close(self) -> None:
        self._pool.close()

    def _mend(
        self, refused: ProxyResponse, used: Credentials | None, source: CredentialsSource | None
    ) -> Credentials | None:
        """Say why a 403 came, and find other credentials if they could help: a refused request was not executed."""
        diagnosis = diagnose(refused.body.data if isinstance(refused.body, Held) else b"")
        log.warning("The domain answered 403. Refused by %s: %s.", diagnosis.layer, diagnosis.hint)
        if diagnosis.is_renewable and used and source and source.renew(used):
            return source.current()
        return None

    def _signed_call(
        self, method: str, target: WireTarget, headers: Lines, upload: Upload, credentials: Credentials | None,
        answer_by: float | None,
    ) -> ProxyResponse:  # fmt: skip
        if self._signer and credentials:
            host = self.endpoint.host
            headers = headers.and_(self._signer.sign(method, target, host, upload.sha256, credentials, self._clock()))
        response = self._call(method, str(target), headers, upload, answer_by)
        is_refusal = response.status in (401, 403)
        answer = read_answer(response, whole_bytes=WHOLE_BYTES if is_refusal else 0, answer_by=answer_by)
        return redact(answer, credentials.token) if credentials and credentials.token else answer

    def _framed(
        self, method: str, headers: list[tuple[str, str]], upload: Upload, waits: Iterator[float] | None
    ) -> Lines:
        """The headers with those of this hop; what the client did not send, the library shall not add."""
        names = {name.lower() for name, _ in headers}
        skipped = [(name, SKIP_HEADER) for name in ("User-Agent", "Accept-Encoding") if name.lower() not in names]
        has_length = upload.length_bytes or method in _WITH_LENGTH
        length = [("Content-Length", str(upload.length_bytes))] if has_length else []
        return Lines((("Host", self.endpoint.host), *headers, *skipped, *length), waits)

    def _call(self, method: str, target: str, headers: Lines, upload: Upload, answer_by: float | None) -> HTTPResponse:
        try:
            return self._call_once(method, target, headers, upload, answer_by)
        except FAULTS as fault:
            if not may_repeat(fault, method, target):
                raise explain_call(fault) from None  # a traceback would quote what was read
        try:
            return self._call_once(method, target, headers, upload, answer_by)
        except FAULTS as fault:
            raise explain_call(fault) from None

    def _call_once(
        self, method: str, target: str, headers: Lines, upload: Upload, answer_by: float | None
    ) -> HTTPResponse:
        response = self._pool.urlopen(
            method, target, body=upload.content(), headers=cast(Any, headers), retries=False, redirect=False,
            assert_same_host=False, timeout=bounded(self._timeout, answer_by), preload_content=False,
            decode_content=False,
        )  # fmt: skip
        return cast(HTTPResponse, response)


class _Adapter(HTTPAdapter):
    """An adapter whose connections are verified for the domain's own name, wherever they lead."""

    def __init__(self, name: str, connections: int) -> None:
        self._name = name
        super().__init__(pool_connections=1, pool_maxsize=connections)

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        host, pool = super().build_connection_pool_key_attributes(*args, **kwargs)
        names = {"assert_hostname": self._name, "server_hostname": self._name} if host["scheme"] == "https" else {}
        return host, {**pool, **names, "blocksize": CHUNK_BYTES}


def _open_pool(endpoint: Endpoint, connections: int, network: Network, connect_to: str | None) -> HTTPConnectionPool:
    """One pool to the endpoint, or to `connect_to` in its place."""
    url = f"{endpoint.scheme}://{connect_to or endpoint.host}"
    adapter = _Adapter(cast(str, urlsplit(endpoint.url).hostname), connections)
    request = requests.Request("GET", url).prepare()
    verify = network.ca_bundle or True
    proxies = {endpoint.scheme: network.proxy} if network.proxy else {}
    pool = adapter.get_connection_with_tls_context(request, verify, proxies, None)
    adapter.cert_verify(pool, url, verify, None)  # type: ignore[no-untyped-call]
    return prepare_pool(pool)
