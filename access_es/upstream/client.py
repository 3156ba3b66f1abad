"""One signed call to the domain.

What goes out is what we give: there is no session, so no cookie jar, no netrc, no redirects, no decoding, no retry but
the ones said here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from access_es.client_presence import ClientGone, ClientPresence
from access_es.credentials import Credentials, CredentialsSource
from access_es.errors import MethodNotAllowed
from access_es.header_lines import write_lines
from access_es.messages import Headers, Held, ProxyResponse, SignAs
from access_es.settings.endpoint import Endpoint
from access_es.upload import Upload
from access_es.upstream.answer import WHOLE_BYTES, ArrivingBody, read_answer
from access_es.upstream.connection import ONE_WRITE_BYTES, Connection
from access_es.upstream.deadlines import UntilDue, Waiting, seconds_left
from access_es.upstream.diagnosis import Diagnosis, diagnose
from access_es.upstream.failures import FAULTS, explain, may_repeat
from access_es.upstream.head import Head
from access_es.upstream.headers import request_headers
from access_es.upstream.interruptible_read import Interruptible
from access_es.upstream.network import Network
from access_es.upstream.pool import Pool, Readiness, find_opener
from access_es.upstream.redaction import redact
from access_es.upstream.signing import Signer
from access_es.upstream.target import WireTarget, build_target

# A tunnel opened on a pooled connection would carry the requests of others; an echo shows our signature and token.
_NEVER_SENT = frozenset(("CONNECT", "TRACE"))
_WITH_LENGTH = frozenset(("POST", "PUT", "PATCH"))  # RFC 9110, 8.6: these say 0 where they have no body
_REQUEST_LINE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^\x00-\x20\x7f]+")

log = logging.getLogger("access_es.upstream")


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
        readiness: Readiness = lambda _: None,
    ) -> None:
        self.endpoint = endpoint
        self._signer = signer
        self._credentials = credentials
        self._assume = assume
        self._clock = clock
        opener = find_opener(endpoint, network, connect_to)
        self._pool = Pool(opener, connect_seconds, read_seconds, connections, readiness)

    def prepare(self) -> None:
        """Make what the first connection would wait for. Nothing is sent."""
        self._pool.prepare()

    def send(
        self, method: str, raw_target: bytes, headers: Headers, upload: Upload, *, answer_by: float | None = None,
        waits: Iterator[float] | None = None, sign_as: SignAs | None = None, client: ClientPresence | None = None,
        uploader: ClientPresence | None = None,
    ) -> ProxyResponse:  # fmt: skip
        """Sign and send one request. Raises a DomainError where there is no answer to pass on.

        `answer_by`, on time.monotonic(), is when the whole answer must be there; reading its body is bound by it too.
        `waits` is asked how many seconds to wait for a byte, before each read and whenever they have passed in
        vain. What it raises ends the call and closes the connection; when it ends, timeouts are those of all calls.
        `sign_as` is the role to sign it with, in place of our own identity.
        `client` is who the answer is for, where nobody else needs it: when it hangs up, the connection is closed, and
        ClientGone is raised here or by the body. `uploader` is watched in the same way, but only until its whole
        request is sent: the domain may execute it from then on.
        """
        if method in _NEVER_SENT:
            raise MethodNotAllowed(f"{method} requests are not forwarded.")
        target = build_target(raw_target)
        passed_on = self._framed(method, request_headers(headers), upload)
        source = self._assume(sign_as) if sign_as and self._assume else self._credentials
        used = source.current() if source else None
        call = _Call(self._pool, answer_by, waits, client, uploader)
        answer = self._signed_call(call, method, target, passed_on, upload, used)
        if answer.status != 403:
            return answer
        diagnosis = _diagnose(answer)
        fresh = self._renew_after(diagnosis, used, source)
        if fresh is None:
            return replace(answer, refused_by=diagnosis.refused_by)
        answer.body.close()
        answer = self._signed_call(call, method, target, passed_on, upload, fresh)
        return replace(answer, refused_by=_diagnose(answer).refused_by) if answer.status == 403 else answer

    def close(self) -> None:
        self._pool.close()

    def _renew_after(
        self, diagnosis: Diagnosis, used: Credentials | None, source: CredentialsSource | None
    ) -> Credentials | None:
        """Say why a 403 came, and find other credentials if they could help: a refused request was not executed."""
        log.warning("The domain answered 403. Refused by %s: %s.", diagnosis.layer, diagnosis.hint)
        if diagnosis.is_renewable and used and source and source.renew(used):
            return source.current()
        return None

    def _signed_call(
        self, call: _Call, method: str, target: WireTarget, headers: list[tuple[str, str]], upload: Upload,
        credentials: Credentials | None,
    ) -> ProxyResponse:  # fmt: skip
        if self._signer and credentials:
            host = self.endpoint.host
            headers = [*headers, *self._signer.sign(method, target, host, upload.sha256, credentials, self._clock())]
        head, arriving = call.ask(method, str(target), headers, upload)
        answer = read_answer(head, arriving, whole_bytes=WHOLE_BYTES if head.status in (401, 403) else 0)
        return redact(answer, credentials.token) if credentials and credentials.token else answer

    def _framed(self, method: str, headers: list[tuple[str, str]], upload: Upload) -> list[tuple[str, str]]:
        """The headers with those of this hop."""
        framed = [("Host", self.endpoint.host), *headers]
        if upload.length_bytes or method in _WITH_LENGTH:
            framed.append(("Content-Length", str(upload.length_bytes)))
        return framed


class _Call:
    """How one request is waited for, and by whom."""

    __slots__ = ("_answer_by", "_client", "_pool", "_stop_watching", "_uploader", "_waits")

    def __init__(
        self, pool: Pool, answer_by: float | None, waits: Iterator[float] | None, client: ClientPresence | None,
        uploader: ClientPresence | None,
    ) -> None:  # fmt: skip
        self._pool = pool
        self._answer_by = answer_by
        self._waits = waits
        self._client = client
        self._uploader = uploader
        self._stop_watching: Callable[[], None] | None = None

    def ask(
        self, method: str, target: str, headers: list[tuple[str, str]], upload: Upload
    ) -> tuple[Head, ArrivingBody]:
        try:
            request = _write_head(method, target, headers)
            try:
                return self._ask_once(method, request, upload)
            except FAULTS as fault:
                if not may_repeat(fault, method, target):
                    raise
            return self._ask_once(method, request, upload)
        except FAULTS as fault:
            raise explain(fault) from None  # a traceback would quote what was read

    def _ask_once(self, method: str, request: bytes, upload: Upload) -> tuple[Head, ArrivingBody]:
        left = None if self._answer_by is None else seconds_left(self._answer_by)
        connection = self._pool.take(left)
        try:
            if self._client:
                self._stop_watching = self._client.watch(connection.abort)
            self._send(connection, request, upload)
            head = connection.read_final_head()
            return head, ArrivingBody(connection, head, method, self._end)
        except BaseException as fault:
            self._end(connection, False)
            if connection.is_aborted and isinstance(fault, FAULTS):
                raise ClientGone from None
            raise

    def _send(self, connection: Connection, request: bytes, upload: Upload) -> None:
        sender = self._client or self._uploader
        if sender is None or upload.length_bytes <= ONE_WRITE_BYTES:  # which is sent in no time
            connection.send(request, upload.content(), self._waiting())
            return
        stop_watching = sender.watch(connection.abort)
        try:
            connection.send(request, upload.content(), self._waiting())
        except FAULTS:
            if not connection.is_aborted:
                raise
        finally:
            stop_watching()
        if connection.is_aborted:
            connection.reset()
            raise ClientGone

    def _waiting(self) -> Waiting | None:
        due = UntilDue(self._answer_by, self._pool.read_seconds) if self._answer_by is not None else None
        return due if self._waits is None else Interruptible(self._waits, due, self._pool.read_seconds)

    def _end(self, connection: Connection, is_reusable: bool) -> None:
        if self._stop_watching:
            self._stop_watching()
            self._stop_watching = None
        if is_reusable:
            self._pool.give_back(connection)
        else:
            connection.close()


def _diagnose(refused: ProxyResponse) -> Diagnosis:
    return diagnose(refused.body.data if isinstance(refused.body, Held) else b"")


def _write_head(method: str, target: str, headers: list[tuple[str, str]]) -> bytes:
    """Raises ValueError for what would not be one request with these headers."""
    line = f"{method} {target}"
    if not _REQUEST_LINE.fullmatch(line):
        raise ValueError("bytes that HTTP does not allow in a request line")
    return b"%b HTTP/1.1\r\n%b\r\n" % (line.encode("latin-1"), write_lines(headers))
