"""Lambda Function URL (payload 2.0, buffered).

Facts: recorded event in tests/vectors/events; Lambda developer guide, "Invoking Lambda function URLs", "Lambda quotas".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote

from access_es.demo.cloud.doors import payload_v2
from access_es.demo.cloud.doors.answers import own_answer
from access_es.demo.cloud.doors.messages import ApiSettings, Arrived, Event, Failure, Limits, names, own_name
from access_es.demo.http_messages import Answer

# Seen in the field, as at a REST API: content-length (cargo-lambda/cargo-lambda#862), date, www-authenticate.
_REMAPPED = names("connection content-length date server www-authenticate")
_FAILURES = {
    Failure.TIMED_OUT: (504, "Gateway Timeout"),
    Failure.FUNCTION_FAILED: (502, "Internal Server Error"),
    Failure.THROTTLED: (429, "TooManyRequestsException"),
    Failure.EVENT_TOO_LARGE: (413, "Request Entity Too Large"),
}


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    settings: ApiSettings = field(default=ApiSettings(stage="$default", api_id="emulated00000000000000000000000a"))
    name: str = "url"
    # The function's own timeout is the only one.
    limits: Limits = field(default=Limits(body_bytes=6_291_456, head_bytes=1_048_576, timeout_seconds=None))

    def refuse(self, arrived: Arrived) -> Answer | None:
        if len(arrived.body) > self.limits.body_bytes:
            return _say(413, "Request Entity Too Large", arrived)
        if arrived.head_bytes > self.limits.head_bytes:
            return _say(431, "Request Header Fields Too Large", arrived)
        return None

    def build_event(self, arrived: Arrived) -> Event:
        domain = own_name(arrived, "lambda-url", self.settings.api_id)
        api = payload_v2.Api("anonymous", self.settings.api_id, arrived.moment.request_id, "$default", domain)
        tls = (
            {"x-amzn-tls-cipher-suite": "TLS_AES_128_GCM_SHA256", "x-amzn-tls-version": "TLSv1.3"}
            if arrived.scheme == "https"
            else {}
        )
        headers = {**payload_v2.joined_headers(arrived), **tls}
        if cookies := arrived.values("cookie"):
            headers["cookie"] = "; ".join(cookies)  # recorded: here they are in both places
        # Recorded: `rawPath` is raw, the path of the request context is not.
        return payload_v2.build_event(
            arrived, api, arrived.path, unquote(arrived.path, errors="replace"), headers.items()
        )

    def read_answer(self, payload: bytes, arrived: Arrived) -> Answer:
        return payload_v2.read_answer(payload, arrived, "application/json", _rename)

    def fail(self, failure: Failure, arrived: Arrived) -> Answer:
        return _say(*_FAILURES[failure], arrived)


def _rename(name: str) -> str:
    return f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name


def _say(status: int, message: str, arrived: Arrived) -> Answer:
    mark = ("x-amzn-RequestId", arrived.moment.request_id)
    return own_answer(status, f'{{"Message":"{message}"}}', "application/json", arrived, mark)
