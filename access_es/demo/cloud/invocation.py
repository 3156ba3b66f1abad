"""What comes of one invocation, and why there may be none. The words are Lambda's own."""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_REQUEST_BYTES = 6_291_456
MAX_EVENT_BYTES = 1_048_576
MAX_RESPONSE_BYTES = 6_291_556  # recorded: localstack's AWS tests, 24 November 2025


@dataclass(frozen=True, slots=True)
class Invocation:
    """`payload` is the JSON that the function, or Lambda in its place, answered; `error` is None, `Handled` (it
    raised) or `Unhandled` (it did not live to answer)."""

    payload: bytes = field(repr=False)
    error: str | None = None


class InvokeError(Exception):
    """The invocation did not begin."""

    status = 500
    kind = "ServiceException"


class PayloadTooLarge(InvokeError):
    status = 413
    kind = "RequestTooLargeException"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"Request must be smaller than {limit_bytes} bytes for the InvokeFunction operation")


class Throttled(InvokeError):
    status = 429
    kind = "TooManyRequestsException"

    def __init__(self) -> None:
        super().__init__("Rate Exceeded.")
