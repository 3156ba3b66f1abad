"""API Gateway REST API (payload 1.0), regional, with Lambda proxy integration and `*/*` as binary media type.

Facts: recorded event in tests/vectors/events; API Gateway developer guide, "Set up Lambda proxy integrations",
"Amazon API Gateway important notes" (the tables of headers), "Quotas"; recorded answers of localstack's AWS tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from access_es.demo.cloud.doors.answers import (
    Pairs,
    connection_headers,
    dated,
    finished,
    has,
    own_answer,
    parse_answer,
    read_body,
    read_multiple,
    read_single,
    read_status,
    without,
)
from access_es.demo.cloud.doors.gateway_response import render_response
from access_es.demo.cloud.doors.messages import (
    ACCOUNT,
    ApiSettings,
    Arrived,
    Event,
    Failure,
    Limits,
    MalformedAnswer,
    names,
    own_name,
)
from access_es.demo.cloud.doors.requests import (
    MultiValues,
    as_base64,
    decode_form,
    forwarded,
    group,
    last,
    passed_on,
    split_query,
    trace,
)
from access_es.demo.http_messages import Answer

JSON = "application/json"
# "Important notes": headers that do not reach a Lambda function.
_DROPPED_IN = names(
    "connection content-length content-md5 expect keep-alive max-forwards proxy-authenticate server te trailer "
    "transfer-encoding upgrade www-authenticate x-amzn-trace-id x-forwarded-for x-forwarded-port "
    "x-forwarded-proto"
)
_TITLED = {"host": "Host", "user-agent": "User-Agent", "authorization": "Authorization"}
# The same page: headers that come back under another name, and those that do not come back.
_REMAPPED = names(
    "authorization connection content-length content-md5 date max-forwards server user-agent www-authenticate"
)
_DROPPED_OUT = names("expect host proxy-authenticate te trailer transfer-encoding upgrade via")
METHODS = names("DELETE GET HEAD OPTIONS PATCH POST PUT")  # what `ANY` stands for
_KEYS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
_FAILURES = {
    Failure.TIMED_OUT: (504, "Endpoint request timed out", "INTEGRATION_TIMEOUT"),
    Failure.FUNCTION_FAILED: (502, "Internal server error", "DEFAULT_5XX"),
    Failure.THROTTLED: (500, "Internal server error", "DEFAULT_5XX"),
    # recorded: koki-develop/lgtm-generator#10
    Failure.EVENT_TOO_LARGE: (413, "Request Too Long", "REQUEST_TOO_LARGE"),
}


@dataclass(frozen=True, slots=True)
class RestApi:
    settings: ApiSettings = field(default=ApiSettings())
    name: str = "rest"
    limits: Limits = field(
        default=Limits(
            body_bytes=10_485_760,
            head_bytes=20_480,
            timeout_seconds=29.0,
            answer_head_bytes=20_480,
            target_bytes=10_240,
        )
    )

    def refuse(self, arrived: Arrived) -> Answer | None:
        if len(arrived.body) > self.limits.body_bytes:  # its words, recorded at the same place
            words = f"HTTP content length exceeded {self.limits.body_bytes} bytes."
            default = own_answer(413, words, "text; charset=utf-8", arrived)
            return self._customised("REQUEST_TOO_LARGE", 413, arrived) or default
        if len(arrived.target) > (self.limits.target_bytes or 0):
            return self.say(414, "Request-URI Too Large", arrived)
        if arrived.head_bytes > self.limits.head_bytes:
            return self.say(431, "Request Header Fields Too Large", arrived)
        if re.search(r"[|{}]", arrived.query):  # "not supported for any request URL query string"
            return self.say(400, "Bad Request", arrived)
        missing = (403, "Missing Authentication Token", arrived, "MissingAuthenticationTokenException")
        if self._path(arrived) is None:  # no stage, hence nobody's gateway responses
            return self.say(*missing, is_in_stage=False)
        return None if _method(arrived) in METHODS else self.say(*missing, response_type="MISSING_AUTHENTICATION_TOKEN")

    def build_event(self, arrived: Arrived) -> Event:
        headers = group(self._headers(arrived))
        query = _query(arrived)
        path = re.sub("^/{2,}", "/", self._path(arrived) or "/")
        # A base path stays in `path` (vincentsarago/lambda-proxy#16), and `{proxy+}` is what comes after it.
        whole = arrived.path if self.settings.base_path else path
        body, is_base64 = as_base64(arrived.body) if arrived.body else (None, False)
        return {
            "resource": "/" if path == "/" else "/{proxy+}",
            "path": whole,
            "httpMethod": _method(arrived),
            "headers": last(headers),
            "multiValueHeaders": headers,
            "queryStringParameters": last(query) or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": {"proxy": path[1:].removesuffix("/")} if path != "/" else None,
            "stageVariables": dict(self.settings.variables) or None,
            "requestContext": self._context(arrived, path),
            "body": body,
            "isBase64Encoded": is_base64,
        }

    def _path(self, arrived: Arrived) -> str | None:
        """The path below the stage or base path, None where that is not what it begins with."""
        prefix = self.settings.base_path if self.settings.own_domain else f"/{self.settings.stage}"
        if arrived.path == prefix:
            return "/"
        return arrived.path.removeprefix(prefix) if arrived.path.startswith(f"{prefix}/") else None

    def _headers(self, arrived: Arrived) -> Iterator[tuple[str, str]]:
        for name, value in passed_on(arrived):
            folded = name.lower()
            signed = folded == "authorization" and value.startswith("AWS4-HMAC-SHA256")
            if folded not in _DROPPED_IN and not signed:
                yield _TITLED.get(folded, name), value
        yield from (trace(arrived), *forwarded(arrived))

    def _context(self, arrived: Arrived, path: str) -> dict[str, Any]:
        host = arrived.value("host").partition(":")[0]
        if not self.settings.own_domain:
            host = own_name(arrived, "execute-api", self.settings.api_id)
        return {
            "accountId": ACCOUNT,
            "apiId": self.settings.api_id,
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "extendedRequestId": arrived.moment.short_id,
            "httpMethod": _method(arrived),
            "identity": _identity(arrived),
            "path": arrived.path,
            "protocol": "HTTP/1.1",
            "requestId": arrived.moment.request_id,
            "requestTime": arrived.moment.text,
            "requestTimeEpoch": arrived.moment.epoch_milliseconds,
            "resourceId": "root00" if path == "/" else "proxy0",
            "resourcePath": "/" if path == "/" else "/{proxy+}",
            "stage": self.settings.stage,
        }

    def read_answer(self, payload: bytes, arrived: Arrived) -> Answer:
        answer = _of_prelude(payload) or parse_answer(payload)
        if not isinstance(answer, dict) or not answer.keys() <= _KEYS:
            raise MalformedAnswer("not of the form of a proxy answer")
        multiple = read_multiple(answer.get("multiValueHeaders"))
        # "Output format": the two maps are merged, and a pair that is in both counts once.
        single = [pair for pair in read_single(answer.get("headers")) if pair not in multiple]
        headers = self.outgoing(multiple + single, arrived)
        if sum(len(name) + len(value) + 4 for name, value in headers) > (self.limits.answer_head_bytes or 0):
            raise MalformedAnswer("headers too large")
        return finished(read_status(answer), headers, read_body(answer), arrived)

    def outgoing(self, headers: Pairs, arrived: Arrived) -> Pairs:
        kept = without(headers, _DROPPED_OUT)
        renamed = [(f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name, value) for name, value in kept]
        typed = renamed if has(renamed, "content-type") else [*renamed, ("Content-Type", JSON)]
        framed = without(typed, connection_headers())
        return [dated(arrived), *self._marks(arrived), *framed]

    def _marks(self, arrived: Arrived) -> Pairs:
        return [("x-amzn-RequestId", arrived.moment.request_id), ("x-amz-apigw-id", arrived.moment.short_id)]

    def fail(self, failure: Failure, arrived: Arrived) -> Answer:
        status, message, response_type = _FAILURES[failure]
        kind = "BadRequestException" if status == 413 else "InternalServerErrorException"
        return self.say(status, message, arrived, kind, response_type=response_type)

    def say(
        self, status: int, message: str, arrived: Arrived, kind: str = "BadRequestException",
        *, response_type: str = "", is_in_stage: bool = True,
    ) -> Answer:  # fmt: skip
        """The gateway's own answer, as the API says it where it says something of that type."""
        if is_in_stage and (said := self._customised(response_type, status, arrived)):
            return said
        body = f'{{"message": "{message}"}}'
        return own_answer(status, body, JSON, arrived, *self._marks(arrived), ("x-amzn-ErrorType", kind))

    def _customised(self, response_type: str, status: int, arrived: Arrived) -> Answer | None:
        responses = self.settings.responses
        response = responses.get(response_type) or responses.get(f"DEFAULT_{status // 100}XX")
        if response is None:
            return None
        content_type, body, headers = render_response(response, arrived)
        said = int(response.get("statusCode") or status)
        return own_answer(said, body, content_type, arrived, *self._marks(arrived), *headers)


