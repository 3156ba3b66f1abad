"""What the handler returns in place of an answer in one piece.

Plain classes: they are made at a cold start, where a dataclass takes a millisecond.
"""

from __future__ import annotations

from access_es.messages import Body

# API Gateway reads status and headers from the start of a payload of this type: its Developer Guide, "Set up a Lambda
# proxy integration with payload response streaming".
MEDIA_TYPE = "application/vnd.awslambda.http-integration-response"


class StreamedAnswer:
    """The prelude, then the body as it arrives. `send_by`, on time.monotonic(), is when sending must have ended."""

    __slots__ = ("body", "prelude", "send_by")

    def __init__(self, prelude: bytes, body: Body, send_by: float | None = None) -> None:
        self.prelude = prelude
        self.body = body
        self.send_by = send_by


class WholeAnswer:
    """The same payload in one piece, for a runtime client that can be taught its type and nothing more."""

    __slots__ = ("payload",)

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
