"""Caches verified credentials under a keyed digest of their header, so that the header itself is not kept."""

from __future__ import annotations

import hashlib
import secrets
import threading
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ProofCache(Generic[Value]):
    """A bounded dictionary for many threads. Its keys are digests under a key that this process alone has."""

    def __init__(self, max_entries: int = 16_384) -> None:
        self._max_entries = max_entries
        self._secret = secrets.token_bytes(32)
        self._values: dict[bytes, Value] = {}
        self._lock = threading.Lock()

    def key(self, text: str) -> bytes:
        """The digest to keep a header's text under: keyed BLAKE2 (RFC 7693, 2.9), as good as an HMAC and faster."""
        return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), key=self._secret, digest_size=32).digest()

    def get(self, key: bytes) -> Value | None:
        return self._values.get(key)

    def put(self, key: bytes, value: Value) -> None:
        """Keep a value; the one that was put longest ago goes when there are too many."""
        with self._lock:
            self._values.pop(key, None)
            while len(self._values) >= self._max_entries:
                del self._values[next(iter(self._values))]
            self._values[key] = value

    def forget(self, key: bytes) -> None:
        with self._lock:
            self._values.pop(key, None)
