"""What the handler returns in place of an answer in one piece."""

from __future__ import annotations

from dataclasses import dataclass, field

from access_es.messages import Body

# API Gateway reads status and headers from the start of a payload of this type: its Developer Guide, "Set up a Lambda
# proxy integration with payload response streaming".
MEDIA_TYPE = "application/vnd.awslambda.http-integration-response"


@dataclass(frozen=True, slots=True)
class StreamedAnswer:
    """The prelude, then the body as it arrives. `send_by`, on time.monotonic(), is when sending must have ended."""

    prelude: bytes = field(repr=False)
    body: Body = field(repr=False)
    send_by: float | None = None


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """The same payload in one piece, for a runtime client that can be taught its type and nothing more."""

    payload: bytes = field(repr=False)
