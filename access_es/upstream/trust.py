"""The certificates by which the domain's own is verified, read once.

urllib3 reads the file again for each connection, and certifi's takes 20 ms of processor time.
"""

from __future__ import annotations

import ssl
import threading
from contextlib import suppress
from typing import Any

from urllib3.connectionpool import HTTPConnectionPool
from urllib3.util.ssl_ import create_urllib3_context


class Trust:
    """For the connections of one pool. Those through a proxy with TLS are urllib3's own: it has two to verify."""

    def __init__(self, opener: HTTPConnectionPool) -> None:
        self._opener: Any = opener
        self._applies = opener.scheme == "https" and (opener.proxy is None or opener.proxy.scheme != "https")
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None

    def prepare(self) -> None:
        """Read them before a connection waits for it. A file that cannot be read is reported by the connection."""
        with suppress(OSError):
            if self._applies:
                self._read()

    def apply(self, connection: Any) -> None:
        """Let a connection that is about to be opened verify by them. Raises OSError."""
        if self._applies:
            connection.ssl_context = self._read()
            connection.ca_certs = connection.ca_cert_dir = None

    def _read(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
                context.load_verify_locations(self._opener.ca_certs, self._opener.ca_cert_dir)
                self._context = context
            return self._context
