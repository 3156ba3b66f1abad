"""What the gateway has seen, in memory, for tests and for `/_demo/log`."""

from collections import Counter, deque
from dataclasses import asdict, dataclass
from datetime import datetime
from threading import Lock
from typing import Any

MAX_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One request. `verdict` is `verified` or the code of the refusal; no header or body is kept."""

    number: int
    at: datetime
    method: str
    target: str
    verdict: str
    access_key: str | None
    body_bytes: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"at": self.at.isoformat()}


class GatewayLog:
    """The last MAX_ENTRIES requests, and how many there were of each verdict. Read and written by any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: deque[Seen] = deque(maxlen=MAX_ENTRIES)
        self._counts: Counter[str] = Counter()

    def note(
        self, at: datetime, method: str, target: bytes, verdict: str, access_key: str | None, body_bytes: int
    ) -> None:
        with self._lock:
            self._counts[verdict] += 1
            number = self._counts.total()
            self._seen.append(Seen(number, at, method, target.decode("latin-1"), verdict, access_key, body_bytes))

    def last(self, count: int = 1) -> list[Seen]:
        """The newest `count`, oldest first."""
        with self._lock:
            return list(self._seen)[-count:] if count > 0 else []

    def counts(self) -> dict[str, int]:
        with self._lock:
            return dict(self._counts)

    @property
    def verified(self) -> int:
        return self.counts().get("verified", 0)

    @property
    def refused(self) -> int:
        return sum(self.counts().values()) - self.verified

    def clear(self) -> None:
        with self._lock:
            self._seen.clear()
            self._counts.clear()
