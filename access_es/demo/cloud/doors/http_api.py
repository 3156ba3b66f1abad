"""API Gateway HTTP API (payload 2.0), which decodes paths before the function can see them.

Facts: recorded event and tests/vectors/events/ingress-paths.json; HTTP API developer guide, "payload format version",
"Quotas"; recorded answers of aws-lambda-dotnet's test tool.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from access_es.demo.cloud.doors import payload_v2
from access_es.demo.cloud.doors.answers import own_answer
from access_es.demo.cloud.doors.messages import (
    ACCOUNT,
    ApiSettings,
    Arrived,
    Event,
    Failure,
    Limits,
    MalformedAnswer,
    own_name,
)
from access_es.demo.http_messages import Answer

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_FAILURES = {
    Failure.TIMED_OUT: (503, "Service Unavailable"),  # serverless/serverless#11222
    Failure.FUNCTION_FAILED: (500, "Internal Server Error"),
    Failure.THROTTLED: (500, "Internal Server Error"),
    Failure.EVENT_TOO_LARGE: (413, "Request Entity Too Large"),
}


@dataclass(frozen=True, slots=True)
class HttpApi:
    settings: ApiSettings = field(default=ApiSettings(stage="$default"))
    name: str = "http"
    limits: Limits = field(
        default=Limits(
            body_bytes=10_485_760,
            head_bytes=10_240,
            timeout_seconds=30.0,
            answer_head_bytes=10_240,
        )
    )

    def refuse(self, arrived: Arrived) -> Answer | None:
        if len(arrived.body) > self.limits.body_bytes:
            return _say(413, "Request Entity Too Large", arrived)
        if arrived.head_bytes > self.limits.head_bytes:
            return _say(431, "Request Header Fields Too Large", arrived)
        if decode_path(arrived.path) is None:
            return _say(400, "Bad Request", arrived)
        if not self._is_known(arrived):
            return _say(404, "Not Found", arrived)
        return None

    def _is_known(self, arrived: Arrived) -> bool:
        """Without an own domain, a path must begin with the stage, if that has a name."""
        stage = self.settings.stage
        return self.settings.own_domain or stage == "$default" or f"{arrived.path}/".startswith(f"/{stage}/")

    def build_event(self, arrived: Arrived) -> Event:
        path = decode_path(arrived.path) or "/"
        request_id = arrived.moment.short_id
        domain = arrived.value("host").partition(":")[0]
        if not self.settings.own_domain:
            domain = own_name(arrived, "execute-api", self.settings.api_id)
        api = payload_v2.Api(ACCOUNT, self.settings.api_id, request_id, self.settings.stage, domain)
        headers = payload_v2.joined_headers(arrived)
        headers.pop("cookie", None)  # recorded: they are in `cookies` only
        return payload_v2.build_event(arrived, api, path, path, headers.items())

    def read_answer(self, payload: bytes, arrived: Arrived) -> Answer:
        answer = payload_v2.read_answer(payload, arrived, "text/plain; charset=utf-8", lambda name: name)
        if sum(len(name) + len(value) + 4 for name, value in answer.headers) > (self.limits.answer_head_bytes or 0):
            raise MalformedAnswer("headers too large")
        return answer

    def fail(self, failure: Failure, arrived: Arrived) -> Answer:
        return _say(*_FAILURES[failure], arrived)


def decode_path(path: str) -> str | None:
    """Decoded, cut at a question mark, decoded again; None where that cannot be done, which is a 400."""
    for _ in range(2):
        if _BAD_ESCAPE.search(path):
            return None
        decoded = unquote(path, errors="replace")
        path = decoded if _ else decoded.partition("?")[0]
    return path


def _say(status: int, message: str, arrived: Arrived) -> Answer:
    mark = ("Apigw-Requestid", arrived.moment.short_id)
    return own_answer(status, f'{{"message":"{message}"}}', "application/json", arrived, mark)
