"""Probes the domain: whether it answers, and which user interface it has."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

from access_es.errors import AccessEsError
from access_es.messages import Held, ProxyResponse
from access_es.upload import Upload
from access_es.upstream.client import Domain

DASHBOARDS = "/_dashboards/"
KIBANA = "/_plugin/kibana/"
_TIMEOUT_SECONDS = 10.0  # monitoring, and people who wait for a page, wait no longer


class Probe:
    """Sends a request at most once per `cache_seconds`, so that readiness checks cannot overload the domain."""

    def __init__(
        self, domain: Domain, service: str, *, cache_seconds: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._domain = domain
        # A serverless collection has no page at "/": docs.aws.amazon.com, serverless-genref, supported operations.
        self._target = b"/_cat/indices" if service == "aoss" else b"/"
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._is_ready = False
        self._home: str | None = None

    def is_ready(self) -> bool:
        """Whether a signed request is answered. While one thread asks, the others return the last result."""
        if self._clock() - self._asked_at >= self._cache_seconds and self._lock.acquire(blocking=False):
            try:
                self._is_ready = self._ask() is not None
                self._asked_at = self._clock()
            finally:
                self._lock.release()
        return self._is_ready

    def home_path(self) -> str:
        """Kibana's path on an Elasticsearch domain, Dashboards' on any other; remembered once known."""
        if self._home is None:
            facts = self._ask()
            if facts is None:
                return DASHBOARDS
            self._home = DASHBOARDS if _is_opensearch(facts) else KIBANA
        return self._home

    def _ask(self) -> bytes | None:
        try:
            answer = self._domain.send(
                "GET", self._target, (("Accept", "application/json"),), Upload(),
                answer_by=time.monotonic() + _TIMEOUT_SECONDS,
            )  # fmt: skip
        except AccessEsError:
            return None
        try:
            return _content(answer) if answer.status == 200 else None
        finally:
            answer.body.close()


def _content(answer: ProxyResponse) -> bytes:
    return answer.body.data if isinstance(answer.body, Held) else b"{}"


def _is_opensearch(facts: bytes) -> bool:
    # Elasticsearch gives no distribution before 7.x and "default" or "oss" never here; OpenSearch says its name even
    # where it gives an Elasticsearch version number for old clients.
    try:
        version = json.loads(facts).get("version", {})
    except (ValueError, AttributeError):
        return True
    return not isinstance(version, dict) or version.get("distribution") == "opensearch" or "number" not in version
