"""How an answer leaves through a door that streams. Pure: what is known before the status must be out, and the door.

Streaming slows down after its first megabytes, has an end, and cannot change its mind: once the status is out, a
redirect is none any more.
"""

from __future__ import annotations

from access_es.front_doors import STREAM_BYTES
from access_es.lazy_dataclass import dataclass

# docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html: 6 MB at full speed, then 2 MB/s.
_FREE_BYTES, _BYTES_PER_SECOND = 6 * 1024 * 1024, 2 * 1024 * 1024
BEARABLE_SECONDS = 7.0  # 20 MB at the door's rate; S3 is a second away, for whoever follows the way there
_MISJUDGED = 1.25  # by how much an answer may turn out larger than its start promised


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What a streamed answer may be on the wire, and how fast it goes."""

    answer_bytes: int = STREAM_BYTES
    free_bytes: int = _FREE_BYTES
    bytes_per_second: int = _BYTES_PER_SECOND

    def seconds(self, size_bytes: int) -> float:
        """How long so many bytes take at least."""
        return max(0, size_bytes - self.free_bytes) / self.bytes_per_second


LIMITS = StreamLimits()


@dataclass(frozen=True, slots=True)
class Known:
    """`length_bytes` is None where only the body's end will tell; `coded_share` what a coding leaves of it, by its
    start, or None where it cannot be compressed for this client.

    `may_redirect`: this client follows a redirect to the store, and this answer may be one. `may_store`: there is a
    store, and what asked takes something from elsewhere.
    """

    has_body: bool
    length_bytes: int | None
    coded_share: float | None
    may_redirect: bool
    may_store: bool


@dataclass(frozen=True, slots=True)
class Pass:
    """As it is, while it arrives, with its length where that is known."""


@dataclass(frozen=True, slots=True)
class Compress:
    """Compressed while it arrives."""


@dataclass(frozen=True, slots=True)
class Collect:
    """First up to what the door takes at full speed, compressed if it may be. What ends within that leaves with its
    length, what goes on beyond goes to the store."""


@dataclass(frozen=True, slots=True)
class Spill:
    """Into the store, and a way there."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Too large in every form; said before the status is out."""


StreamPlan = Pass | Compress | Collect | Spill | Refuse


def plan_stream(known: Known, door: StreamLimits = LIMITS) -> StreamPlan:
    """The way for one answer."""
    stream: StreamPlan = Pass() if known.coded_share is None else Compress()
    if not known.has_body:
        return Pass()
    if known.length_bytes is None:
        return Collect() if known.may_redirect else stream
    if known.length_bytes <= door.free_bytes:
        return Pass()
    wire_bytes = known.length_bytes if known.coded_share is None else round(known.length_bytes * known.coded_share)
    if door.seconds(wire_bytes) <= BEARABLE_SECONDS:
        return stream
    if known.may_redirect:
        return Spill()
    if _surely_bytes(wire_bytes, known) <= door.answer_bytes:
        return stream
    return Spill() if known.may_store else Refuse()


def _surely_bytes(wire_bytes: int, known: Known) -> float:
    return wire_bytes if known.coded_share is None else wire_bytes * _MISJUDGED