def _of_prelude(payload: bytes) -> Any:
    """A streaming answer through an integration that does not stream: status and headers, and no body (API Gateway
    developer guide, "Set up a Lambda proxy integration with payload response streaming")."""
    head, separator, _ = payload[: 16 * 1024].partition(bytes(8))
    return parse_answer(head) if separator else None


def _method(arrived: Arrived) -> str:
    # "Important notes": API Gateway overrides the method with this header.
    return arrived.value("x-http-method-override") or arrived.method


def _query(arrived: Arrived) -> MultiValues:
    """Decoded; the order of the parameters is not preserved, and a semicolon splits the data."""
    pairs = split_query(arrived.query, "&;")
    return group(sorted(((decode_form(name), decode_form(value)) for name, value in pairs), key=_name), fold=str)


def _name(pair: tuple[str, str]) -> str:
    return pair[0]


def _identity(arrived: Arrived) -> dict[str, str | None]:
    unknown = (
        "accessKey accountId caller cognitoAuthenticationProvider cognitoAuthenticationType cognitoIdentityId "
        "cognitoIdentityPoolId principalOrgId user userArn"
    )
    known = {"sourceIp": arrived.client, "userAgent": arrived.value("user-agent") or None}
    return {**dict.fromkeys(unknown.split()), **known}
